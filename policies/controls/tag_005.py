"""TAG-005: what serves grows within bounds, from more than one, and not only on machines that may be taken away."""

from __future__ import annotations

from collections.abc import Iterator

from falaj.catalog.providers import Provider
from policies.capacity.pools import AGENT_POOL, AKS, NODE_GROUP, POOL_TYPES, SYSTEM, Pool, pools_in, pools_of
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import service
from policies.examples.pools import agent_pool, aks, node_group, profile
from policies.examples.scaling import scaler
from policies.joins import said_of
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome
from policies.resources import Plan
from policies.stages import is_thrown_away
from policies.templates import is_at_least
from policies.values import UNKNOWN

VERSIONS = ("v1", "v2")
SCALERS = tuple(
    f"kubernetes:autoscaling/{version}:HorizontalPodAutoscaler{patch}"
    for version in VERSIONS
    for patch in ("", "Patch")
)
LEAST = 2
SPOT = "spot"
"""As AWS and Azure call machines that they may take away, whatever the case."""
AZURE_PATHS = ("enableAutoScaling", "count", "minCount", "maxCount", "scaleSetPriority", "mode", "nodeTaints")

CONTROL = Control(
    id="TAG-005",
    title="What serves grows within bounds, from more than one, and not only on machines that may be taken away",
    harm="The one replica, or the one spot machine, goes and takes the endpoint along; or a loop orders ever more.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=(*SCALERS, *POOL_TYPES), view=situated, stack_wide=True),
    reads=(
        *(f"{token}:spec.{bound}" for token in SCALERS for bound in ("minReplicas", "maxReplicas")),
        *(f"{token}:tags.environment" for token in POOL_TYPES),
        *(
            f"{NODE_GROUP}:{path}"
            for path in ("scalingConfig.minSize", "scalingConfig.maxSize", "capacityType", "taints")
        ),
        *(f"{AGENT_POOL}:{path}" for path in AZURE_PATHS),
        *(f"{AKS}:agentPoolProfiles[*].{path}" for path in AZURE_PATHS),
    ),
    remedy="Set both bounds, the lower to 2 or more, and keep a pool beside those of spot machines.",
    admits=(
        f"variables.development || object.spec.?minReplicas.orValue(1) >= {LEAST} && "
        "object.spec.maxReplicas >= object.spec.minReplicas"
    ),
    only_in_a_plan="pools of machines.",
    note=(
        "Stage dev may have one of each. A spot pool may shrink to nothing, as another stays. The pools inside an AKS "
        "cluster are judged where it has no others: the first is there because Azure asks for one."
    ),
)


@CONTROL.check
def grows_within_bounds(found: Situated) -> Iterator[Outcome]:
    """Find what has no bounds, starts from one, or is left with nothing."""
    held, plan = found.resource, found.plan
    if is_thrown_away(held, plan):
        yield NotApplicable("is there for development")
    elif held.type in SCALERS:
        yield from is_between(held["spec"]["minReplicas"], held["spec"]["maxReplicas"])
    elif held.type == AKS and any(plan.of_type(AGENT_POOL)):
        yield NotApplicable("its other pools are judged")
    else:
        for pool in pools_of(held):
            yield from pool_stays(pool, plan)


def is_between(least: Node, most: Node | None) -> Iterator[Outcome]:
    """Judge two bounds; without the upper one the lower is all there ever is."""
    yield from is_at_least(least, LEAST, f"{LEAST} or more")
    if most is not None:
        smallest = least.value if isinstance(least.value, int) else LEAST
        yield from is_at_least(most, smallest, f"{smallest} or more")


def pool_stays(pool: Pool, plan: Plan) -> Iterator[Outcome]:
    """Judge a pool by how its machines are paid for."""
    if not pool.capacity.known:
        yield pool.capacity.undecided
    elif not is_spot(pool):
        yield from is_between(pool.least, pool.most)
    else:
        yield from has_one_beside(pool, [other for other in pools_in(plan) if not is_spot(other)])


def is_spot(pool: Pool) -> bool:
    """Tell whether the machines of a pool may be taken away, as far as is known."""
    kind = pool.capacity.value
    return isinstance(kind, str) and kind.casefold() == SPOT


def has_one_beside(pool: Pool, others: list[Pool]) -> Iterator[Outcome]:
    """Find spot machines beside which no others serve."""
    answers = [(other, list(doubts(other))) for other in others]
    if any(not open_questions and not other.may_be_system for other, open_questions in answers):
        return
    for other, open_questions in answers:
        yield from said_of(other.resource, (each.undecided for each in open_questions))
    if not any(open_questions for _, open_questions in answers):
        yield pool.capacity.finding("a pool beside it whose machines stay")


def doubts(pool: Pool) -> Iterator[Node]:
    """Yield what has to be known of a pool before it is clear that it serves with machines that stay."""
    mode = () if pool.provider is Provider.AWS else (pool.root["mode"],)
    if not any(each.value == SYSTEM for each in mode):
        yield from (each for each in (pool.capacity, *mode, pool.taints) if not each.known)


DEV = {"falaj:environment": '{"stage": "dev"}'}
SPOT_POOL = node_group("spot", capacityType="SPOT", scalingConfig={"minSize": 0, "maxSize": 4, "desiredSize": 0})
CRITICAL = {"key": "CriticalAddonsOnly", "value": "true", "effect": "NO_SCHEDULE"}
CONTROL.good("an autoscaler", scaler())
CONTROL.good("an autoscaler of the first version, patched", scaler(SCALERS[1], maxReplicas=2))
CONTROL.good("a pool", node_group())
CONTROL.good("a spot pool beside another", SPOT_POOL, node_group())
CONTROL.good("a pool of AKS", agent_pool())
CONTROL.good(
    "a pool of AKS of a fixed size", agent_pool(enableAutoScaling=False, minCount=None, maxCount=None, count=2)
)
CONTROL.good(
    "the pools of a cluster, one of them spot",
    aks(profile(mode="User"), profile(mode="User", scaleSetPriority="Spot", minCount=0)),
)
CONTROL.bad(
    "an autoscaler from one",
    scaler(minReplicas=None),
    finding="spec.minReplicas: found nothing, expected 2 or more",
)
CONTROL.bad(
    "an autoscaler without an end",
    scaler(minReplicas=3, maxReplicas=None),
    finding="spec.maxReplicas: found nothing, expected 3 or more",
)
CONTROL.bad(
    "an autoscaler that never grows",
    scaler(minReplicas=1, maxReplicas=0),
    finding=("spec.minReplicas: found 1, expected 2 or more", "spec.maxReplicas: found 0, expected 1 or more"),
)
CONTROL.bad(
    "a pool from one",
    node_group(scalingConfig={"minSize": 1, "maxSize": 4, "desiredSize": 1}),
    finding="scalingConfig.minSize: found 1, expected 2 or more",
)
CONTROL.bad(
    "a pool that ends before it begins",
    node_group(scalingConfig={"minSize": 3, "maxSize": 2, "desiredSize": 3}),
    finding="scalingConfig.maxSize: found 2, expected 3 or more",
)
CONTROL.bad(
    "a pool of AKS of one",
    agent_pool(enableAutoScaling=None, minCount=None, maxCount=None, count=1),
    finding="count: found 1, expected 2 or more",
)
CONTROL.bad(
    "a cluster of one",
    aks(profile(minCount=1)),
    finding="agentPoolProfiles[0].minCount: found 1, expected 2 or more",
)
CONTROL.bad(
    "spot machines beside those of the cluster itself",
    SPOT_POOL,
    node_group("system", taints=[CRITICAL]),
    finding="capacityType: found SPOT, expected a pool beside it whose machines stay",
)
CONTROL.bad(
    "spot machines beside the system pool of AKS",
    agent_pool("spot", scaleSetPriority="Spot"),
    aks(profile()),
    finding="scaleSetPriority: found Spot, expected a pool beside it whose machines stay",
)
CONTROL.bad(
    "spot machines alone, in whatever case",
    node_group("spot", capacityType="spot"),
    finding="capacityType: found spot, expected a pool beside it whose machines stay",
)
CONTROL.bad(
    "spot machines beside the system pool of AKS, of which little else is known",
    agent_pool("spot", scaleSetPriority="spot"),
    aks(profile(scaleSetPriority=UNKNOWN, nodeTaints=UNKNOWN)),
    finding="scaleSetPriority: found spot, expected a pool beside it whose machines stay",
)
CONTROL.unknown("bounds made elsewhere", scaler(minReplicas=UNKNOWN), at="spec.minReplicas")
CONTROL.unknown("how they are paid for is not known", node_group(capacityType=UNKNOWN), at="capacityType")
CONTROL.unknown(
    "spot machines beside others of which nobody knows",
    SPOT_POOL,
    node_group(capacityType=UNKNOWN),
    node_group("perhaps", taints=UNKNOWN),
    at=("capacityType", "taints"),
)
CONTROL.unknown(
    "spot machines beside a pool that may be the system's",
    agent_pool("spot", scaleSetPriority="Spot"),
    agent_pool("perhaps", mode=UNKNOWN),
    at="mode",
)
CONTROL.unknown("a size made elsewhere", agent_pool(minCount=UNKNOWN), at="minCount")
CONTROL.not_applicable("an autoscaler for development", scaler(minReplicas=1), config=DEV)
CONTROL.not_applicable("a pool for development", node_group(scalingConfig=None, tags={"environment": "dev"}))
CONTROL.not_applicable(
    "the first pool of a cluster with others", aks(profile(count=1, enableAutoScaling=False)), agent_pool()
)
CONTROL.not_applicable("a Service does not grow", service())
