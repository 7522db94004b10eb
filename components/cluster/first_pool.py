"""The one machine inside an AKS cluster's own request, without which Azure makes no cluster.

Azure lets nobody add, rename or rebuild a pool through the cluster ("A new agent pool was introduced"), so that a
change of size, disk or zones would fail half way. This pool is therefore as small as it can be and keeps the shape it
was made with; every pool that a stack names is made beside it, and exchanged as a whole when it has to be another.

Should its shape ever have to go, `first_pool` is left out of the cluster's specification, which touches nothing, and
the pool is removed with Azure's CLI: system pools of their own have taken its place.

Source: https://github.com/Azure/AKS/issues/2495
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.node_pools.azure import profile

if TYPE_CHECKING:
    import pulumi

    from components.cluster.aks import Settings
    from components.cluster.spec import AksSpec

NAME = "first"
"""Its name, whatever its shape."""
FIXED = (
    "availabilityZones",
    "enableEncryptionAtHost",
    "enableNodePublicIP",
    "kubeletDiskType",
    "maxPods",
    "mode",
    "nodeTaints",
    "osDiskSizeGB",
    "osDiskType",
    "osSKU",
    "osType",
    "securityProfile",
    "type",
    "vmSize",
    "vnetSubnetID",
)
"""What Azure fixes when it is made; Kubernetes version, labels, tags and upgrade settings still follow."""
NEVER_REBUILT = tuple(f"agentPoolProfiles[0].{name}" for name in FIXED)
"""Changes that are left alone."""


def first_pool(spec: AksSpec, subnet: pulumi.Input[str]) -> Settings:
    """Return the pool as the cluster is told of it; nothing where it was removed."""
    if spec.first_pool is None:
        return {}
    pool = profile(spec.first_pool.model_copy(update={"pool": NAME, "minimum": 1, "maximum": 1}), subnet)
    kept = {key: value for key, value in pool.items() if key not in {"min_count", "max_count"}}
    return {"agent_pool_profiles": [{**kept, "name": NAME, "count": 1, "enable_auto_scaling": False}]}
