"""TEN-003: GPUs are handed out whole, or in parts that the hardware keeps apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from policies.capacity.gpus import MPS_CLIENT, STRATEGIES, each_has_one_tenant, is_shared, sharing_in
from policies.capacity.machines import LAUNCH_TEMPLATE
from policies.capacity.pools import POOL_TYPES
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.gpus import claim, config_map, template
from policies.examples.kubernetes import container, cronjob, deployment, pod, service
from policies.examples.pools import AZURE_GPU, GPU, agent_pool, node_group
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome
from policies.resources import Resource, resource
from policies.values import UNKNOWN
from policies.workloads.workload import POD_SPEC_BY_TOKEN, Workload

CONFIG_MAPS = ("kubernetes:core/v1:ConfigMap", "kubernetes:core/v1:ConfigMapPatch")
VERSIONS = ("v1", "v1beta1", "v1beta2")
CLAIMS = tuple(f"kubernetes:resource.k8s.io/{version}:ResourceClaim" for version in VERSIONS)
TEMPLATES = tuple(f"{token}Template" for token in CLAIMS)
DEVICES = "devices.config[].opaque.parameters.sharing.strategy"
WHOLE = "a whole GPU, such as nvidia.com/gpu, or a part such as nvidia.com/mig-1g.5gb"
AMOUNTS = ("limits", "requests")

CONTROL = Control(
    id="TEN-003",
    title="GPUs are handed out whole, or in parts that the hardware keeps apart",
    harm="Tenants that take turns on one GPU share its memory: one reads what the other left, or takes it all.",
    severity=Severity.HIGH,
    applies_to=Subject(
        tokens=(*POD_SPEC_BY_TOKEN, *CONFIG_MAPS, *CLAIMS, *TEMPLATES),
        view=situated,
        stack_wide=True,
        beside=(*POOL_TYPES, LAUNCH_TEMPLATE),
    ),
    reads=(
        *(f"container.resources.{amount}" for amount in AMOUNTS),
        "container.env[*].name",
        *(f"{token}:data" for token in CONFIG_MAPS),
        *(f"{token}:spec.{DEVICES.replace('[]', '[*]')}" for token in CLAIMS),
        *(f"{token}:spec.spec.{DEVICES.replace('[]', '[*]')}" for token in TEMPLATES),
        "NodeGroup:instanceTypes[*]",
        "NodeGroup:taints",
        "NodeGroup:launchTemplate.name",
        "LaunchTemplate:name",
        "LaunchTemplate:instanceType",
        "AgentPool:vmSize",
        "AgentPool:virtualMachinesProfile.scale.manual[*].size",
        "AgentPool:nodeTaints",
        "ManagedCluster:agentPoolProfiles[*].vmSize",
        "ManagedCluster:agentPoolProfiles[*].nodeTaints",
    ),
    remedy=(
        "Ask for whole GPUs or parts by MIG, take timeSlicing and mps out of the device plugin's configuration, or "
        "give each tenant a pool of its own with the taint falaj.dev/tenant."
    ),
    not_at_the_door="Whether a node's GPUs may be shared by one tenant's pods, the pools of the cloud tell.",
    note=(
        "On a pool that a taint keeps for one tenant, its own pods may share. Parts of a GPU that Azure sells as a "
        "size of machine are kept apart by the hardware. GPUs that nobody asked for are judged by TEN-007."
    ),
)


@CONTROL.check
def shares_nothing(found: Situated) -> Iterator[Outcome]:
    """Find what hands one GPU to several pods, or takes one that nobody handed out."""
    held = found.resource
    outcomes = list(said_by(held))
    if outcomes and each_has_one_tenant(found.plan):
        yield NotApplicable("each pool with GPUs has one tenant")
    else:
        yield from outcomes


def said_by(held: Resource) -> Iterator[Outcome]:
    """Judge one object, whoever may use its node."""
    if held.type in CONFIG_MAPS:
        yield from is_no_sharing_plugin(held["data"])
    elif held.type in POD_SPEC_BY_TOKEN:
        for each in Workload(held).containers:
            yield from takes_whole_gpus(each["resources"])
            for variable in each["env"].items():
                yield from is_no_client_of_mps(variable["name"])
    else:
        prefix = "spec." if held.type in CLAIMS else "spec.spec."
        for strategy in held.root.select(f"{prefix}{DEVICES}"):
            yield from strategy.must(lambda name: name not in STRATEGIES, "a device for each claim")


def is_no_sharing_plugin(data: Node) -> Iterator[Outcome]:
    """Judge the texts of a ConfigMap, of which one may configure NVIDIA's device plugin."""
    if data.value is UNKNOWN:
        yield data.undecided
    for name in data.value if isinstance(data.value, Mapping) else ():
        text = data[name]
        if not text.known:
            yield text.undecided
        elif ways := sharing_in(text.value):
            yield replace(text.finding("no sharing of GPUs"), found=" and ".join(ways))


def takes_whole_gpus(resources: Node) -> Iterator[Outcome]:
    """Judge what a container asks for by its name, whatever the amount."""
    for asked in (resources[amount] for amount in AMOUNTS):
        if asked.value is UNKNOWN:
            yield asked.undecided
        for name in asked.value if isinstance(asked.value, Mapping) else ():
            if is_shared(name):
                yield asked[name].finding(WHOLE)


def is_no_client_of_mps(name: Node) -> Iterator[Outcome]:
    """Judge the name of a variable, by which a container joins others on one GPU."""
    yield from name.must(lambda text: text != MPS_CLIENT, "no client of MPS")


def asking(**resources: object) -> dict[str, Any]:
    """Describe a container that asks for these amounts."""
    return container(resources={"limits": resources})


def with_variable(name: object) -> dict[str, Any]:
    """Describe a container with one variable."""
    return container(env=[{"name": name, "value": "/mps"}])


AT = DEVICES.replace("[]", "[0]")
DEDICATED = [{"key": "falaj.dev/tenant", "value": "acme", "effect": "NO_SCHEDULE"}]
SPOT = [{"key": "falaj.dev/capacity", "value": "spot", "effect": "NO_SCHEDULE"}]
TIME_SLICING = "version: v1\nsharing:\n  timeSlicing:\n    resources: [{name: nvidia.com/gpu, replicas: 4}]\n"
MPS = "sharing: {mps: {resources: [{name: nvidia.com/gpu, replicas: 2}]}}"
ONE_EACH = "version: v1\nflags: {migStrategy: mixed}\nsharing: {timeSlicing: {}}\n"
SHARED = config_map(any=TIME_SLICING)
CONTROL.good("no GPU", deployment())
CONTROL.good("a whole GPU", pod([asking(**{"nvidia.com/gpu": "1", "cpu": "1"})]))
CONTROL.good("a part of one", cronjob([asking(**{"nvidia.com/mig-1g.5gb": "1"})]))
CONTROL.good("a plugin that shares nothing", config_map(config=ONE_EACH, other="sharing: [", more="sharing: is caring"))
CONTROL.good("a claim of a device", claim("Exclusive"))
CONTROL.good("a claim of a device for each pod", template("Exclusive"))
CONTROL.bad(
    "turns on a GPU",
    deployment(
        [asking(**{"nvidia.com/gpu.shared": "1"}), container(resources={"requests": {"k8s.amazonaws.com/vgpu": "1"}})]
    ),
    finding=(
        f'spec.template.spec.containers[0].resources.limits["nvidia.com/gpu.shared"]: found 1, expected {WHOLE}',
        f'spec.template.spec.containers[1].resources.requests["k8s.amazonaws.com/vgpu"]: found 1, expected {WHOLE}',
    ),
)
CONTROL.bad(
    "a client of MPS",
    pod([container(), with_variable(MPS_CLIENT)]),
    finding=f"spec.containers[1].env[0].name: found {MPS_CLIENT}, expected no client of MPS",
)
CONTROL.bad(
    "a plugin that slices time",
    config_map(any=TIME_SLICING, small=MPS),
    finding=(
        "data.any: found timeSlicing, expected no sharing of GPUs",
        "data.small: found mps, expected no sharing of GPUs",
    ),
)
CONTROL.bad(
    "a claim of turns", claim("TimeSlicing"), finding=f"spec.{AT}: found TimeSlicing, expected a device for each claim"
)
CONTROL.bad(
    "a claim of a part that nothing keeps apart",
    template("MPS"),
    finding=f"spec.spec.{AT}: found MPS, expected a device for each claim",
)
CONTROL.bad(
    "turns on pools of which one is everybody's",
    SHARED,
    node_group(instanceTypes=list(GPU), taints=DEDICATED),
    agent_pool(vmSize=AZURE_GPU),
    finding="data.any: found timeSlicing, expected no sharing of GPUs",
)
CONTROL.bad(
    "turns on a pool that is kept for nobody",
    SHARED,
    node_group(instanceTypes=list(GPU), taints=SPOT),
    finding="data.any: found timeSlicing, expected no sharing of GPUs",
)
CONTROL.bad(
    "turns on a pool that tenants rather leave to one",
    SHARED,
    agent_pool(vmSize=AZURE_GPU, nodeTaints=["falaj.dev/tenant=acme:PreferNoSchedule"]),
    finding="data.any: found timeSlicing, expected no sharing of GPUs",
)
CONTROL.bad(
    "turns in a cluster without GPUs of its own",
    SHARED,
    node_group(),
    finding="data.any: found timeSlicing, expected no sharing of GPUs",
)
CONTROL.unknown(
    "amounts made elsewhere", pod([container(resources={"limits": UNKNOWN})]), at="spec.containers[0].resources.limits"
)
CONTROL.unknown("a variable made elsewhere", pod([with_variable(UNKNOWN)]), at="spec.containers[0].env[0].name")
CONTROL.unknown("texts made elsewhere", resource(CONFIG_MAPS[0], {"data": UNKNOWN}), at="data")
CONTROL.unknown("a text made elsewhere", config_map(config=UNKNOWN), at="data.config")
CONTROL.unknown("a strategy made elsewhere", claim(UNKNOWN), at=f"spec.{AT}")
CONTROL.not_applicable(
    "turns on a pool of one tenant",
    SHARED,
    node_group(instanceTypes=list(GPU), taints=[*SPOT, *DEDICATED]),
    node_group("cpu"),
)
CONTROL.not_applicable("a Service takes no GPU", service())
