"""Whether the versions of a cluster may stand beside each other, by the catalog's rows and Kubernetes' own policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from falaj.catalog.availability import Availability
from falaj.catalog.gpu_software import branch_of, driver_branches, gpu_operators, triton_releases
from falaj.catalog.gpus import GpuFamily, gpu_families
from falaj.catalog.recipes import DriverOwner, NodeImage, node_images
from falaj.recipes.state import ClusterVersions, GpuPool

NODES_BEHIND = 3
"""How many minors nodes may be older than the control plane.

Source: https://kubernetes.io/releases/version-skew-policy/
"""
UNKNOWN = "unknown"


def faults(cluster: ClusterVersions) -> tuple[str, ...]:
    """Return a sentence with its fix for everything that must not stand together; none for a legal cluster.

    What the catalog does not know is no fault.
    """
    return tuple(sentence for rule in RULES for sentence in rule(cluster))


def minors_between(older: str, newer: str) -> int:
    """Return how many minors the second is ahead of the first: 1 from 1.35 to 1.36."""
    return _number(newer) - _number(older)


def releases_between(older: str, newer: str) -> int:
    """Return how many releases of the GPU operator the second is ahead of the first. KeyError for one not listed."""
    releases = list(dict.fromkeys(map(_release, gpu_operators())))
    places = {release: place for place, release in enumerate(releases)}
    return places[_release(newer)] - places[_release(older)]


def _known_versions(cluster: ClusterVersions) -> Iterator[str]:
    for release in sorted({cluster.definitions, cluster.gpu_operator} - {*gpu_operators()}):
        yield f"GPU operator {release} is not in the catalog; choose one of {', '.join(gpu_operators())}."
    if cluster.triton not in triton_releases():
        yield f"Triton {cluster.triton} is not in the catalog; choose one of {', '.join(triton_releases())}."
    for pool in cluster.gpu:
        if pool.node_image not in node_images():
            allowed = ", ".join(key for key, row in node_images().items() if row.target == cluster.target)
            yield f"Node image {pool.node_image} is not in the catalog; choose one of {allowed}."


def _definitions(cluster: ClusterVersions) -> Iterator[str]:
    if {cluster.definitions, cluster.gpu_operator} <= {*gpu_operators()}:
        ahead = _place(cluster.definitions) - _place(cluster.gpu_operator)
        if ahead < 0 or releases_between(cluster.gpu_operator, cluster.definitions) > 1:
            yield (
                f"Definitions of {cluster.definitions} don't serve GPU operator {cluster.gpu_operator}; "
                "apply those of its own release first."
            )


def _operator(cluster: ClusterVersions) -> Iterator[str]:
    row = gpu_operators().get(cluster.gpu_operator)
    if row is not None and not row.first_minor <= cluster.control_plane <= row.last_minor:
        yield (
            f"GPU operator {cluster.gpu_operator} was validated with Kubernetes {row.first_minor} to {row.last_minor}, "
            f"not with {cluster.control_plane}; change the one that is further behind first."
        )


def _skew(cluster: ClusterVersions) -> Iterator[str]:
    nodes = {"system pool": cluster.system, "CPU pools": cluster.cpu}
    nodes |= {f"GPU pool of {pool.node_image}": pool.minor for pool in cluster.gpu}
    for name, minor in nodes.items():
        behind = minors_between(minor, cluster.control_plane)
        if behind < 0:
            yield f"The {name} at {minor} is newer than the control plane at {cluster.control_plane}; raise that first."
        elif behind > NODES_BEHIND:
            yield (
                f"The {name} at {minor} is {behind} minors behind the control plane at {cluster.control_plane}; "
                f"raise it first: {NODES_BEHIND} are allowed."
            )


def _images(cluster: ClusterVersions) -> Iterator[str]:
    for pool, image in _known_pools(cluster):
        if image.target != cluster.target:
            yield f"Node image {pool.node_image} is of {image.target}, the cluster of {cluster.target}; choose another."
        elif not _offered(image, pool.minor):
            yield (
                f"Node image {pool.node_image} is offered for Kubernetes {image.first_minor} to {image.last_minor}, "
                f"not for {pool.minor}; choose another."
            )


def _one_way_of_drivers(cluster: ClusterVersions) -> Iterator[str]:
    ways = {
        (image.gpu_operator.driver, image.gpu_operator.toolkit)
        for _, image in _known_pools(cluster)
        if image.gpu_operator is not None
    }
    if len(ways) > 1:
        names = " and ".join(pool.node_image for pool in cluster.gpu)
        yield (
            f"{names} ask for different values of one GPU operator (who installs the driver); "
            "remove the old pool while its models run on CPU, or make the new one in another environment."
        )


def _one_system_on_aks(cluster: ClusterVersions) -> Iterator[str]:
    systems = {str(image.system) for _, image in _known_pools(cluster) if image.system is not None}
    if cluster.target == "aks" and len(systems) > 1:
        yield (
            f"{' and '.join(sorted(systems))} beside each other: the GPU operator takes one operating system with GPUs "
            "in an AKS cluster; remove the old pool while its models run on CPU."
        )


def _drivers(cluster: ClusterVersions) -> Iterator[str]:
    operator, triton = gpu_operators().get(cluster.gpu_operator), triton_releases().get(cluster.triton)
    for pool, image in _known_pools(cluster):
        branch = branch_of(pool.driver)
        if branch == UNKNOWN:
            continue
        if branch not in driver_branches():
            yield f"Driver branch {branch} is not in the catalog; choose one of {', '.join(driver_branches())}."
            continue
        owned = image.driver_owner is DriverOwner.OPERATOR
        if owned and operator is not None and branch not in operator.driver_branches:
            yield (
                f"GPU operator {cluster.gpu_operator} installs drivers of {', '.join(operator.driver_branches)}, "
                f"not of {branch}; change the driver first."
            )
        if triton is not None and int(triton.cuda.split(".")[0]) > driver_branches()[branch].cuda_major:
            major = driver_branches()[branch].cuda_major
            yield (
                f"Triton {cluster.triton} brings CUDA {triton.cuda}, driver branch {branch} runs CUDA {major} at most; "
                "raise the driver first, or take an older Triton."
            )


def _families(cluster: ClusterVersions) -> Iterator[str]:
    for key in cluster.gpu_families:
        family = gpu_families().get(key)
        if family is None:
            yield f"GPU family {key} is not in the catalog; choose one of {', '.join(gpu_families())}."
            continue
        yield from _runs_triton(key, family, cluster.triton)
        yield from _is_driven(key, family, cluster)


def _runs_triton(key: str, family: GpuFamily, tag: str) -> Iterator[str]:
    triton = triton_releases().get(tag)
    if family.runs_cuda_images is Availability.NO:
        yield f"Triton's image does not run on {key}; choose another GPU."
    elif triton is not None and _numbers(family.compute_capability) < _numbers(triton.compute_capability):
        yield (
            f"Triton {tag} runs on compute capability {triton.compute_capability} or newer, "
            f"{key} has {family.compute_capability}; take an older Triton or another GPU."
        )


def _is_driven(key: str, family: GpuFamily, cluster: ClusterVersions) -> Iterator[str]:
    least = family.least_driver_branch
    for pool, image in _known_pools(cluster):
        branch = branch_of(pool.driver)
        if UNKNOWN not in (least, branch) and int(branch) < int(least):
            yield f"{key} takes driver branch {least} or newer, not {branch}; raise it."
        if image.gpu_families and key not in image.gpu_families:
            yield f"Node image {pool.node_image} is offered for {', '.join(image.gpu_families)}, not for {key}."
        if family.vgpu and image.driver_owner is DriverOwner.OPERATOR:
            yield f"{key} is handed out by vGPU, whose driver the GPU operator can't install; take an image with it."


RULES: tuple[Callable[[ClusterVersions], Iterator[str]], ...] = (
    _known_versions,
    _definitions,
    _operator,
    _skew,
    _images,
    _one_way_of_drivers,
    _one_system_on_aks,
    _drivers,
    _families,
)
"""Every rule, each about what its name says."""


def _known_pools(cluster: ClusterVersions) -> Iterator[tuple[GpuPool, NodeImage]]:
    for pool in cluster.gpu:
        if pool.node_image in node_images():
            yield pool, node_images()[pool.node_image]


def _offered(image: NodeImage, minor: str) -> bool:
    first, last = image.first_minor, image.last_minor
    return (first == UNKNOWN or first <= minor) and (last == UNKNOWN or minor <= last)


def _number(minor: str) -> int:
    return int(minor.split(".")[1])


def _place(version: str) -> int:
    return list(gpu_operators()).index(version)


def _release(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split("."))) if version[0].isdigit() else ()
