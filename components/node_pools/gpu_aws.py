"""How EKS is told of machines with GPUs: image, capacity, what Bottlerocket and Ubuntu read at their first start."""

from __future__ import annotations

import base64
import shlex
from typing import TYPE_CHECKING, Any

import pulumi

from components.gpu.image_rules import OWN_IMAGE
from components.gpu.spec import GPU
from components.node_pools.contract import GPU_FAMILY, labels, startup_taints, taints
from components.node_pools.spec import NodeOs
from falaj.catalog.gpus import Sharing
from falaj.catalog.offers import machine_sizes
from falaj.catalog.recipes import node_images

if TYPE_CHECKING:
    from components.gpu.spec import GpuSpec
    from components.node_pools.spec import NodePoolSpec

BLOCK = "CAPACITY_BLOCK"
"""How EKS calls machines of a capacity block."""
PLUGIN = "settings.kubelet-device-plugins.nvidia"
"""Where Bottlerocket keeps the settings of the device plugin it brings."""
BOOTSTRAP = "/etc/eks/bootstrap.sh"
"""What makes a machine of Ubuntu a node."""
ACCELERATOR = "k8s.amazonaws.com/accelerator"
"""A label by which the cluster autoscaler waits for a node's GPUs before it starts another machine for the same pod."""
TEMPLATE = "k8s.io/cluster-autoscaler/node-template/"
"""What the cluster autoscaler reads from the tags of a scaling group before it has a machine to look at."""


def gpu_fixed(spec: NodePoolSpec, gpu: GpuSpec) -> dict[str, Any]:
    """Return what makes another pool of one with GPUs: driver, image, layout of the cards, sharing, reservation."""
    return {
        "gpu": gpu.model_dump(
            mode="json",
            include={"image", "image_id", "driver_owner", "sharing", "mig_layout", "replicas", "reservation"},
        ),
        "startupTaints": [str(taint) for taint in startup_taints(spec)],
    }


def ami_type(gpu: GpuSpec) -> str | None:
    """Return the image that EKS keeps; None for one's own, beside which EKS takes no type."""
    name = node_images()[gpu.image].provider_names["x86_64"]
    return None if name == OWN_IMAGE else name


def node_labels_of(spec: NodePoolSpec) -> dict[str, str]:
    """Return the labels of a pool's nodes on EKS.

    The autoscaler looks for whole GPUs alone, so that nodes whose cards are divided into several sizes go unlabelled.
    """
    found = labels(spec)
    if spec.gpu is not None and GPU in spec.gpu.resources(1):
        found[ACCELERATOR] = f"nvidia-{found[GPU_FAMILY]}"
    return found


def reserved(gpu: GpuSpec) -> dict[str, Any]:
    """Return the part of a launch template that starts machines in a reservation and nowhere else."""
    if gpu.reservation is None:
        return {}
    target = {"capacity_reservation_target": {"capacity_reservation_id": gpu.reservation.id}}
    market = {"instance_market_options": {"market_type": "capacity-block"}} if gpu.reservation.block else {}
    return {"capacity_reservation_specification": target, **market}


def user_data(spec: NodePoolSpec, gpu: GpuSpec, cluster_name: pulumi.Input[str]) -> pulumi.Input[str] | None:
    """Return what a machine reads at its first start, in base64; None where EKS and the operator say all of it."""
    if gpu.image_id is not None:
        return pulumi.Output.from_input(cluster_name).apply(lambda name: _encoded(_ubuntu(spec, name)))
    settings = _bottlerocket(spec, gpu) if spec.os is NodeOs.BOTTLEROCKET else None
    return None if settings is None else _encoded(settings)


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def autoscaler_tags(spec: NodePoolSpec, gpu: GpuSpec) -> dict[str, str]:
    """Return what the autoscaler can't know of a pool without machines: its time limit, and parts of cards."""
    (step,) = gpu.machine_steps
    found = {f"{TEMPLATE}autoscaling-options/maxnodeprovisiontime": f"{step.minutes}m0s"}
    size = machine_sizes(spec.placement.region)[spec.sizes[0]]
    if size.gpu is not None and gpu.sharing is not Sharing.WHOLE:
        offered = gpu.resources(size.gpu.count)
        found |= {f"{TEMPLATE}resources/{name}": str(count) for name, count in offered.items()}
    return found


def _bottlerocket(spec: NodePoolSpec, gpu: GpuSpec) -> str | None:
    """Shared GPUs keep the name that pods ask for."""
    if gpu.sharing is Sharing.MIG:
        ((profile, _),) = gpu.mig_layout.items()
        (family,) = spec.wish(gpu).families.values()
        card = f"{family.model.lower()}.{family.memory_gb}gb"
        lines = ['device-partitioning-strategy = "mig"', "", f"[{PLUGIN}.mig.profile]", f'"{card}" = "{profile}"']
    elif gpu.sharing is Sharing.WHOLE:
        return None
    else:
        way = gpu.sharing.value.replace("_", "-")
        lines = [f'device-sharing-strategy = "{way}"', "", f"[{PLUGIN}.{way}]", f"replicas = {gpu.replicas}"]
        lines += ["rename-by-default = false"]
        if gpu.sharing is Sharing.TIME_SLICING:
            lines += ["fail-requests-greater-than-one = true"]
    return "\n".join([f"[{PLUGIN}]", *lines, ""])


def _ubuntu(spec: NodePoolSpec, cluster_name: str) -> str:
    """EKS adds nothing to the data of an image that it does not keep, labels and taints included."""
    named = ",".join(f"{key}={value}" for key, value in node_labels_of(spec).items())
    marked = ",".join(str(taint) for taint in (*taints(spec), *startup_taints(spec)))
    arguments = shlex.quote(f"--node-labels={named} --register-with-taints={marked}")
    return f"#!/bin/bash\nset -euo pipefail\n{BOOTSTRAP} {shlex.quote(cluster_name)} --kubelet-extra-args {arguments}\n"
