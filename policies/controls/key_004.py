"""KEY-004: keys in a vault rotate by themselves at least once a year, or expire."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.kubernetes import service
from policies.node import Node
from policies.outcomes import Outcome
from policies.resources import Resource, resource
from policies.templates import is_at_least
from policies.values import UNKNOWN, shown

KEY = "azure-native:keyvault:Key"
LONGEST_DAYS = 365
MONTHS = 12
DURATION = re.compile(r"P(?=\d)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?")
WEEK = 7
FIRST_SECOND = 1
ROTATE = "rotate"
IN_TIME = f"{LONGEST_DAYS} days or less, such as P{LONGEST_DAYS}D"

CONTROL = Control(
    id="KEY-004",
    title="Keys in a vault rotate by themselves at least once a year, or expire",
    harm="A key that leaked once opens everything that was ever written with it, for as long as the platform lives.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=(KEY,), view=as_is),
    reads=(
        "properties.rotationPolicy.lifetimeActions[*].action.type",
        "properties.rotationPolicy.lifetimeActions[*].trigger.timeAfterCreate",
        "properties.rotationPolicy.lifetimeActions[*].trigger.timeBeforeExpiry",
        "properties.rotationPolicy.attributes.expiryTime",
        "properties.attributes.expires",
    ),
    remedy="Give the key a rotationPolicy with an action of type rotate and timeAfterCreate P365D.",
    note=(
        "The same year as for KMS (KEY-001). A key that expires has to be replaced by then and counts as well, though "
        "one that rotates closes nothing by accident."
    ),
)


@CONTROL.check
def is_replaced_in_time(key: Resource) -> Iterator[Outcome]:
    """Find a key that neither rotates in time nor ever expires."""
    expires = key["properties"]["attributes"]["expires"]
    missing = list(rotates(key["properties"]["rotationPolicy"]))
    if missing and expires.value is not None:
        yield from is_at_least(expires, FIRST_SECOND, "a moment, in seconds since 1970")
    else:
        yield from missing


def rotates(policy: Node) -> Iterator[Outcome]:
    """Judge a rotation policy: it has to hold an action that replaces the key within a year."""
    actions = policy["lifetimeActions"]
    if not actions.known:
        yield actions.undecided
        return
    rotating = [action for action in actions.items() if action["action"]["type"].value == ROTATE]
    if not rotating:
        yield actions.finding("an action of type rotate")
    for action in rotating:
        yield from comes_in_time(action["trigger"], policy["attributes"]["expiryTime"])


def comes_in_time(trigger: Node, lifetime: Node) -> Iterator[Outcome]:
    """Judge when a key is replaced: so long after it was made, or so long before it expires."""
    if trigger["timeBeforeExpiry"].value is None:
        yield from trigger["timeAfterCreate"].must(lambda duration: days(duration) <= LONGEST_DAYS, IN_TIME)
        return
    left = days(trigger["timeBeforeExpiry"].value)
    yield from lifetime.must(
        lambda duration: left < days(duration) <= left + LONGEST_DAYS,
        f"1 to {LONGEST_DAYS} days more than {shown(trigger['timeBeforeExpiry'].value)}",
    )


def days(duration: object) -> float:
    """Return the days of an ISO 8601 duration; endless for what is none."""
    match = DURATION.fullmatch(duration if isinstance(duration, str) else "")
    if match is None:
        return float("inf")
    years, months, weeks, single = (int(match[name] or 0) for name in ("years", "months", "weeks", "days"))
    return (years + months / MONTHS) * LONGEST_DAYS + weeks * WEEK + single


def key(*actions: object, expiry: str | None = None, **attributes: object) -> Resource:
    """Make a key with these actions in its rotation policy."""
    policy = {"lifetimeActions": list(actions), "attributes": {"expiryTime": expiry}}
    return resource(KEY, {"properties": {"kty": "RSA", "rotationPolicy": policy, "attributes": attributes}})


def action(kind: object = ROTATE, **trigger: object) -> dict[str, object]:
    """Describe what happens when."""
    return {"action": {"type": kind}, "trigger": trigger}


NOTIFY = action("notify", timeBeforeExpiry="P30D")
ACTIONS = "properties.rotationPolicy.lifetimeActions"
CONTROL.good("every year", key(action(timeAfterCreate="P365D"), NOTIFY))
CONTROL.good("every year, in months", key(action(timeAfterCreate="P12M")))
CONTROL.good("every year, in months and days", key(action(timeAfterCreate="P11M30D")))
CONTROL.good("every year, in weeks", key(action(timeAfterCreate="P52W")))
CONTROL.good("a month before it expires", key(action(timeBeforeExpiry="P30D"), expiry="P1Y30D"))
CONTROL.good("once, at its end", resource(KEY, {"properties": {"kty": "EC", "attributes": {"expires": 1893456000}}}))
CONTROL.bad(
    "never",
    resource(KEY, {"properties": {"kty": "RSA"}}),
    finding=f"{ACTIONS}: found nothing, expected an action of type rotate",
)
CONTROL.bad(
    "a message and no more",
    key(NOTIFY),
    finding=(
        f'{ACTIONS}: found [{{"action": {{"type": "notify"}}, "trigger": {{"timeBeforeExpiry": "P30D"}}}}], '
        "expected an action of type rotate"
    ),
)
CONTROL.bad(
    "at no time",
    key(action()),
    finding=f"{ACTIONS}[0].trigger.timeAfterCreate: found nothing, expected {IN_TIME}",
)
CONTROL.bad(
    "a day late",
    key(action(timeAfterCreate="P1Y1D")),
    finding=f"{ACTIONS}[0].trigger.timeAfterCreate: found P1Y1D, expected {IN_TIME}",
)
CONTROL.bad(
    "a week late, in weeks",
    key(action(timeAfterCreate="P53W")),
    finding=f"{ACTIONS}[0].trigger.timeAfterCreate: found P53W, expected {IN_TIME}",
)
CONTROL.bad(
    "a duration that is none",
    key(action(timeAfterCreate="P")),
    finding=f"{ACTIONS}[0].trigger.timeAfterCreate: found P, expected {IN_TIME}",
)
CONTROL.bad(
    "a day late before it expires",
    key(action(timeBeforeExpiry="P30D"), expiry="P1Y31D"),
    finding="properties.rotationPolicy.attributes.expiryTime: found P1Y31D, expected 1 to 365 days more than P30D",
)
CONTROL.bad(
    "before an end that comes first",
    key(action(timeBeforeExpiry="P30D"), expiry="P30D"),
    finding="properties.rotationPolicy.attributes.expiryTime: found P30D, expected 1 to 365 days more than P30D",
)
CONTROL.bad(
    "an end that is none",
    key(expires=0),
    finding="properties.attributes.expires: found 0, expected a moment, in seconds since 1970",
)
CONTROL.unknown(
    "actions listed elsewhere",
    resource(KEY, {"properties": {"rotationPolicy": {"lifetimeActions": UNKNOWN}}}),
    at=ACTIONS,
)
CONTROL.unknown("an end decided elsewhere", key(expires=UNKNOWN), at="properties.attributes.expires")
CONTROL.not_applicable("a Service is no key", service())
