"""Brings a cluster to Ready nodes, whatever state it is in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from falaj.localcluster import (
    add_ons,
    allotment,
    binaries,
    components,
    configuration,
    credentials,
    daemon,
    images,
    network,
)
from falaj.localcluster.components import Component
from falaj.localcluster.gpu import node, request
from falaj.localcluster.gpu.request import GpuNode
from falaj.localcluster.images import Lock
from falaj.localcluster.locks import lock
from falaj.localcluster.machine import doctor, require_able
from falaj.localcluster.nodes import first_node
from falaj.localcluster.pins import CLUSTER_MODULES, GPU_NODE_MODULES
from falaj.localcluster.places import DEFAULT_NAME, Places
from falaj.localcluster.progress import Progress, Silent
from falaj.localcluster.report import Status, node_is_ready, status
from falaj.localcluster.subnets import Subnets

PLATFORM_IMAGES = ("pause", "coredns")
RESOLVER_IMAGE = "falaj.local/coredns"


def up(name: str = DEFAULT_NAME, *, gpu_node: GpuNode | None = None, progress: Progress | None = None) -> Status:
    """Bring the cluster to Ready nodes, whatever state it is in: new, running, half started or half dead.

    Builds binaries and images first if the cache lacks them. Refuses a machine that can't run it. What was in the
    cluster stays in it.

    Args:
        name: The cluster.
        gpu_node: A second node with simulated GPUs; None for what the cluster has, and a new one has none.
        progress: Told which step is being done.
    """
    places = Places(name)
    said = progress or Silent()
    with_gpus = gpu_node or request.recall(places)
    require_able(doctor(gpu_node=with_gpus is not None))
    built = binaries.build(said, CLUSTER_MODULES)
    built_for_gpus = binaries.build(said, GPU_NODE_MODULES) if with_gpus is not None else built
    folders = tuple(images.read(images.PLATFORM_FOLDERS / folder) for folder in PLATFORM_IMAGES)
    platform = Lock(images.bake(folders, said))
    with lock(f"cluster-{name}"):
        subnets = allotment.ensure(places)
        _start_first(places, subnets, built, platform, said)
        if with_gpus is not None:
            node.start(places, subnets, with_gpus, binaries=built_for_gpus, platform=platform, progress=said)
        said.step("the node is Ready" if with_gpus is None else "both nodes are Ready", 1, 1, 0)
    return status(name)


def _start_first(places: Places, subnets: Subnets, built: Path, platform: Lock, said: Progress) -> None:
    table = components.table(places, subnets, built)
    network.create(places, subnets)
    daemon.ensure(places, built, table, lambda: _prepare(places, subnets))
    said.step("starting the cluster", 0, 2, None)
    # Two threads: unpacking images keeps the disk busy while the API server keeps a processor busy.
    with ThreadPoolExecutor(max_workers=1) as beside:
        loaded = beside.submit(_load_images, places, built, _named(table, "containerd"), platform)
        daemon.wait(places, "the API server to be ready", _named(table, "api-server").serves)
        add_ons.apply(places, subnets, platform.reference(RESOLVER_IMAGE))
        said.step("waiting for the node", 1, 2, None)
        loaded.result()
    daemon.wait(places, "the node to be Ready", lambda: node_is_ready(places, subnets))


def _prepare(places: Places, subnets: Subnets) -> None:
    credentials.issue(places, subnets)
    configuration.write(first_node(places, subnets), subnets)


def _named(table: tuple[Component, ...], name: str) -> Component:
    return next(component for component in table if component.name == name)


def _load_images(places: Places, built: Path, containerd: Component, platform: Lock) -> None:
    daemon.wait(places, "containerd to serve", containerd.serves)
    images.import_all(places, built, platform, Silent())
