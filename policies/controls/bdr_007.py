"""BDR-007: a pool with GPUs has something to fall back on."""

from __future__ import annotations

from collections.abc import Iterator

from falaj.catalog.labels import FALLBACK
from falaj.catalog.offers import machine_sizes
from falaj.catalog.providers import Provider
from falaj.catalog.regions import regions
from policies.capacity.machines import LAUNCH_TEMPLATE, has_gpu, sizes_of, templates_of
from policies.capacity.pools import POOL_TYPES, Pool, home_of_pool, pools_in, pools_of
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import deployment
from policies.examples.pools import (
    AZURE_GPU,
    GPU,
    agent_pool,
    aks,
    launch_template,
    node_group,
    profile,
    reservation,
)
from policies.joins import said_of
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome
from policies.resources import Plan
from policies.templates import is_set
from policies.values import UNKNOWN

RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"
LEAST_SIZES = 2
PROFILE = "ManagedCluster:agentPoolProfiles[*]"

CONTROL = Control(
    id="BDR-007",
    title="A pool with GPUs has something to fall back on",
    harm="GPUs are the first to run out: no machine of that size is free that day, and the model does not answer.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=POOL_TYPES, view=situated, stack_wide=True, beside=(LAUNCH_TEMPLATE, RESERVATION)),
    reads=(
        "NodeGroup:region",
        "NodeGroup:instanceTypes[*]",
        "NodeGroup:launchTemplate.name",
        "NodeGroup:taints",
        f'NodeGroup:labels["{FALLBACK}"]',
        "LaunchTemplate:name",
        "LaunchTemplate:instanceType",
        "LaunchTemplate:capacityReservationSpecification.capacityReservationTarget",
        "CapacityReservation:instanceType",
        "ManagedCluster:location",
        *(
            f"{prefix}{path}"
            for prefix in ("AgentPool:", f"{PROFILE}.")
            for path in ("vmSize", "nodeTaints", "capacityReservationGroupID", f'nodeLabels["{FALLBACK}"]')
        ),
        "AgentPool:virtualMachinesProfile.scale.manual[*].size",
    ),
    remedy=(
        "Let the stack choose from two sizes with a GPU or reserve capacity, and give it a pool without GPUs or name "
        f"the one that takes over in the label {FALLBACK}."
    ),
    note=(
        "ONNX Runtime serves the same models on CPUs, so a pool of CPUs is what is left when no GPU can be had. It may "
        "belong to another stack, which the label then names. A pool of AKS has one size: another pool counts."
    ),
)


@CONTROL.check
def can_fall_back(found: Situated) -> Iterator[Outcome]:
    """Find a pool with GPUs that depends on one size, or on there being GPUs at all."""
    pools = [(pool, list(sizes_of(pool, found.plan))) for pool in pools_of(found.resource)]
    for pool, sizes in pools:
        yield from (size.undecided for size in sizes if not size.known)
        for size in (size for size in sizes[:1] if any(has_gpu(each.value) for each in sizes)):
            yield from has_choice(pool, size, found.plan)
            yield from has_cpus(pool, found.plan)
    if not any(has_gpu(size.value) for _, sizes in pools for size in sizes):
        yield NotApplicable("has no GPU")


def has_choice(pool: Pool, first: Node, plan: Plan) -> Iterator[Outcome]:
    """Judge whether another size would do, or capacity is reserved."""
    home = home_of_pool(pool, plan)
    if is_reserved(pool, plan):
        return
    if home.key is None or home.key not in regions():
        yield home.undecided
        return
    sold = machine_sizes(home.key)
    choices = {size.value for each in pools_in(plan) for size in sizes_of(each, plan) if has_gpu(size.value)}
    if len(choices & sold.keys()) < LEAST_SIZES:
        yield first.finding(
            f"two sizes with a GPU that {home.key} sells, in this pool or another, or reserved capacity"
        )


def is_reserved(pool: Pool, plan: Plan) -> bool:
    """Tell whether capacity is reserved for a pool."""
    if pool.provider is Provider.AZURE:
        return bool(pool.root["capacityReservationGroupID"].value)
    targets = [
        template["capacityReservationSpecification"]["capacityReservationTarget"].value
        for template in templates_of(pool, plan)
    ]
    sizes = [size.value for size in sizes_of(pool, plan)]
    return any(targets) or any(each["instanceType"].value in sizes for each in plan.of_type(RESERVATION))


def has_cpus(pool: Pool, plan: Plan) -> Iterator[Outcome]:
    """Judge whether a pool without GPUs takes over."""
    others = [(each, [each.taints, *sizes_of(each, plan)]) for each in pools_in(plan)]
    fitting = [(each, grounds) for each, grounds in others if may_take_over(*grounds)]
    if any(all(ground.known for ground in grounds) for _, grounds in fitting):
        return
    label = pool.labels[FALLBACK]
    if not label.value:
        for each, grounds in fitting:
            yield from said_of(each.resource, (ground.undecided for ground in grounds if not ground.known))
    if not fitting or label.value:
        yield from is_set(label, "the pool without GPUs that takes over, where the stack makes none")


def may_take_over(taints: Node, *sizes: Node) -> bool:
    """Tell whether a pool keeps nobody off and has no GPU, as far as is known."""
    keeps_off = taints.value is not UNKNOWN and bool(taints.value)
    return bool(sizes) and not keeps_off and not any(has_gpu(size.value) for size in sizes)


SPARE = node_group("cpu")
G5, G6 = GPU
FALLS_BACK = {FALLBACK: "cpu"}
NO_CHOICE = "two sizes with a GPU that {} sells, in this pool or another, or reserved capacity"
NO_CPUS = "expected the pool without GPUs that takes over, where the stack makes none"
MADE = {"launchTemplate": [launch_template().urn]}
TARGET = {"capacityReservationTarget": {"capacityReservationId": "cr-1"}}
CONTROL.good("two sizes and a pool of CPUs", node_group(instanceTypes=[G5, G6]), SPARE)
CONTROL.good(
    "two pools, and CPUs of another stack", *(node_group(size, instanceTypes=[size], labels=FALLS_BACK) for size in GPU)
)
CONTROL.good("a reservation of its size", node_group(instanceTypes=[G5]), reservation(G5), SPARE)
CONTROL.good(
    "a template with a reservation",
    node_group(instanceTypes=None, made_from=MADE),
    launch_template(instanceType=G5, capacityReservationSpecification=TARGET),
    SPARE,
)
CONTROL.good(
    "a pool of AKS with a reservation",
    agent_pool(vmSize=AZURE_GPU, capacityReservationGroupID=UNKNOWN),
    agent_pool("cpu"),
)
CONTROL.good(
    "two sizes in the pools of a cluster",
    aks(profile(), profile(name="gpu", vmSize=AZURE_GPU), profile(name="more", vmSize="Standard_NC40ads_H100_v5")),
)
CONTROL.good(
    "a pool of CPUs beside one that may be, too",
    node_group(instanceTypes=[G5, G6]),
    node_group("perhaps", taints=UNKNOWN),
    SPARE,
)
CONTROL.good(
    "a pool that may take over, and one that does in another stack",
    node_group(instanceTypes=[G5, G6], labels=FALLS_BACK),
    node_group("perhaps", taints=UNKNOWN),
)
CONTROL.bad(
    "one size and nothing else",
    node_group(instanceTypes=[G5]),
    finding=(
        f"instanceTypes[0]: found {G5}, expected {NO_CHOICE.format('me-central-1')}",
        f'labels["{FALLBACK}"]: found nothing, {NO_CPUS}',
    ),
)
CONTROL.bad(
    "a second size that the region does not sell, and CPUs that nobody may use",
    node_group(instanceTypes=[G5, "g4dn.xlarge"]),
    node_group("system", taints=[{"key": "CriticalAddonsOnly", "value": "true", "effect": "NO_SCHEDULE"}]),
    reservation(G6),
    finding=(
        f"instanceTypes[0]: found {G5}, expected {NO_CHOICE.format('me-central-1')}",
        f'labels["{FALLBACK}"]: found nothing, {NO_CPUS}',
    ),
)
CONTROL.bad(
    "the size of a template, by its name",
    node_group(instanceTypes=None, launchTemplate={"name": "gpu", "version": "1"}),
    launch_template(name="gpu", instanceType="g4dn.xlarge"),
    SPARE,
    finding=f"instanceType: found g4dn.xlarge, expected {NO_CHOICE.format('me-central-1')}",
)
CONTROL.bad(
    "a pool of AKS alone",
    agent_pool(vmSize=AZURE_GPU, nodeLabels={"app": "iris"}),
    finding=(
        f"vmSize: found {AZURE_GPU}, expected {NO_CHOICE.format('uaenorth')}",
        f'nodeLabels["{FALLBACK}"]: found nothing, {NO_CPUS}',
    ),
)
CONTROL.unknown("sizes made elsewhere", node_group(instanceTypes=[UNKNOWN]), at="instanceTypes[0]")
CONTROL.unknown(
    "nobody says the region",
    node_group(instanceTypes=[G5], provider=None, labels=FALLS_BACK),
    at="configuration.region",
)
CONTROL.unknown(
    "no region that anybody knows",
    agent_pool(vmSize=AZURE_GPU, cluster=aks(), nodeLabels=FALLS_BACK),
    aks(location="middlenorth"),
    at="location",
)
CONTROL.unknown("labels made elsewhere", node_group(instanceTypes=[G5, G6], labels=UNKNOWN), at="labels")
CONTROL.unknown(
    "others of which nobody knows whether they take over",
    node_group(instanceTypes=[G5, G6]),
    node_group("perhaps", taints=UNKNOWN),
    node_group("sizeless", instanceTypes=[UNKNOWN]),
    at=("taints", "instanceTypes[0]"),
)
CONTROL.not_applicable("a pool of CPUs", SPARE)
CONTROL.not_applicable("a cluster of CPUs", aks())
CONTROL.not_applicable("a Deployment is no pool", deployment())
