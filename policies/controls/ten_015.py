"""TEN-015: nodes with GPUs of an AKS cluster run one operating system."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from policies.capacity.gpu_pools import AZURE_SIZES, gpu_pools, judged_pools, of_azure
from policies.capacity.pools import AGENT_POOL, AKS, Pool
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import service
from policies.examples.pools import AZURE_GPU, agent_pool, aks, profile
from policies.joins import said_of
from policies.outcomes import Outcome
from policies.resources import Plan
from policies.values import UNKNOWN

DEFAULT = "Ubuntu"
"""What AKS takes where nothing is said."""

CONTROL = Control(
    id="TEN-015",
    title="Nodes with GPUs of an AKS cluster run one operating system",
    harm="The GPU operator takes one for all nodes: on the others the driver or the device plugin never starts.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=(AGENT_POOL, AKS), view=situated, stack_wide=True),
    reads=(*AZURE_SIZES, *of_azure("osSKU")),
    remedy="Set osSKU of every pool with GPUs to the same, or make another environment for the other.",
    note="Pools without GPUs may run another. A stack makes one cluster.",
)


@CONTROL.check
def is_the_same_everywhere(found: Situated) -> Iterator[Outcome]:
    """Find a pool with GPUs whose operating system is not that of the others."""
    yield from judged_pools(found, partial(is_as_the_others, found.plan))


def is_as_the_others(plan: Plan, pool: Pool) -> Iterator[Outcome]:
    """Judge the operating system of one pool with GPUs."""
    others = [
        (each.resource, each.root["osSKU"])
        for each in gpu_pools(plan)
        if each.root.path != pool.root.path or each.resource.urn != pool.resource.urn
    ]
    if unknown := [outcome for held, each in others if not each.known for outcome in said_of(held, [each.undecided])]:
        yield from unknown
        return
    systems = sorted({str(each.value or DEFAULT) for _, each in others})
    own = pool.root["osSKU"]
    yield from own.must(
        lambda system: set(systems) <= {system or DEFAULT}, f"{' and '.join(systems)}, as other pools with GPUs"
    )


UBUNTU = agent_pool("gpu", vmSize=AZURE_GPU, osSKU="Ubuntu2404")
CONTROL.good("one pool", UBUNTU)
CONTROL.good(
    "two alike, beside others",
    UBUNTU,
    agent_pool("gpus", vmSize=AZURE_GPU, osSKU="Ubuntu2404"),
    agent_pool(osSKU="AzureLinux"),
)
CONTROL.bad(
    "two systems",
    UBUNTU,
    agent_pool("gpus", vmSize=AZURE_GPU, osSKU="AzureLinux"),
    finding="osSKU: found Ubuntu2404, expected AzureLinux, as other pools with GPUs",
)
CONTROL.bad(
    "what AKS takes by itself beside another",
    agent_pool("gpu", vmSize=AZURE_GPU),
    aks(profile(), profile(vmSize=AZURE_GPU, osSKU="AzureLinux")),
    finding="osSKU: found nothing, expected AzureLinux, as other pools with GPUs",
)
CONTROL.bad(
    "two systems in a cluster's own pools",
    aks(profile(vmSize=AZURE_GPU), profile(vmSize=AZURE_GPU, osSKU="AzureLinux")),
    finding=(
        "agentPoolProfiles[0].osSKU: found nothing, expected AzureLinux, as other pools with GPUs",
        "agentPoolProfiles[1].osSKU: found AzureLinux, expected Ubuntu, as other pools with GPUs",
    ),
)
CONTROL.unknown("a system chosen elsewhere", agent_pool("gpu", vmSize=AZURE_GPU, osSKU=UNKNOWN), at="osSKU")
CONTROL.unknown(
    "another's system chosen elsewhere", UBUNTU, agent_pool("gpus", vmSize=AZURE_GPU, osSKU=UNKNOWN), at="osSKU"
)
CONTROL.not_applicable("pools without GPUs", agent_pool())
CONTROL.not_applicable("a Service has no system", service())
