"""Which machines a pool with GPUs may have: what is sold in its zones and runs the images it serves with."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from components.gpu.reasons import Reason, listed
from components.gpu.spec import GpuPool, images_of
from falaj.catalog.availability import Availability
from falaj.catalog.gpus import GpuFamily, gpu_families
from falaj.catalog.offers import Gpu, MachineSize, families_sold, machine_sizes, offers_file, why_not_sold
from falaj.catalog.providers import Provider
from falaj.catalog.recipes import DriverOwner, node_images

ARCHITECTURE = "x86_64"
"""What this project's Triton image is built for."""


def size_reasons(pool: GpuPool) -> Iterator[Reason]:
    """Yield what is wrong with the sizes: not sold in a zone, without a GPU for CUDA, or not of one kind."""
    sold = machine_sizes(pool.region)
    for size in pool.sizes:
        found = sold.get(size)
        if found is None:
            sentence = f"{why_not_sold(pool.region, size)} Sold there with a GPU: {_sold(pool.region)}."
            yield Reason("sizes", sentence)
        elif found.gpu is None:
            yield Reason("sizes", f"size {size} has no GPU, allowed: {_sold(pool.region)}.")
        else:
            yield from _card(pool, found, found.gpu)
            yield from _zones(pool, found)
    if len(pool.families) > 1:
        kinds = " and ".join(family.model for family in pool.families.values())
        sentence = f"sizes with GPUs {kinds}, allowed: one kind of GPU in a pool; make a pool for each."
        yield Reason("sizes", sentence)
    if pool.provider is Provider.AZURE and len(pool.sizes) > 1:
        yield Reason("sizes", f"{len(pool.sizes)} sizes on azure, allowed: 1; make a pool for each further one.")


def _card(pool: GpuPool, size: MachineSize, gpu: Gpu) -> Iterator[Reason]:
    (family,) = [each for each in gpu_families().values() if each.model == gpu.model]
    if family.runs_cuda_images is Availability.NO:
        others = listed(each.model for each in gpu_families().values() if each.runs_cuda_images is Availability.YES)
        sentence = f"size {size.name} has {gpu.model}, which runs no image of Triton, allowed: {others}; {family.notes}"
        yield Reason("sizes", sentence)
    if size.architecture != ARCHITECTURE:
        sentence = (
            f"size {size.name} is {size.architecture}, allowed: {ARCHITECTURE}; the Triton image is built for it alone."
        )
        yield Reason("sizes", sentence)
    yield from _image_takes(pool, size, family)


def _image_takes(pool: GpuPool, size: MachineSize, family: GpuFamily) -> Iterator[Reason]:
    row = pool.image
    if row is None or row.driver_owner not in (DriverOwner.IMAGE, DriverOwner.OPERATOR):
        return
    if row.gpu_families and family.model not in {gpu_families()[key].model for key in row.gpu_families}:
        known = listed(gpu_families()[key].model for key in row.gpu_families)
        sentence = f"size {size.name} with image {pool.gpu.image}, allowed with it: {known}; no other is known to work."
        yield Reason("image", sentence)
    if family.vgpu and row.driver_owner is DriverOwner.OPERATOR:
        others = [key for key in images_of(pool.target) if node_images()[key].driver_owner is DriverOwner.IMAGE]
        sentence = (
            f"image {pool.gpu.image} with size {size.name}, allowed: {others[0]}; Azure hands its {family.model} out "
            "through vGPU, and the operator has no GRID driver to install."
        )
        yield Reason("image", sentence)


def _zones(pool: GpuPool, size: MachineSize) -> Iterator[Reason]:
    lacking = [zone for zone in pool.zones if size.sold_in(zone) is Availability.NO]
    unknown = [zone for zone in pool.zones if size.sold_in(zone) is Availability.UNKNOWN]
    if lacking:
        sold = listed(zone for zone, answer in size.zones.items() if answer is Availability.YES)
        sentence = (
            f"size {size.name} is not sold in {listed(lacking)} ({offers_file(size.region)}, {size.reviewed}), allowed "
            f"zones: {sold}."
        )
        yield Reason("zones", sentence)
    if unknown and not pool.gpu.acknowledge_unknown:
        sentence = (
            f"size {size.name} in zones {listed(unknown)}, of which no source says whether they sell it "
            f"({offers_file(size.region)}, {size.reviewed}), allowed: with acknowledge_unknown: true, once "
            "`falaj preflight --live` has asked."
        )
        yield Reason("acknowledge_unknown", sentence)


@cache
def _sold(region: str) -> str:
    return families_sold(region, gpu=True)
