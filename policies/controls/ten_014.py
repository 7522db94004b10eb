"""TEN-014: a pool whose cards are divided is replaced when they are to be divided otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from policies.capacity.gpu_pools import SIZES, judged_pools, of_azure
from policies.capacity.machines import LAUNCH_TEMPLATE
from policies.capacity.pools import AKS, NODE_GROUP, POOL_TYPES, Pool
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import service
from policies.examples.pools import AZURE_GPU, GPU, agent_pool, aks, node_group, profile
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome
from policies.values import UNKNOWN

LAYOUT = "nvidia.com/mig.config"
SHARING = "falaj.dev/gpu-sharing"
"""How the cards of a pool are shared, where its image divides them and no label of NVIDIA's does."""
PROFILE = "gpuInstanceProfile"
UNDIVIDED = (None, "", "all-disabled")
ON_AWS = re.compile(r".+-[0-9a-f]{8}")
ON_AZURE = re.compile(r"[a-z][a-z0-9]*[0-9a-f]{5}")

CONTROL = Control(
    id="TEN-014",
    title="A pool whose cards are divided is replaced when they are to be divided otherwise",
    harm="Cards that are divided anew under running pods take the GPU, and what is in its memory, from a tenant.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=POOL_TYPES, view=situated, stack_wide=True, beside=(LAUNCH_TEMPLATE,)),
    reads=(
        *SIZES,
        f'NodeGroup:labels["{LAYOUT}"]',
        f'NodeGroup:labels["{SHARING}"]',
        "NodeGroup:nodeGroupName",
        "AgentPool:agentPoolName",
        "ManagedCluster:agentPoolProfiles[*].name",
        *of_azure("gpuInstanceProfile", f'nodeLabels["{LAYOUT}"]', f'nodeLabels["{SHARING}"]'),
    ),
    remedy=(
        "Make the pool with components.node_pools, whose name ends in a hash of the layout: another layout is another "
        "pool, and the old one is drained."
    ),
    note=(
        "One plan does not tell what a pool was before. A name that ends in a hash of what can't be changed makes a "
        "new pool of every change; that the layout is part of the hash, tests of the components prove."
    ),
)


@CONTROL.check
def is_another_pool(found: Situated) -> Iterator[Outcome]:
    """Find divided cards in a pool that would be changed in place."""
    yield from judged_pools(found, is_named_by_its_layout)


def is_named_by_its_layout(pool: Pool) -> Iterator[Outcome]:
    """Judge the name of one pool with GPUs."""
    layouts, sharing = [pool.root[PROFILE]] if pool.resource.type != NODE_GROUP else [], pool.labels[SHARING]
    layouts.append(pool.labels[LAYOUT])
    if undecided := [ground.undecided for ground in (*layouts, sharing) if not ground.known]:
        yield from undecided
    elif sharing.value != "mig" and all(layout.value in UNDIVIDED for layout in layouts):
        yield NotApplicable("its cards are whole")
    else:
        pattern = ON_AWS if pool.resource.type == NODE_GROUP else ON_AZURE
        yield from name_of(pool).must(
            lambda name: isinstance(name, str) and pattern.fullmatch(name), "a name that ends in a hash of the layout"
        )


def name_of(pool: Pool) -> Node:
    """Return the name of a pool in its cloud."""
    if pool.resource.type == NODE_GROUP:
        return pool.root["nodeGroupName"]
    return pool.root["name" if pool.resource.type == AKS else "agentPoolName"]


def divided(**properties: object) -> dict[str, Any]:
    """Describe a pool of AKS whose cards are divided."""
    return {"vmSize": AZURE_GPU, "gpuInstanceProfile": "MIG1g"} | properties


BY_LABEL = {LAYOUT: "7x1g.10gb"}
CONTROL.good("named by its layout", node_group("gpu-0a1b2c3d", instanceTypes=list(GPU), labels=BY_LABEL))
CONTROL.good("named by its layout on AKS", agent_pool("gpu0a1b2", **divided()))
CONTROL.good("divided by a label on AKS", agent_pool("gpu0a1b2", vmSize=AZURE_GPU, nodeLabels=BY_LABEL))
CONTROL.good(
    "divided by the image",
    node_group("gpu-0a1b2c3d", instanceTypes=list(GPU), labels={SHARING: "mig"}),
)
CONTROL.good("named so in a cluster's own pool", aks(profile(), profile(**divided(name="gpu0a1b2"))))
CONTROL.bad(
    "a name for every layout",
    node_group("gpu", instanceTypes=list(GPU), labels=BY_LABEL),
    finding="nodeGroupName: found gpu, expected a name that ends in a hash of the layout",
)
CONTROL.bad(
    "a name for every layout on AKS",
    agent_pool("gpu", vmSize=AZURE_GPU, nodeLabels=BY_LABEL),
    finding="agentPoolName: found gpu, expected a name that ends in a hash of the layout",
)
CONTROL.bad(
    "a name for whatever its image divides",
    node_group("gpu", instanceTypes=list(GPU), labels={SHARING: "mig", LAYOUT: "all-disabled"}),
    finding="nodeGroupName: found gpu, expected a name that ends in a hash of the layout",
)
CONTROL.bad(
    "a cluster's own pool",
    aks(profile(), profile(**divided(name="gpu"))),
    finding="agentPoolProfiles[1].name: found gpu, expected a name that ends in a hash of the layout",
)
CONTROL.unknown(
    "a layout chosen elsewhere", agent_pool("gpu", **divided(gpuInstanceProfile=UNKNOWN)), at="gpuInstanceProfile"
)
CONTROL.unknown(
    "a label made elsewhere",
    node_group(instanceTypes=list(GPU), labels={LAYOUT: UNKNOWN}),
    at=f'labels["{LAYOUT}"]',
)
CONTROL.unknown(
    "a way of sharing chosen elsewhere",
    agent_pool(vmSize=AZURE_GPU, nodeLabels={SHARING: UNKNOWN}),
    at=f'nodeLabels["{SHARING}"]',
)
CONTROL.unknown("a name made elsewhere", agent_pool(**divided(agentPoolName=UNKNOWN)), at="agentPoolName")
CONTROL.not_applicable(
    "whole cards", node_group(instanceTypes=list(GPU), labels={LAYOUT: "all-disabled", SHARING: "whole"})
)
CONTROL.not_applicable("whole cards on AKS", agent_pool(vmSize=AZURE_GPU))
CONTROL.not_applicable("a pool without GPUs", agent_pool())
CONTROL.not_applicable("a Service has no cards", service())
