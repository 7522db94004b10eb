"""Which node image a pool with GPUs may have, and who may own the driver on it."""

from __future__ import annotations

from collections.abc import Iterator

from components.gpu.reasons import Reason, listed
from components.gpu.spec import GpuPool, images_of
from falaj.catalog.availability import Availability
from falaj.catalog.recipes import DriverOwner, NodeImage, node_images, offered_minors

OWN_IMAGE = "CUSTOM"
"""What the provider calls an image that it does not keep."""


def image_reasons(pool: GpuPool) -> Iterator[Reason]:
    """Yield what is wrong with the image, the owner of its driver and the id of an image of one's own."""
    key, row, allowed = pool.gpu.image, node_images().get(pool.gpu.image), listed(images_of(pool.target))
    if row is None or row.target != pool.target:
        yield Reason("image", f"image {key} on {pool.target}, allowed: {allowed}.")
        return
    if row.driver_owner is DriverOwner.NONE:
        yield Reason("image", f"image {key} has no GPU driver and nobody to install one, allowed: {allowed}.")
        return
    if row.driver_owner is DriverOwner.CLOUD:
        sentence = (
            f"image {key}, allowed: {allowed}; the provider makes those nodes, with a driver and a device plugin of "
            "its own, and the GPU operator must not stand beside them."
        )
        yield Reason("image", sentence)
        return
    yield from _owner(pool, row)
    yield from _age(pool, row)
    yield from _marked(pool)
    yield from _image_id(pool, row)


def _owner(pool: GpuPool, row: NodeImage) -> Iterator[Reason]:
    asked = pool.gpu.driver_owner
    if asked is row.driver_owner:
        return
    others = [key for key in images_of(pool.target) if node_images()[key].driver_owner is asked]
    instead = f", or image {' or '.join(others)}" if others else ""
    sentence = (
        f"driver_owner {asked} with image {pool.gpu.image}, allowed: {row.driver_owner}{instead}; two owners of a "
        "driver break each other."
    )
    yield Reason("driver_owner", sentence)


def _age(pool: GpuPool, row: NodeImage) -> Iterator[Reason]:
    key, minor = pool.gpu.image, pool.kubernetes
    if row.experimental and not pool.gpu.acknowledge_experimental:
        steady = [other for other in images_of(pool.target) if not node_images()[other].experimental]
        sentence = (
            f"image {key} is experimental with GPUs ({row.source}), allowed: {listed(steady)}, or this one with "
            "acknowledge_experimental: true."
        )
        yield Reason("acknowledge_experimental", sentence)
    if row.first_minor != "unknown" and _number(minor) < _number(row.first_minor):
        yield Reason("image", f"image {key} on Kubernetes {minor}, allowed: {row.first_minor} or later.")
    if row.last_minor != "unknown" and _number(minor) > _number(row.last_minor):
        yield Reason("image", f"image {key} on Kubernetes {minor}, allowed: {row.last_minor} or earlier.")


def _marked(pool: GpuPool) -> Iterator[Reason]:
    """Nodes of AKS are born without a taint that could be taken away again, and are given one when they register."""
    minors = offered_minors(pool.target)
    if pool.target != "aks" or pool.kubernetes not in minors:
        return
    if minors[pool.kubernetes].mutating_policies is not Availability.YES:
        served = [minor for minor, row in minors.items() if row.mutating_policies is Availability.YES]
        sentence = (
            f"Kubernetes {pool.kubernetes} on aks with GPUs, allowed: {listed(served)}; a policy that earlier minors "
            "don't serve keeps pods off new nodes until their GPUs can be had."
        )
        yield Reason("kubernetes", sentence)


def _image_id(pool: GpuPool, row: NodeImage) -> Iterator[Reason]:
    of_ones_own = OWN_IMAGE in row.provider_names.values()
    if of_ones_own and pool.gpu.image_id is None:
        sentence = (
            f"image {pool.gpu.image} without image_id, allowed: the id of an AMI such as ami-0123456789abcdef0; "
            f"{pool.target.upper()} keeps no image of {row.os}."
        )
        yield Reason("image_id", sentence)
    if not of_ones_own and pool.gpu.image_id is not None:
        sentence = (
            f"image_id {pool.gpu.image_id} with image {pool.gpu.image}, allowed: none; {pool.target.upper()} keeps "
            "that image patched."
        )
        yield Reason("image_id", sentence)


def _number(minor: str) -> int:
    return int(minor.partition(".")[2])
