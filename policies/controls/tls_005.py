"""TLS-005: buckets refuse plain connections."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from policies.control import Control, Severity, Situated, Subject, situated
from policies.documents import Statement, document, is_document, statements
from policies.examples.kubernetes import service
from policies.examples.transport import (
    BUCKET,
    BUCKET_ARN,
    BUCKET_POLICY,
    bucket,
    bucket_policy,
    named,
    plain_document,
    refusal,
)
from policies.examples.transport import document as written
from policies.joins import companions
from policies.node import Node
from policies.outcomes import Outcome
from policies.values import UNKNOWN

BUCKETS = (BUCKET, "aws:s3/bucketV2:BucketV2")
POLICIES = (BUCKET_POLICY,)
PARTS = ("Effect", "Principal", "Action", "Resource", "Condition")
ALL_OF_S3 = ("s3:*", "*")
ITSELF = re.compile(r"\*|arn:[^:]*:s3:::[^/]+")
OBJECTS = re.compile(r"\*|arn:[^:]*:s3:::([^/]+/\*|[^/]*\*)")
FALSE = ("false", False)
WANTED = "a Deny of s3:* to everyone, on the bucket and its objects, where aws:SecureTransport is false"

CONTROL = Control(
    id="TLS-005",
    title="Buckets refuse plain connections",
    harm="S3 answers plain HTTP unless it is told not to: model files and records can be read and changed on the way.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(*BUCKETS, *POLICIES), view=situated, stack_wide=True, beside=POLICIES),
    reads=(
        *(f"{kind}:{name}" for kind in ("Bucket", "BucketV2") for name in ("id", "arn", "bucket", "policy")),
        "BucketPolicy:bucket",
        "BucketPolicy:policy",
        *(f"BucketPolicy:policy.Statement[*].{part}" for part in PARTS),
    ),
    remedy=(
        "Add a statement to the bucket's policy that denies s3:* on the bucket and on its objects to everyone, under "
        'the one condition {"Bool": {"aws:SecureTransport": "false"}}, as components.locked_storage does.'
    ),
    note=(
        "The policy is judged where it is made; a bucket is judged by whether it has one. A refusal with a second "
        "condition, or of some actions only, leaves a plain way open and does not count."
    ),
)


@CONTROL.check
def refuses_plain_connections(found: Situated) -> Iterator[Outcome]:
    """Find a policy that lets plain connections in, and a bucket without a policy."""
    if found.resource.type in POLICIES:
        yield from is_refused_by(found["policy"])
        return
    beside = companions(found.resource, found.plan, BUCKET_POLICY, "bucket")
    if beside.certain:
        return
    if found["policy"].value is not None:
        yield from is_refused_by(found["policy"])
    elif beside.undecided:
        policy = beside.undecided[0]
        yield replace(policy["bucket"].undecided, urn=policy.urn)
    else:
        yield found["policy"].finding(WANTED)


def is_refused_by(policy: Node) -> Iterator[Outcome]:
    """Find a policy document of which no statement refuses every plain connection."""
    problems = list(is_document(policy))
    perhaps = [each for each in statements(policy) if may_refuse(each)]
    if problems:
        yield from problems
    elif perhaps and not any(refuses(each) for each in perhaps):
        yield next(part.undecided for part in parts(perhaps[0]) if not part.known)
    elif not perhaps:
        yield replace(document(policy).finding(WANTED), found="no statement that refuses plain connections")


def parts(statement: Statement) -> tuple[Node, ...]:
    """Return what decides whether a statement refuses every plain connection."""
    return tuple(statement.node[name] for name in PARTS)


def refuses(statement: Statement) -> bool:
    """Tell whether a statement that may refuse every plain connection does so for certain."""
    return all(part.known for part in parts(statement))


def may_refuse(statement: Statement) -> bool:
    """Tell whether a statement refuses every plain connection, as far as it is known."""
    effect, principal, action, resource, condition = (not part.known for part in parts(statement))
    resources = [str(each.value) for each in statement.resources]
    return (
        (effect or statement.effect.value == "Deny")
        and (principal or any(each.is_anyone for each in statement.principals))
        and (action or any(each.value in ALL_OF_S3 for each in statement.actions))
        and (resource or all(any(map(pattern.fullmatch, resources)) for pattern in (ITSELF, OBJECTS)))
        and (condition or is_plain_transport(statement))
    )


def is_plain_transport(statement: Statement) -> bool:
    """Tell whether a statement holds for plain connections, under no other condition."""
    return [(each.key, each.operator) for each in statement.conditions] == [("aws:securetransport", "Bool")] and all(
        value.value in FALSE for each in statement.conditions for value in each.values
    )


FINDING = f"policy: found no statement that refuses plain connections, expected {WANTED}"
CONTROL.good("a policy that refuses plain connections", bucket_policy(written(refusal())))
CONTROL.good("the policy in plain form", bucket_policy(plain_document(refusal())))
CONTROL.good(
    "other words for the same",
    bucket_policy(
        plain_document(
            {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "s3:GetObject"},
            refusal(
                Principal={"AWS": ["*"]},
                Action=["*"],
                Resource=f"{BUCKET_ARN}*",
                Condition={"BoolIfExists": {"AWS:SecureTransport": [False]}},
            ),
        )
    ),
)
CONTROL.good("on everything", bucket_policy(plain_document(refusal(Resource="*"))))
CONTROL.good(
    "beside a statement that is not known",
    bucket_policy(plain_document(UNKNOWN, refusal())),
)
CONTROL.good("a bucket with a policy", bucket(), bucket_policy(written(refusal())))
CONTROL.good(
    "a bucket and its policy, both still to be made",
    bucket(bucket=UNKNOWN, policy=UNKNOWN),
    bucket_policy(UNKNOWN, of=UNKNOWN, made_from=[named(BUCKET, "models")]),
)
CONTROL.good("a bucket that brings its policy", bucket(policy=written(refusal())))
CONTROL.bad("a bucket without a policy", bucket(), finding=f"policy: found nothing, expected {WANTED}")
CONTROL.bad(
    "a bucket beside the policy of another",
    bucket(),
    bucket_policy(UNKNOWN, of="acme-audit"),
    finding=f"policy: found nothing, expected {WANTED}",
)
CONTROL.bad("a bucket that brings a policy without it", bucket(policy=written({"Effect": "Allow"})), finding=FINDING)
NEARLY: dict[str, dict[str, object]] = {
    "allowed": {"Effect": "Allow"},
    "for one account": {"Principal": {"AWS": "111122223333"}},
    "for everyone but one": {"Principal": None, "NotPrincipal": {"AWS": "111122223333"}},
    "reading only": {"Action": "s3:GetObject"},
    "objects only": {"Resource": f"{BUCKET_ARN}/*"},
    "the bucket only": {"Resource": BUCKET_ARN},
    "some objects only": {"Resource": [BUCKET_ARN, f"{BUCKET_ARN}/models/*"]},
    "without a condition": {"Condition": None},
    "over TLS": {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    "of another condition": {"Condition": {"Bool": {"aws:ViaAWSService": "false"}}},
    "by another comparison": {"Condition": {"StringEquals": {"aws:SecureTransport": "false"}}},
    "under a second condition": {
        "Condition": {"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:PrincipalAccount": "1"}}
    },
    "without resource": {"Resource": None},
}
for label, elements in NEARLY.items():
    CONTROL.bad(f"refused: {label}", bucket_policy(plain_document(refusal(**elements))), finding=FINDING)
CONTROL.bad("no JSON", bucket_policy("Deny"), finding="policy: found Deny, expected a policy document in JSON")
CONTROL.bad(
    "a statement that is none",
    bucket_policy(plain_document("Deny", refusal())),
    finding="policy.Statement[0]: found Deny, expected a statement",
)
CONTROL.unknown("policy made elsewhere", bucket_policy(UNKNOWN), at="policy")
CONTROL.unknown(
    "condition made elsewhere",
    bucket_policy(plain_document({"Effect": "Allow"}, refusal(Condition=UNKNOWN))),
    at="policy.Statement[1].Condition",
)
CONTROL.unknown(
    "principal made elsewhere",
    bucket_policy(plain_document(refusal(Principal={"AWS": UNKNOWN}))),
    at="policy.Statement[0].Principal",
)
for unknown_part in ("Effect", "Action", "Resource"):
    CONTROL.unknown(
        f"{unknown_part} made elsewhere",
        bucket_policy(plain_document(refusal(**{unknown_part: UNKNOWN}))),
        at=f"policy.Statement[0].{unknown_part}",
    )
CONTROL.unknown("inline policy made elsewhere", bucket(policy=UNKNOWN), at="policy")
CONTROL.unknown("a policy of nobody knows which bucket", bucket(), bucket_policy(UNKNOWN, of=UNKNOWN), at="bucket")
CONTROL.not_applicable("a Service keeps no files", service())
