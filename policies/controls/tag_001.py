"""TAG-001: namespaces and workloads name their owner."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.kubernetes import LABELS, deployment, metadata, namespace, service
from policies.kinds import NAMESPACE
from policies.outcomes import Outcome
from policies.resources import Resource
from policies.values import UNKNOWN
from policies.workload import MADE

OWNER = re.compile(r"[a-z0-9-]{2,40}")

CONTROL = Control(
    id="TAG-001",
    title="Namespaces and workloads name their owner",
    harm="When a model misbehaves at night, nobody knows whom to wake, and nobody answers for its data.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=(NAMESPACE, *MADE), view=as_is),
    reads=('metadata.labels["falaj.dev/owner"]', 'metadata.labels["app.kubernetes.io/managed-by"]'),
    remedy="Label it with falaj.dev/owner, the team that answers for it, and app.kubernetes.io/managed-by.",
    note="The catalogue also asks for cost centre, environment, tenant and data class; the stack names these so far.",
)


@CONTROL.check
def names_its_owner(found: Resource) -> Iterator[Outcome]:
    """Find each ownership label that is missing or malformed."""
    labels = found["metadata"]["labels"]
    yield from labels["falaj.dev/owner"].must(
        lambda value: isinstance(value, str) and OWNER.fullmatch(value), "a team, as 2 to 40 of a-z, 0-9 and -"
    )
    yield from labels["app.kubernetes.io/managed-by"].must(bool, "the tool that made it")


CONTROL.good("a labelled namespace", namespace())
CONTROL.good("a labelled Deployment", deployment())
CONTROL.bad(
    "no labels",
    deployment(meta=metadata(labels=None)),
    finding=(
        'metadata.labels["falaj.dev/owner"]: found nothing, expected a team, as 2 to 40 of a-z, 0-9 and -',
        'metadata.labels["app.kubernetes.io/managed-by"]: found nothing, expected the tool that made it',
    ),
)
CONTROL.bad(
    "an owner that is no team",
    namespace(labels=LABELS | {"falaj.dev/owner": "Risk Team"}),
    finding='metadata.labels["falaj.dev/owner"]: found Risk Team, expected a team, as 2 to 40 of a-z, 0-9 and -',
)
CONTROL.unknown("labels made elsewhere", namespace(labels=UNKNOWN), at="metadata.labels")
CONTROL.not_applicable("a Service belongs to its workload", service())
