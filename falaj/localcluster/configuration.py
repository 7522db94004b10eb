"""The configuration files of containerd, the kubelet, kube-proxy and the CNI plugins."""

from __future__ import annotations

import json
import resource
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

import yaml

from falaj.localcluster import control_groups, credentials
from falaj.localcluster.nodes import Node
from falaj.localcluster.packages import CNI_PLUGINS
from falaj.localcluster.places import GPU_NODE, Places
from falaj.localcluster.subnets import CLUSTER_DOMAIN, Subnets

PAUSE_IMAGE = "falaj.local/pause:latest"
MOST_OPEN_FILES = 1_000_000

CONTAINERD = Template("""\
version = 3
root = "$data/containerd"
state = "$run/containerd"
imports = []
disabled_plugins = [
  "io.containerd.internal.v1.opt",
  "io.containerd.nri.v1.nri",
  "io.containerd.image-verifier.v1.bindir",
]

[grpc]
address = "$socket"

[plugins."io.containerd.cri.v1.images"]
snapshotter = "overlayfs"

[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "$pause"

[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
cdi_spec_dirs = []

[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["$cni_plugins"]
conf_dir = "$configuration/cni"

""")
RUNTIME = Template("""\

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.$name]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.$name.options]
Root = "$run/runc"
ShimCgroup = "/$group/$shims"
""")


def write(node: Node, subnets: Subnets, taints: Sequence[Mapping[str, str]] = ()) -> None:
    """Write them all, over those of an earlier start.

    Args:
        node: Whose.
        subnets: Of its cluster.
        taints: What the kubelet marks the node with when it registers it.
    """
    directory = node.places.configuration
    (directory / "cni").mkdir(parents=True, exist_ok=True)
    # A search domain or resolver of this machine would leak into pods and change what a name means there.
    (directory / "resolv.conf").write_text("")
    (directory / "containerd.toml").write_text(_containerd(node.places))
    (directory / "cni" / "10-falaj.conflist").write_text(json.dumps(_pod_network(node), indent=2))
    _write_yaml(directory / "kubelet.yaml", _kubelet(node, subnets, taints))
    _write_yaml(directory / "kube-proxy.yaml", _kube_proxy(node, subnets))


def _write_yaml(path: Path, content: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(content, sort_keys=False))


def _containerd(places: Places) -> str:
    """Where there are GPUs, pods may name NVIDIA's runtime too: with no GPU to bring in, it is the same as runc."""
    general = CONTAINERD.substitute(
        data=places.data,
        run=places.run,
        socket=places.containerd_socket,
        pause=PAUSE_IMAGE,
        cni_plugins=CNI_PLUGINS,
        configuration=places.configuration,
    )
    names = ("runc", "nvidia") if places.part == GPU_NODE else ("runc",)
    surroundings = {"run": places.run, "group": places.control_group, "shims": control_groups.SHIMS}
    return general + "".join(RUNTIME.substitute(surroundings, name=name) for name in names)


def _pod_network(node: Node) -> dict[str, Any]:
    """A routed link for each pod: all its traffic crosses the forward hook, where policies are enforced."""
    addresses = {
        "type": "host-local",
        "ranges": [[{"subnet": str(node.pods)}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    return {"cniVersion": "1.0.0", "name": "falaj", "plugins": [{"type": "ptp", "ipMasq": False, "ipam": addresses}]}


def _kubelet(node: Node, subnets: Subnets, taints: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    places = node.places
    pair = credentials.kubelet_keys(node)
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(places.keys / "cluster-ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(pair.certificate),
        "tlsPrivateKeyFile": str(pair.key),
        "address": str(node.address),
        "readOnlyPort": 0,
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{places.control_group}/{control_groups.PODS}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "maxOpenFiles": min(most_files, MOST_OPEN_FILES) if most_files > 0 else MOST_OPEN_FILES,
        # Lowering it needs a capability that containers and some virtual machines lack.
        "oomScoreAdj": 0,
        "localStorageCapacityIsolation": False,
        "evictionHard": {"memory.available": "100Mi"},
        # Images come from archives, not from a registry: one that is collected can't be pulled again.
        "imageGCHighThresholdPercent": 100,
        "clusterDNS": [str(subnets.dns_address)],
        "clusterDomain": CLUSTER_DOMAIN,
        "resolvConf": str(places.configuration / "resolv.conf"),
        "containerRuntimeEndpoint": f"unix://{places.containerd_socket}",
        "podLogsDir": str(places.data / "pod-logs"),
        "volumePluginDir": str(places.data / "volume-plugins"),
        # A device that failed is known after the first of these times.
        "nodeStatusUpdateFrequency": "1s" if places.part == GPU_NODE else "5s",
        "nodeStatusReportFrequency": "5s",
        "registerWithTaints": [dict(taint) for taint in taints],
    }


def _kube_proxy(node: Node, subnets: Subnets) -> dict[str, Any]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(node.places.agent_kubeconfig("kube-proxy"))},
        "hostnameOverride": node.name,
        "bindAddress": str(node.address),
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        "clusterCIDR": str(subnets.pods),
        "mode": "iptables",
        "iptables": {"localhostNodePorts": False, "minSyncPeriod": "100ms"},
        # These limits belong to the whole machine, not to this network namespace.
        "conntrack": {
            "maxPerCore": 0,
            "min": 0,
            "tcpEstablishedTimeout": "0s",
            "tcpCloseWaitTimeout": "0s",
        },
        "oomScoreAdj": 0,
    }
