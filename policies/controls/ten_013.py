"""TEN-013: nodes with GPUs are kept for pods that ask for one, and until they have one to give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from policies.capacity.gpu_pools import SIZES, judged_pools, of_azure
from policies.capacity.machines import LAUNCH_TEMPLATE
from policies.capacity.pools import NODE_GROUP, POOL_TYPES, Pool, taint_of
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import service
from policies.examples.pools import AZURE_GPU, GPU, agent_pool, aks, launch_template, node_group, profile
from policies.outcomes import Outcome
from policies.values import UNKNOWN

PRESENT = "nvidia.com/gpu"
NOT_READY = "falaj.dev/gpu-not-ready"
KEEPING_OFF = ("NoSchedule", "NoExecute")

CONTROL = Control(
    id="TEN-013",
    title="Nodes with GPUs are kept for pods that ask for one, and until they have one to give",
    harm="Any tenant's pod lands on the dearest machines, and one that asks for a GPU on a node without a driver yet.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=POOL_TYPES, view=situated, stack_wide=True, beside=(LAUNCH_TEMPLATE,)),
    reads=(*SIZES, "NodeGroup:taints", *of_azure("nodeTaints")),
    remedy=(
        f"Give the pool the taint {PRESENT}=present:NoSchedule, and on EKS also {NOT_READY}=true:NoSchedule, which the "
        "GPU runtime takes away."
    ),
    note=(
        "A taint that a pool of AKS says stays on its nodes for good, so that nothing could take away the second one: "
        "there the GPU runtime sets it itself."
    ),
)


@CONTROL.check
def keeps_others_off(found: Situated) -> Iterator[Outcome]:
    """Find nodes with GPUs on which any pod may land, or one before they are ready."""
    yield from judged_pools(found, is_kept)


def is_kept(pool: Pool) -> Iterator[Outcome]:
    """Judge the taints of one pool with GPUs."""
    if not pool.taints.known:
        yield pool.taints.undecided
        return
    taints = [taint for each in pool.taints.items() if (taint := taint_of(each.value)) is not None]
    held = {taint.key for taint in taints if taint.effect in KEEPING_OFF}
    wanted = {PRESENT: "present", NOT_READY: "true"} if pool.resource.type == NODE_GROUP else {PRESENT: "present"}
    for key, value in wanted.items():
        if key not in held:
            words = ", ".join(f"{taint.key}={taint.value}:{taint.effect}" for taint in taints) or "no taint"
            yield replace(pool.taints.finding(f"{key}={value}:NoSchedule"), found=words)


def on_aws(*keys: str, effect: str = "NO_SCHEDULE") -> list[dict[str, str]]:
    """Describe taints as AWS writes them."""
    return [{"key": key, "value": "true", "effect": effect} for key in keys]


KEPT = ["nvidia.com/gpu=present:NoSchedule"]
CONTROL.good("kept, and until ready", node_group(instanceTypes=list(GPU), taints=on_aws(PRESENT, NOT_READY)))
CONTROL.good("kept on AKS", agent_pool(vmSize=AZURE_GPU, nodeTaints=KEPT))
CONTROL.good(
    "kept in a cluster's own pool", aks(profile(), profile(vmSize=AZURE_GPU, nodeTaints=["a=b:NoSchedule", *KEPT]))
)
CONTROL.bad(
    "kept for nobody",
    node_group(instanceTypes=list(GPU)),
    finding=(
        "taints: found no taint, expected nvidia.com/gpu=present:NoSchedule",
        "taints: found no taint, expected falaj.dev/gpu-not-ready=true:NoSchedule",
    ),
)
CONTROL.bad(
    "given out before there is anything to give",
    node_group(instanceTypes=list(GPU), taints=on_aws(PRESENT)),
    finding=("taints: found nvidia.com/gpu=true:NoSchedule, expected falaj.dev/gpu-not-ready=true:NoSchedule"),
)
CONTROL.bad(
    "a mere wish",
    aks(profile(), profile(vmSize=AZURE_GPU, nodeTaints=["nvidia.com/gpu=present:PreferNoSchedule"])),
    finding=(
        "agentPoolProfiles[1].nodeTaints: found nvidia.com/gpu=present:PreferNoSchedule, "
        "expected nvidia.com/gpu=present:NoSchedule"
    ),
)
CONTROL.bad(
    "kept for nobody, of a size that its template tells",
    node_group(instanceTypes=None, launchTemplate={"name": "example"}, taints=on_aws(NOT_READY)),
    launch_template(instanceType=GPU[0]),
    finding=f"taints: found {NOT_READY}=true:NoSchedule, expected nvidia.com/gpu=present:NoSchedule",
)
CONTROL.unknown("a taint made elsewhere", node_group(instanceTypes=list(GPU), taints=[UNKNOWN]), at="taints")
CONTROL.unknown("a size made elsewhere", agent_pool(vmSize=UNKNOWN), at="vmSize")
CONTROL.not_applicable("a pool without GPUs", node_group())
CONTROL.not_applicable("a Service has no nodes", service())
