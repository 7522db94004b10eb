"""Which pools with GPUs may stand in one cluster: the GPU operator has one configuration for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from components.gpu.reasons import Reason, listed
from components.gpu.spec import images_of
from falaj.catalog.gpu_operator_images import gpu_operator_images
from falaj.catalog.gpu_software import branch_of, gpu_operators
from falaj.catalog.recipes import DriverOwner, node_images

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from components.gpu.spec import GpuSpec
    from falaj.catalog.recipes import NodeImage

ELSEWHERE: Final = "make the other pool in a cluster of its own"


def reasons(pools: Mapping[str, GpuSpec], *, target: str, kubernetes: str, operator: str) -> Iterator[Reason]:
    """Yield why one operator can't run on these pools, by their names; nothing where it can."""
    if operator not in gpu_operator_images():
        yield Reason("operator", f"GPU operator {operator}, allowed: {listed(gpu_operator_images())}.")
        return
    if not pools:
        yield Reason("pools", "no pool has GPUs, allowed: one or more; without any, leave the GPU runtime out.")
    unfit = [(name, _unfit(name, gpu, target)) for name, gpu in pools.items()]
    yield from (reason for _, reason in unfit if reason is not None)
    images = {name: node_images()[pools[name].image] for name, reason in unfit if reason is None}
    yield from _minor(kubernetes, operator)
    yield from _systems(images, target)
    yield from _owners(images)
    yield from _strategies({name: pools[name] for name in images})


def _unfit(name: str, gpu: GpuSpec, target: str) -> Reason | None:
    image = node_images().get(gpu.image)
    if image is None or image.target != target:
        return Reason("pools", f"pool {name} runs {gpu.image}, allowed in {target}: {listed(images_of(target))}.")
    if image.driver_owner is DriverOwner.CLOUD:
        return Reason(
            "pools",
            f"pool {name} runs {image.os}, where the provider runs the device plugin and the GPU operator would start "
            f"a second one, allowed: {listed(images_of(target))}; beside the provider's own, only the DCGM exporter.",
        )
    if image.gpu_operator is None:
        return Reason(
            "pools",
            f"pool {name} runs {image.os}, which has no GPU driver and gets none from the operator, "
            f"allowed: {listed(images_of(target))}.",
        )
    return None


def _minor(kubernetes: str, operator: str) -> Iterator[Reason]:
    validated = gpu_operators().get(operator)
    if validated is None:
        return
    first, last = validated.first_minor, validated.last_minor
    if not _number(first) <= _number(kubernetes) <= _number(last):
        yield Reason(
            "operator", f"GPU operator {operator} on Kubernetes {kubernetes}, allowed: {first} to {last}, as validated."
        )


def _systems(images: Mapping[str, NodeImage], target: str) -> Iterator[Reason]:
    systems = {name: image.os.partition(",")[0] for name, image in images.items()}
    if target == "aks" and len(set(systems.values())) > 1:
        yield Reason(
            "pools",
            f"pools run {_each(systems)}, allowed: one operating system with GPUs in an AKS cluster, because the "
            f"operator takes all nodes for the same; {ELSEWHERE}.",
        )


def _owners(images: Mapping[str, NodeImage]) -> Iterator[Reason]:
    owners = {name: image.driver_owner for name, image in images.items()}
    if len(set(owners.values())) > 1:
        yield Reason(
            "pools",
            f"the driver is owned by {_each(owners)}, allowed: one owner in a cluster, because every device plugin is "
            f"sent to the operator's toolkit once it installs one; choose images of one owner, or {ELSEWHERE}.",
        )


def _strategies(pools: Mapping[str, GpuSpec]) -> Iterator[Reason]:
    found = {name: gpu.mig_strategy for name, gpu in pools.items() if gpu.mig_strategy != "none"}
    if len(set(found.values())) > 1:
        yield Reason(
            "pools",
            f"MIG is {_each(found)}, allowed: one of single and mixed in a cluster, because the device plugin has one "
            f"strategy; give every pool with MIG parts of one size, or each parts of several sizes, or {ELSEWHERE}.",
        )


def driver_reasons(pools: Mapping[str, GpuSpec], *, operator: str, driver: str | None) -> Iterator[Reason]:
    """Yield why a driver can't be installed by the operator, or is named where nobody installs it."""
    owned = [name for name, gpu in pools.items() if gpu.driver_owner is DriverOwner.OPERATOR]
    if not owned and driver is not None:
        yield Reason("driver", f"driver {driver}, allowed: none, because the node image of every pool brings its own.")
    if not owned:
        return
    validated = gpu_operators().get(operator)
    branches = () if validated is None else validated.driver_branches
    if driver is None:
        yield Reason("driver", f"no driver for pools {listed(owned)}, allowed: a version of branch {listed(branches)}.")
    elif branches and branch_of(driver) not in branches:
        yield Reason("driver", f"driver {driver} with GPU operator {operator}, allowed: branch {listed(branches)}.")


def _number(minor: str) -> int:
    return int(minor.partition(".")[2])


def _each(found: Mapping[str, object]) -> str:
    return ", ".join(f"{value} ({name})" for name, value in found.items())
