"""Runtimes that are whole, for tests to build on: every row of the matrix, by every way of sharing that works on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.gpu.runtime_spec import GpuRuntimeSpec, PackageMirror
from components.gpu.spec import GpuSpec
from falaj.catalog.gpu_operator_images import Part, gpu_operator_images
from falaj.catalog.gpus import Sharing
from falaj.catalog.recipes import DriverOwner, node_images

REGISTRY = "111122223333.dkr.ecr.me-central-1.amazonaws.com/prod"
MIRRORED = f"{REGISTRY}/upstream.example/nvidia"
RELEASES = tuple(gpu_operator_images())
NEWEST = "26.3.3"
REGIONS = {"eks": "me-central-1", "aks": "uaenorth"}
PACKAGES = PackageMirror(url="https://packages.bank.ae/ubuntu", address="10.60.0.10/32")
HOW: dict[Sharing, dict[str, Any]] = {
    Sharing.WHOLE: {},
    Sharing.MIG: {"mig_layout": {"1g.10gb": 7}},
    Sharing.MPS: {"replicas": 4},
    Sharing.TIME_SLICING: {"replicas": 4},
}
ROWS = [
    (key, sharing)
    for key, image in node_images().items()
    if image.gpu_operator is not None
    for sharing in image.sharing
]
"""Every node image that the operator runs on, by every way of sharing."""


def gpu(image: str, sharing: Sharing = Sharing.WHOLE, **fields: Any) -> GpuSpec:  # noqa: ANN401 - what the model takes
    """What is asked of the GPUs of one pool."""
    asked = {"driver_owner": node_images()[image].driver_owner, "sharing": sharing, **HOW[sharing], **fields}
    return GpuSpec(image=image, **asked)


def images(operator: str = NEWEST) -> dict[Part, str]:
    """Every image of a release, mirrored."""
    published = gpu_operator_images()[operator].images
    return {
        part: f"{MIRRORED}/{image.name}@sha256:{number:064x}" for number, (part, image) in enumerate(published.items())
    }


def runtime(pools: Mapping[str, GpuSpec], operator: str = NEWEST, **fields: Any) -> GpuRuntimeSpec:  # noqa: ANN401 - what the model takes
    """What is asked of the runtime of a cluster with these pools."""
    (target,) = {node_images()[pool.image].target for pool in pools.values()}
    owned = any(pool.driver_owner is DriverOwner.OPERATOR for pool in pools.values())
    asked: dict[str, Any] = {
        "owner": "platform",
        "region": REGIONS[target],
        "target": target,
        "kubernetes": "1.36",
        "operator": operator,
        "registry": REGISTRY,
        "chart": f"{MIRRORED}/gpu-operator@sha256:{'c' * 64}",
        "images": images(operator),
        "gate_image": f"{REGISTRY}/falaj.local/onnxruntime@sha256:{'e' * 64}",
        "pools": pools,
        "machines": 4,
        "driver": "580.178.04" if owned else None,
        "packages": PACKAGES if owned else None,
    }
    return GpuRuntimeSpec(**asked | fields)
