"""KEY-002: a KMS key can be brought back for thirty days, and its policy opens it to nobody unnamed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from policies.control import Control, Severity, Situated, Subject, situated
from policies.documents import Condition, Statement, is_document, statements
from policies.examples.kubernetes import service
from policies.geography.places import account_of_arn
from policies.outcomes import Outcome
from policies.resources import Resource, resource
from policies.templates import is_absent, is_at_least, is_off
from policies.values import UNKNOWN, Secret

KEY = "aws:kms/key:Key"
KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
KEYS = (
    KEY,
    "aws:kms/externalKey:ExternalKey",
    "aws:kms/replicaKey:ReplicaKey",
    "aws:kms/replicaExternalKey:ReplicaExternalKey",
)
LONGEST_WINDOW = 30
"""The most that KMS offers, and what it takes where nothing is said."""
TYING_KEYS = frozenset(
    {
        *("aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths"),
        *("aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths", "kms:calleraccount"),
    }
)
"""What a request says of who makes it, and can't be chosen by whoever makes it."""
TYING_OPERATORS = frozenset({"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"})
ACCOUNT = re.compile(r"\d{12}")
ORGANISATION = re.compile(r"o-[a-z0-9]+/.*")
WILD = re.compile(r"[*?]")
NAMED = "named principals, or a condition on who they are"

CONTROL = Control(
    id="KEY-002",
    title="A KMS key can be brought back for thirty days, and its policy opens it to nobody unnamed",
    harm="One call destroys all that the key encrypts, or a stranger from any account decrypts it.",
    severity=Severity.CRITICAL,
    applies_to=Subject(tokens=(*KEYS, KEY_POLICY), view=situated),
    reads=(
        *(
            f"{token.rpartition(':')[2]}:{name}"
            for token in KEYS
            for name in ("deletionWindowInDays", "policy", "bypassPolicyLockoutSafetyCheck")
        ),
        "KeyPolicy:policy",
        "KeyPolicy:bypassPolicyLockoutSafetyCheck",
    ),
    remedy=(
        "Leave deletionWindowInDays at 30, and name each principal in the key's policy, or tie * to your accounts by a "
        "condition such as kms:CallerAccount."
    ),
    note=(
        "Without a policy AWS writes one that opens the key to its own account alone. A condition counts where it says "
        "who calls: one on the service, the region or TLS leaves the key open to other accounts."
    ),
)


@CONTROL.check
def key_is_kept(found: Situated) -> Iterator[Outcome]:
    """Find a key that is gone too soon, that may lock everybody out, or that is open to strangers."""
    key = found.resource
    if key.type in KEYS and key["deletionWindowInDays"].value is not None:
        least = min(found.plan.stack.rules.deletion_window_days, LONGEST_WINDOW)
        yield from is_at_least(key["deletionWindowInDays"], least, f"{least}, or nothing")
    yield from is_off(key["bypassPolicyLockoutSafetyCheck"])
    if key["policy"].value is not None or key.type == KEY_POLICY:
        yield from is_document(key["policy"])
        for statement in statements(key["policy"]):
            yield from names_its_principals(statement)


def names_its_principals(statement: Statement) -> Iterator[Outcome]:
    """Find each principal of a statement that stands for anybody, where no condition says who that may be."""
    if not statement.allows or any(ties(condition) for condition in statement.conditions):
        return
    for principal in statement.principals:
        yield from principal.node.must(lambda value: isinstance(value, str) and WILD.search(value) is None, NAMED)
    yield from is_absent(statement.node["NotPrincipal"], NAMED)


def ties(condition: Condition) -> bool:
    """Tell whether a condition holds only for callers that it names."""
    if condition.key not in TYING_KEYS or condition.operator not in TYING_OPERATORS:
        return False
    if condition.if_exists or condition.quantifier == "ForAllValues":
        return False
    return all(is_narrow(value.value) for value in condition.values)


def is_narrow(value: object) -> bool:
    """Tell whether a value stands for callers of one account or one organisation."""
    if not isinstance(value, str):
        return False
    if ACCOUNT.fullmatch(account_of_arn(value) or "") or ORGANISATION.fullmatch(value):
        return True
    return WILD.search(value) is None


ADMINISTRATOR = {"AWS": "arn:aws:iam::111122223333:role/administrators"}


def key(*said: dict[str, object], token: str = KEY, **properties: object) -> Resource:
    """Make a key whose policy has these statements."""
    document = {"Version": "2012-10-17", "Statement": list(said) or [allow(ADMINISTRATOR)]}
    return resource(token, {"policy": json.dumps(document)} | properties)


def allow(principal: object, **more: object) -> dict[str, object]:
    """Let somebody use the key."""
    return {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Principal": principal} | more


def where(key_name: str, value: object, operator: str = "StringEquals") -> dict[str, object]:
    """Let anybody use the key under a condition."""
    return allow("*", Condition={operator: {key_name: value}})


OPEN = "policy.Statement[0].Principal: found *, expected named principals, or a condition on who they are"
CONTROL.good("named, and forgotten after thirty days", key(allow(ADMINISTRATOR), deletionWindowInDays=30))
CONTROL.good("what AWS takes by itself", resource(KEY, {"bypassPolicyLockoutSafetyCheck": False}))
CONTROL.good("anybody of this account", key(where("kms:CallerAccount", "111122223333")))
CONTROL.good(
    "one role of this account, whatever comes after",
    key(where("AWS:PrincipalArn", ["arn:aws:iam::111122223333:role/nodes-*"], "ArnLike"), token=KEYS[1]),
)
CONTROL.good(
    "anybody of a part of the organisation",
    key(where("aws:PrincipalOrgPaths", "o-a1b2c3d4e5/*", "ForAnyValue:StringLike"), token=KEYS[2]),
)
CONTROL.good("closed to anybody but one", key({"Effect": "Deny", "Action": "*", "Resource": "*", "NotPrincipal": "*"}))
CONTROL.good("a policy of its own", key(allow(ADMINISTRATOR), token=KEY_POLICY))
CONTROL.bad(
    "gone in a week, and nobody may be left to keep it",
    resource(KEYS[3], {"deletionWindowInDays": 7, "bypassPolicyLockoutSafetyCheck": True}),
    finding=(
        "deletionWindowInDays: found 7, expected 30, or nothing",
        "bypassPolicyLockoutSafetyCheck: found true, expected false, or nothing",
    ),
)
CONTROL.bad("open to anybody", key(allow("*")), finding=OPEN)
CONTROL.bad(
    "open to anybody, in a list",
    key(allow({"AWS": [ADMINISTRATOR["AWS"], "*"]}), token=KEY_POLICY),
    finding=f"policy.Statement[0].Principal.AWS[1]: found *, expected {NAMED}",
)
CONTROL.bad(
    "open to anybody but one",
    key({"Effect": "Allow", "Action": "kms:*", "Resource": "*", "NotPrincipal": ADMINISTRATOR}),
    finding=(f'policy.Statement[0].NotPrincipal: found {{"AWS": "{ADMINISTRATOR["AWS"]}"}}, expected {NAMED}'),
)
CONTROL.bad(
    "open to anybody, in a policy that is kept secret",
    resource(KEY, {"policy": Secret(json.dumps({"Statement": [allow("*")]}))}),
    finding=f"policy.Statement[0].Principal: found [secret], expected {NAMED}",
)
CONTROL.bad(
    "open to anybody, under a condition that is kept secret",
    resource(KEY, {"policy": Secret(json.dumps({"Statement": [where("kms:CallerAccount", "*", "StringLike")]}))}),
    finding=f"policy.Statement[0].Principal: found [secret], expected {NAMED}",
)
CONTROL.bad("tied to a number", key(where("kms:CallerAccount", 111122223333)), finding=OPEN)
CONTROL.bad("tied to a service", key(where("kms:ViaService", "s3.me-central-1.amazonaws.com")), finding=OPEN)
CONTROL.bad(
    "tied to everybody but one account",
    key(where("aws:PrincipalAccount", "444455556666", "StringNotEquals")),
    finding=OPEN,
)
CONTROL.bad(
    "tied where the caller says who it is",
    key(where("aws:PrincipalOrgID", "o-a1b2c3d4e5", "StringEqualsIfExists")),
    finding=OPEN,
)
CONTROL.bad(
    "tied for all of none",
    key(where("aws:PrincipalOrgPaths", "o-a1b2c3d4e5/*", "ForAllValues:StringLike")),
    finding=OPEN,
)
CONTROL.bad(
    "tied to a role of any account",
    key(where("aws:PrincipalArn", "arn:aws:iam::*:role/nodes", "ArnLike")),
    finding=OPEN,
)
CONTROL.bad(
    "tied to any account of twelve digits", key(where("kms:CallerAccount", "????????????", "StringLike")), finding=OPEN
)
CONTROL.bad(
    "tied to one account or any",
    key(where("kms:CallerAccount", ["111122223333", "*"], "StringLike")),
    finding=OPEN,
)
CONTROL.bad(
    "no document",
    resource(KEY, {"policy": "{"}),
    finding="policy: found {, expected a policy document in JSON",
)
CONTROL.bad(
    "no policy at all",
    resource(KEY_POLICY, {"keyId": "1234"}),
    finding="policy: found nothing, expected a policy document in JSON",
)
CONTROL.unknown("a policy written elsewhere", resource(KEY, {"policy": UNKNOWN}), at="policy")
CONTROL.unknown("days decided elsewhere", key(deletionWindowInDays=UNKNOWN), at="deletionWindowInDays")
CONTROL.not_applicable("a Service is no key", service())
