"""What the node with GPUs runs. Read by its supervisor, which has to stay small."""

from __future__ import annotations

import json
from pathlib import Path

from falaj.localcluster import components
from falaj.localcluster.components import Component
from falaj.localcluster.nodes import Node, gpu_node
from falaj.localcluster.places import Places
from falaj.localcluster.subnets import API_PORT, Subnets

METRICS_PORT = 9400
"""Of DCGM exporter, and of what stands in for it; there a page draws the metrics too."""
CUSTOM_METRICS_PORT = 6443
"""Of Prometheus Adapter, and of what stands in for it."""
CUSTOM_METRICS_KEYS = "gpu-node-custom-metrics"
"""How the files of its certificate and key begin."""
DEVICES = "devices.json"
POOL_LABELS = "pool-labels.json"
CONDITIONS = Path("devices", "conditions.json")
"""In the folder that lives as long as the node's processes; beside it lies nothing, as the folder is watched."""


def table(places: Places, subnets: Subnets, binaries: Path) -> tuple[Component, ...]:
    """Every component, in an order in which each comes after what it needs; the API server is one of the first node."""
    node = gpu_node(places, subnets)
    labels = json.loads((node.places.configuration / POOL_LABELS).read_text())
    return (
        components.containerd(node, binaries),
        components.policy_agent(node, subnets),
        components.kube_proxy(node, binaries),
        components.kubelet(node, binaries, ("containerd", "policy-agent"), labels),
        _simulation("device-plugin", node.places, binaries),
        _simulation("dcgm-exporter", node.places, binaries, "--listen", f"{node.address}:{METRICS_PORT}"),
        _simulation("custom-metrics", node.places, binaries, *_custom_metrics(node, subnets)),
    )


def page(subnets: Subnets) -> str:
    """Where the metrics are drawn; this machine reaches it."""
    return f"http://{subnets.gpu_node_address}:{METRICS_PORT}/"


def _custom_metrics(node: Node, subnets: Subnets) -> tuple[str, ...]:
    keys = node.places.keys
    return (
        *("--listen", f"{node.address}:{CUSTOM_METRICS_PORT}"),
        *("--api-server", f"https://{subnets.node_address}:{API_PORT}"),
        *("--cluster-ca", str(keys / "cluster-ca.crt")),
        *("--requestheader-client-ca", str(keys / "front-proxy-ca.crt")),
        *("--certificate", str(keys / f"{CUSTOM_METRICS_KEYS}.crt")),
        *("--key", str(keys / f"{CUSTOM_METRICS_KEYS}.key")),
    )


def _simulation(role: str, places: Places, binaries: Path, *more: str) -> Component:
    devices = places.configuration / DEVICES
    command = (
        *(str(binaries / "simulated-gpu"), role),
        *("--devices", str(devices)),
        *("--conditions", str(places.run / CONDITIONS)),
        *more,
    )
    return Component(role, command, settings=devices.read_text())
