"""Brings the node with simulated GPUs to where pods can have them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from string import Template

from lightkube import Client, KubeConfig, codecs
from lightkube.models.meta_v1 import ObjectMeta, OwnerReference
from lightkube.resources import core_v1
from lightkube.types import PatchType

from falaj.localcluster import configuration, credentials, daemon, images, network
from falaj.localcluster.gpu import custom_metrics, devices, labels, parts, request
from falaj.localcluster.gpu.devices import Devices
from falaj.localcluster.gpu.request import GpuNode
from falaj.localcluster.images import Lock
from falaj.localcluster.nodes import gpu_node
from falaj.localcluster.places import Places
from falaj.localcluster.progress import Progress, Silent
from falaj.localcluster.report import node_is_ready, read_node
from falaj.localcluster.subnets import Subnets

MANIFESTS = Path(__file__).parent / "manifests"
FIELD_MANAGER = "falaj-simulated-gpu"
PAUSE_IMAGE = "falaj.local/pause"


def start(
    places: Places, subnets: Subnets, wanted: GpuNode, *, binaries: Path, platform: Lock, progress: Progress
) -> None:
    """Bring the node up beside a first node that is Ready, whatever state it is in, until its devices can be had.

    Pods that run on it go on; where other devices are asked for than it had, they keep what they hold.
    """
    progress.step("starting the node with simulated GPUs", 0, 2, None)
    node = gpu_node(places, subnets)
    made = devices.make(node.name, wanted)
    _write(node.places, wanted, made)
    request.remember(places, wanted)
    network.join(places, subnets)
    table = parts.table(places, subnets, binaries)
    daemon.ensure(node.places, binaries, table, lambda: _prepare(places, subnets))
    daemon.wait(node.places, "containerd of the node with GPUs to serve", table[0].serves)
    images.import_all(node.places, binaries, platform.only([PAUSE_IMAGE]), Silent())
    progress.step("waiting for the node with simulated GPUs", 1, 2, None)
    daemon.wait(node.places, "the node with GPUs to be Ready", lambda: node_is_ready(node.places, subnets))
    daemon.wait(node.places, "the GPUs to be there", lambda: _has_devices(node.places, subnets, made))
    _describe(places, subnets, wanted, made)
    daemon.wait(node.places, "its metrics to be part of the API", lambda: custom_metrics.answers(places, subnets))


def _write(node: Places, wanted: GpuNode, made: Devices) -> None:
    """What the table of components is made from."""
    node.configuration.mkdir(parents=True, exist_ok=True)
    (node.configuration / parts.DEVICES).write_text(made.text())
    (node.configuration / parts.POOL_LABELS).write_text(json.dumps(labels.pool(wanted)))


def _prepare(places: Places, subnets: Subnets) -> None:
    node = gpu_node(places, subnets)
    (node.places.run / parts.CONDITIONS).parent.mkdir(exist_ok=True)
    credentials.issue_kubelet(node, subnets)
    custom_metrics.issue(node.places)
    configuration.write(node, subnets, labels.TAINTS)


def _has_devices(node: Places, subnets: Subnets, made: Devices) -> bool:
    found = read_node(node, subnets)
    capacity = found["status"].get("capacity", {}) if found is not None else {}
    return all(capacity.get(name) == str(count) for name, count in made.capacity().items())


def _describe(places: Places, subnets: Subnets, wanted: GpuNode, made: Devices) -> None:
    """Do what GPU feature discovery does, and then what lets pods in: take the start-up taint away."""
    client = Client(config=KubeConfig.from_file(places.kubeconfig), field_manager=FIELD_MANAGER, trust_env=False)
    with closing(client):
        said = labels.pool(wanted) | labels.discovered(wanted, made)
        metadata = ObjectMeta(name=made.node, labels=dict(said), annotations=dict(labels.ANNOTATIONS))
        described = client.apply(core_v1.Node(metadata=metadata), force=True)
        values = {"address": str(subnets.gpu_node_address), "port": str(parts.METRICS_PORT), "node": made.node}
        _apply_manifests(client, described, values | custom_metrics.values(places))
        _let_pods_in(client, made.node)


def _apply_manifests(client: Client, node: core_v1.Node, values: Mapping[str, str]) -> None:
    """Apply them as the node's own: an API that nobody serves any more would hold up whoever asks for all there are."""
    assert node.metadata is not None  # noqa: S101 - it comes from the API server
    owner = OwnerReference("v1", "Node", str(node.metadata.name), str(node.metadata.uid))
    for file in sorted(MANIFESTS.glob("*.yaml")):
        for resource in codecs.load_all_yaml(Template(file.read_text()).substitute(values)):
            assert resource.metadata is not None  # noqa: S101 - the manifests are ours
            resource.metadata.ownerReferences = [owner]
            client.apply(resource, force=True)


def _let_pods_in(client: Client, name: str) -> None:
    node = client.get(core_v1.Node, name)
    taints = (node.spec.taints if node.spec is not None else None) or []
    for position, taint in enumerate(taints):
        if taint.key == labels.NOT_READY:
            path = f"/spec/taints/{position}"
            test = {"op": "test", "path": f"{path}/key", "value": labels.NOT_READY}
            client.patch(core_v1.Node, name, [test, {"op": "remove", "path": path}], patch_type=PatchType.JSON)
            return
