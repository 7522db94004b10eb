"""POD-011: replicas are spread over zones."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

from falaj.catalog.regions import regions
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import cronjob
from policies.examples.serving import POD_LABELS, STATEFUL_SET, ZONE, replicated, spread
from policies.networks.label_selectors import selects
from policies.node import Node
from policies.outcomes import Finding, NotApplicable, Outcome
from policies.resources import Plan, Resource
from policies.values import UNKNOWN
from policies.workloads.workload import POD_SPEC_BY_TOKEN, TEMPLATE

KINDS = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController")
REPLICATED = tuple(token for token in POD_SPEC_BY_TOKEN if token.rpartition(":")[2].removesuffix("Patch") in KINDS)
CONSTRAINTS = "topologySpreadConstraints"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
ANTI_AFFINITY = (f"{REQUIRED}[]", f"{PREFERRED}[].podAffinityTerm")
EXPECTED = f"a constraint with topologyKey {ZONE}, maxSkew 1 and a labelSelector that selects these pods"
FEW = (0, 1)
EVEN = 1
"""By how many pods zones may differ."""
NO_ZONES = "the region has no zones"

CONTROL = Control(
    id="POD-011",
    title="Replicas are spread over zones",
    harm="All pods sit in one zone, and its failure is the failure of the endpoint that was paid for twice.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=REPLICATED, view=situated),
    reads=(
        "spec.replicas",
        "spec.template.metadata.labels",
        f"pod.{CONSTRAINTS}[*].topologyKey",
        f"pod.{CONSTRAINTS}[*].maxSkew",
        f"pod.{CONSTRAINTS}[*].labelSelector",
        f"pod.affinity.podAntiAffinity.{REQUIRED}[*].topologyKey",
        f"pod.affinity.podAntiAffinity.{REQUIRED}[*].labelSelector",
        f"pod.affinity.podAntiAffinity.{PREFERRED}[*].podAffinityTerm.topologyKey",
        f"pod.affinity.podAntiAffinity.{PREFERRED}[*].podAffinityTerm.labelSelector",
    ),
    remedy=f"Add a topologySpreadConstraint with topologyKey {ZONE}, maxSkew 1 and a labelSelector of the pods.",
    not_at_the_door=(
        "Kubernetes fills in one replica where nobody says how many, so a workload for an autoscaler looks like "
        "one pod."
    ),
    note=(
        "A constraint that only prefers (ScheduleAnyway) counts: a lost zone must not keep pods from starting. So does "
        "an anti-affinity by zone. One that selects other pods does not. Where nobody says how many replicas there "
        "are, an autoscaler may; a region that the catalog knows to have no zones asks for nothing."
    ),
)


@CONTROL.check
def is_spread_over_zones(found: Situated) -> Iterator[Outcome]:
    """Find a workload of several pods that may all lie in one zone."""
    replicas = found["spec"]["replicas"]
    if has_no_zones(found.plan):
        yield NotApplicable(NO_ZONES)
    elif replicas.value in FEW:
        yield NotApplicable("it is one pod")
    else:
        yield from not_spread(found.resource, replicas)


def has_no_zones(plan: Plan) -> bool:
    """Tell whether the stack's region is known to have no zones."""
    region = regions().get(plan.stack.region or "")
    return region is not None and region.zones == ()


def not_spread(workload: Resource, replicas: Node) -> Iterator[Outcome]:
    """Find pods that nothing spreads; what is not known yet may do it, or may say that there is one pod only."""
    pod = reduce(Node.__getitem__, TEMPLATE, workload.root)
    labels = workload["spec"]["template"]["metadata"]["labels"]
    terms = [term for kind in ANTI_AFFINITY for term in pod["affinity"]["podAntiAffinity"].select(kind)]
    judged = [parts_of(each, each["maxSkew"], labels) for each in pod[CONSTRAINTS].items()]
    judged += [parts_of(term, Node(EVEN), labels) for term in terms]
    if any(all(answer for _, answer in parts) for parts in judged):
        return
    perhaps = [parts for parts in judged if not any(answer is False for _, answer in parts)]
    not_known: list[Outcome] = [part.undecided for parts in perhaps for part, _ in parts if not part.known]
    not_known += [] if replicas.known else [replicas.undecided]
    yield from not_known or [Finding(pod[CONSTRAINTS].path, "none that spreads these pods", EXPECTED)]


def parts_of(term: Node, skew: Node, labels: Node) -> list[tuple[Node, bool | None]]:
    """Return each value that a constraint or term needs to spread the pods, and whether it does its part."""
    key, selector = term["topologyKey"], term["labelSelector"]
    return [
        (key, key.value == ZONE if key.known else None),
        (skew, skew.value == EVEN if skew.known else None),
        (selector if labels.known else labels, selects(selector, labels)),
    ]


def apart(**properties: object) -> dict[str, object]:
    """Describe an anti-affinity by zone."""
    return {"topologyKey": ZONE, "labelSelector": {"matchLabels": dict(POD_LABELS)}} | properties


def with_affinity(kind: str, term: object) -> Resource:
    """Make a workload that is spread by an anti-affinity alone."""
    return replicated(topologySpreadConstraints=None, affinity={"podAntiAffinity": {kind: [term]}})


WITHOUT_ZONES = {"falaj:environment": '{"region": "uaecentral"}'}
WITH_ZONES = {"falaj:environment": '{"region": "uaenorth"}'}
AT = f"spec.template.spec.{CONSTRAINTS}"
FINDING = f"{AT}: found none that spreads these pods, expected {EXPECTED}"

CONTROL.good("by a constraint", replicated(), config=WITH_ZONES)
CONTROL.good(
    "by the second of two constraints",
    replicated(kind=STATEFUL_SET, topologySpreadConstraints=[spread(topologyKey="kubernetes.io/hostname"), spread()]),
)
CONTROL.good("whatever their number", replicated(replicas=UNKNOWN))
CONTROL.good("apart, if need be fewer", with_affinity(REQUIRED, apart()))
CONTROL.good("apart where possible", with_affinity(PREFERRED, {"weight": 100, "podAffinityTerm": apart()}))
CONTROL.good(
    "by an expression that means them",
    replicated(
        topologySpreadConstraints=[
            spread(
                labelSelector={
                    "matchExpressions": [
                        {"key": "app.kubernetes.io/name", "operator": "In", "values": ["iris", "minilm"]},
                        {"key": "app.kubernetes.io/component", "operator": "Exists"},
                        {"key": "app.kubernetes.io/name", "operator": "NotIn", "values": ["minilm"]},
                        {"key": "falaj.dev/canary", "operator": "DoesNotExist"},
                    ]
                }
            )
        ]
    ),
)


def badly(label: str, *constraints: object, replicas: object = 2) -> None:
    """Record a workload whose constraints don't spread its pods over zones."""
    CONTROL.bad(
        label,
        replicated(replicas=replicas, topologySpreadConstraints=list(constraints)),
        finding=FINDING,
    )


NOBODY = {"matchLabels": {"app.kubernetes.io/name": "minilm"}}

CONTROL.bad("by nothing", replicated(topologySpreadConstraints=None), finding=FINDING)
badly("an unsaid number, by nothing", replicas=None)
badly("by node alone", spread(topologyKey="kubernetes.io/hostname"))
badly("unevenly", spread(maxSkew=2))
badly("by a constraint that means no pods", spread(labelSelector=None))
badly("by a constraint that means others", spread(labelSelector=NOBODY))
CONTROL.bad(
    "apart from others",
    with_affinity(REQUIRED, apart(labelSelector=NOBODY)),
    finding=FINDING,
)
CONTROL.bad(
    "apart by node",
    with_affinity(PREFERRED, {"weight": 100, "podAffinityTerm": apart(topologyKey="kubernetes.io/hostname")}),
    finding=FINDING,
)
CONTROL.unknown(
    "a skew from elsewhere", replicated(topologySpreadConstraints=[spread(maxSkew=UNKNOWN)]), at=f"{AT}[0].maxSkew"
)
CONTROL.unknown(
    "a zone by another name, and others",
    replicated(topologySpreadConstraints=[spread(topologyKey=UNKNOWN), spread(topologyKey="rack", maxSkew=UNKNOWN)]),
    at=f"{AT}[0].topologyKey",
)
CONTROL.unknown(
    "whichever pods", replicated(topologySpreadConstraints=[spread(labelSelector=UNKNOWN)]), at=f"{AT}[0].labelSelector"
)
CONTROL.unknown("pods of whatever labels", replicated(labels=UNKNOWN), at="spec.template.metadata.labels")
CONTROL.unknown("one pod, perhaps", replicated(replicas=UNKNOWN, topologySpreadConstraints=None), at="spec.replicas")
CONTROL.not_applicable("one pod", replicated(replicas=1, topologySpreadConstraints=None))
CONTROL.not_applicable("no zones", replicated(topologySpreadConstraints=None), config=WITHOUT_ZONES)
CONTROL.not_applicable("a CronJob runs when it likes", cronjob())
