"""What each step of an upgrade says: its precondition, command, check and rollback, in the words of the target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from falaj.catalog.availability import Availability
from falaj.catalog.gpu_software import branch_of, gpu_operators, rollbacks, triton_releases
from falaj.recipes.state import ClusterVersions
from falaj.recipes.steps import Part

AUTOSCALER = "**ClusterAutoscaler**"
CLUSTERS = {"eks": "**EksCluster**", "aks": "**AksCluster**"}
POOLS = {"eks": "**EksNodePool**", "aks": "**AksNodePool**"}
DEFINITIONS = "**GpuDefinitions**"
RUNTIME = "**GpuRuntime**"
SERVERS = "**TritonServer**"
MINOR_OF_NODES = (
    "kubectl get nodes -l falaj.dev/pool={role} -o custom-columns=NODE:.metadata.name,KUBELET:.status.nodeInfo"
    ".kubeletVersion"
)
ALLOCATABLE = (
    "kubectl get nodes -l falaj.dev/pool=gpu -o custom-columns=NODE:.metadata.name,ALLOCATABLE:.status.allocatable"
)
DRIVER_OF_NODES = (
    "kubectl get nodes -l falaj.dev/pool=gpu -o custom-columns=NODE:.metadata.name,"
    "DRIVER:.metadata.labels.nvidia\\.com/cuda\\.driver-version\\.full,TAINTS:.spec.taints[*].key"
)


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of one step; no rollback comes with the reason."""

    precondition: str
    command: str
    check: str
    rollback: str | None
    no_rollback: str = ""


def words(part: Part, before: ClusterVersions, after: ClusterVersions) -> Words:
    """Return what a step says that takes a cluster from one state to the next.

    Capital letters stand for names of the reader's: STACK, CLUSTER, GROUP, and POOL for each pool of the kind in turn.
    """
    return WRITERS[part](before, after)


def _up(target: str) -> str:
    return f"pulumi up -s STACK --target '{target}'"


def _named(what: str, target: str) -> str:
    return f"name {what} in the stack file, then {_up(target)}"


def _pool(target: str, name: str) -> str:
    return f"{POOLS[target]}pool-{name}**"


def _definitions(before: ClusterVersions, after: ClusterVersions) -> Words:
    return Words(
        precondition=(
            "`falaj recipe check -s STACK` finds the recipe that the upgrade begins at; the chart and images of "
            f"{after.definitions} are in the registry: falaj mirror -s STACK"
        ),
        command=_named(f"definitions of {after.definitions}", DEFINITIONS),
        check=(
            "kubectl wait --for=condition=Established crd/clusterpolicies.nvidia.com crd/nvidiadrivers.nvidia.com "
            "--timeout=60s"
        ),
        rollback=(
            f"{_named(f'definitions of {before.definitions}', DEFINITIONS)}; fields that only "
            f"{after.definitions} knows are dropped from what is stored"
        ),
    )


def _operator(before: ClusterVersions, after: ClusterVersions) -> Words:
    row = gpu_operators()[after.gpu_operator]
    return Words(
        precondition=(
            f"the definitions of {after.gpu_operator} are established; the driver stays named as it is, and no node "
            "with a GPU is cordoned"
        ),
        command=_named(f"GPU operator {after.gpu_operator}", RUNTIME),
        check=(
            "kubectl wait --for=jsonpath='{.status.state}'=ready clusterpolicy/cluster-policy --timeout=15m, then "
            f"{ALLOCATABLE} shows nvidia.com/gpu on each; toolkit {row.toolkit} and device plugin {row.device_plugin}, "
            "where the operator brings them"
        ),
        rollback=(
            f"{_named(f'GPU operator {before.gpu_operator}', RUNTIME)}; NVIDIA documents no downgrade: the older "
            "release is installed anew, running pods keep their GPUs, new ones wait for it"
        ),
    )


def _control_plane(before: ClusterVersions, after: ClusterVersions) -> Words:
    by_cloud = {
        "eks": (
            "aws eks list-insights --cluster-name CLUSTER shows no failing upgrade insight",
            (
                f"name Kubernetes {after.control_plane} and an autoscaler_image of that minor in the stack file, then "
                f"falaj mirror -s STACK, then {_up(CLUSTERS['eks'])} --target '{AUTOSCALER}'"
            ),
        ),
        "aks": (
            "az aks get-upgrades -g GROUP -n CLUSTER lists the minor, and no deprecated API is called",
            f"az aks upgrade -g GROUP -n CLUSTER --control-plane-only --kubernetes-version {after.control_plane}",
        ),
    }
    ready, command = by_cloud[after.target]
    back = _taken_back("control_plane", after.target)
    return Words(
        precondition=f"{ready}; a backup of today is restorable",
        command=command,
        check=f"kubectl version -o json shows serverVersion {after.control_plane}; kubectl get --raw /readyz says ok",
        rollback=None
        if back is None
        else f"aws eks update-cluster-version --name CLUSTER --kubernetes-version {before.control_plane}, {back}",
        no_rollback="" if back is not None else _why_not("control_plane", after.target),
    )


def _system_pool(before: ClusterVersions, after: ClusterVersions) -> Words:
    # AKS keeps its first pool inside the cluster's own request.
    if after.target == "eks":
        return _nodes("system", before.system, after, _up(_pool("eks", "system")))
    return _nodes("system", before.system, after, _named(f"Kubernetes {after.system}", CLUSTERS["aks"]))


def _cpu_pools(before: ClusterVersions, after: ClusterVersions) -> Words:
    return _nodes("cpu", before.cpu, after, _up(_pool(after.target, "POOL")))


def _nodes(role: str, older: str, after: ClusterVersions, command: str) -> Words:
    return Words(
        precondition=(
            f"the control plane runs {after.control_plane}; kubectl get pdb -A shows ALLOWED DISRUPTIONS above 0; "
            "the quota has room for the surge: falaj preflight -s STACK --live"
        ),
        command=command,
        check=f"{MINOR_OF_NODES.format(role=role)} shows v{after.control_plane} on each, and every endpoint answers",
        rollback=_pool_back(older, after.target),
    )


def _gpu_driver(before: ClusterVersions, after: ClusterVersions) -> Words:
    older, newer = before.gpu[0].driver, after.gpu[0].driver
    return Words(
        precondition=(
            "endpoints with GPUs have their CPU side up, or a second GPU node; one node is drained at a time "
            "(upgradePolicy of the operator)"
        ),
        command=_named(f"driver {newer}", RUNTIME),
        check=f"{DRIVER_OF_NODES} shows {newer} on each and no falaj.dev/gpu-not-ready",
        rollback=f"{_named(f'driver {older}', RUNTIME)}; each node is drained once more",
    )


def _gpu_pools(before: ClusterVersions, after: ClusterVersions) -> Words:
    old, new = before.gpu[0], after.gpu[-1]
    beside = len(after.gpu) > 1
    room = (
        "the GPU quota has room for a second pool, or the old one is empty and its models run on CPU"
        if beside
        else "surge 0, one node away at a time, where the GPU quota has no room for one more"
    )
    return Words(
        precondition=f"the control plane runs {after.control_plane}; {room}",
        command=_up(_pool(after.target, "POOL")),
        check=(
            f"{MINOR_OF_NODES.format(role='gpu')} shows v{new.minor}; {DRIVER_OF_NODES} shows driver "
            f"{branch_of(new.driver)} and no falaj.dev/gpu-not-ready; a pod without a GPU request sees none"
        ),
        rollback=(
            "take the new pool out of the stack file and apply; the old one still serves"
            if beside
            else _pool_back(old.minor, after.target)
        ),
    )


def _old_gpu_pools(before: ClusterVersions, after: ClusterVersions) -> Words:
    old = before.gpu[0]
    return Words(
        precondition="the new pool serves: its endpoints answer, and nothing waits for a GPU",
        command=(
            "kubectl cordon and kubectl drain --ignore-daemonsets each old node, take the pool out of the stack file, "
            f"then {_up(_pool(after.target, 'POOL'))}"
        ),
        check=f"{MINOR_OF_NODES.format(role='gpu')} shows new nodes alone, and every endpoint answers",
        rollback=(
            f"put the pool of {old.node_image} at {old.minor} back into the stack file and apply: new nodes, if the "
            "zone still has that size"
        ),
    )


def _triton(before: ClusterVersions, after: ClusterVersions) -> Words:
    row = triton_releases()[after.triton]
    return Words(
        precondition=(
            f"the image {after.triton} is mirrored and signed; every model loads in ONNX Runtime {row.onnxruntime} "
            "(its opset, and TensorRT engines built anew)"
        ),
        command=_named(f"Triton {after.triton}", SERVERS),
        check=(
            "kubectl rollout status of each GPU model server, GET /v2 names version "
            f"{row.server}, and one request of each model answers as before"
        ),
        rollback=_named(f"Triton {before.triton}", SERVERS),
    )


def _taken_back(part: str, target: str) -> str | None:
    row = rollbacks()[target, part]
    return f"within {row.within_days} days. {row.notes}" if row.possible is Availability.YES else None


def _why_not(part: str, target: str) -> str:
    row = rollbacks()[target, part]
    return f"{row.notes} What goes back is a new cluster of the older minor, with the workloads moved."


def _pool_back(older: str, target: str) -> str:
    back = _taken_back("pool", target)
    if back is not None:
        return f"az aks nodepool rollback -g GROUP --cluster-name CLUSTER -n POOL, {back}"
    return f"make a pool at {older} beside it (nodes may be older than the control plane), drain this one, remove it"


WRITERS: Mapping[Part, Callable[[ClusterVersions, ClusterVersions], Words]] = {
    Part.DEFINITIONS: _definitions,
    Part.OPERATOR: _operator,
    Part.CONTROL_PLANE: _control_plane,
    Part.SYSTEM_POOL: _system_pool,
    Part.CPU_POOLS: _cpu_pools,
    Part.GPU_DRIVER: _gpu_driver,
    Part.GPU_POOLS: _gpu_pools,
    Part.OLD_GPU_POOLS: _old_gpu_pools,
    Part.TRITON: _triton,
}
