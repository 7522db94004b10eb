"""KEY-001: encryption keys of KMS rotate at least once a year."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Properties, Severity, Subject, as_is
from policies.outcomes import NotApplicable, Outcome
from policies.resources import Resource, resource
from policies.templates import is_true
from policies.values import UNKNOWN

KEY = "aws:kms/key:Key"
EXTERNAL = "aws:kms/externalKey:ExternalKey"
LONGEST_DAYS = 365
OTHER_USES = ("SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT")

CONTROL = Control(
    id="KEY-001",
    title="Encryption keys rotate at least once a year",
    harm="A key that leaked once opens everything that was ever written with it, for as long as the platform lives.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(KEY,), view=as_is),
    reads=("enableKeyRotation", "rotationPeriodInDays", "keyUsage", "customKeyStoreId"),
    remedy="Set enableKeyRotation to true and rotationPeriodInDays to 365 or less.",
    note="KMS rotates symmetric encryption keys with material of its own; no other kind can be judged by this setting.",
)


@CONTROL.check
def rotates_in_time(key: Resource) -> Iterator[Outcome]:
    """Find a key that does not rotate, or too seldom."""
    use, store = key["keyUsage"], key["customKeyStoreId"]
    if not_known := [each.undecided for each in (use, store) if not each.known]:
        yield from not_known
        return
    if use.value in OTHER_USES or store.value:
        yield NotApplicable("KMS does not rotate such a key on its own")
        return
    yield from is_true(key["enableKeyRotation"])
    yield from key["rotationPeriodInDays"].must(
        lambda days: days is None or (isinstance(days, int) and days <= LONGEST_DAYS), f"{LONGEST_DAYS} or less"
    )


@CONTROL.fix
def rotating(properties: Properties) -> Properties:
    """Switch rotation on, once a year at least."""
    mended = properties | {"enableKeyRotation": True}
    if mended.get("rotationPeriodInDays", LONGEST_DAYS) > LONGEST_DAYS:
        mended["rotationPeriodInDays"] = LONGEST_DAYS
    return mended


CONTROL.good("every year", resource(KEY, {"enableKeyRotation": True, "rotationPeriodInDays": 365}))
CONTROL.good("at the provider's own pace, a year", resource(KEY, {"enableKeyRotation": True}))
CONTROL.good(
    "every quarter, said in full",
    resource(
        KEY,
        {
            "enableKeyRotation": True,
            "rotationPeriodInDays": 90,
            "keyUsage": "ENCRYPT_DECRYPT",
        },
    ),
)
CONTROL.bad("never", resource(KEY, {}), finding="enableKeyRotation: found nothing, expected true")
CONTROL.bad(
    "switched off",
    resource(KEY, {"enableKeyRotation": False}),
    finding="enableKeyRotation: found false, expected true",
)
CONTROL.bad(
    "a day late",
    resource(KEY, {"enableKeyRotation": True, "rotationPeriodInDays": 366}),
    finding="rotationPeriodInDays: found 366, expected 365 or less",
)
CONTROL.unknown("decided elsewhere", resource(KEY, {"enableKeyRotation": UNKNOWN}), at="enableKeyRotation")
CONTROL.unknown("a kind not known yet", resource(KEY, {"enableKeyRotation": True, "keyUsage": UNKNOWN}), at="keyUsage")
CONTROL.not_applicable("a key that signs", resource(KEY, {"keyUsage": "SIGN_VERIFY"}))
CONTROL.not_applicable("a key of another store", resource(KEY, {"customKeyStoreId": "cks-1"}))
CONTROL.not_applicable("a key whose material was brought in", resource(EXTERNAL, {}))
