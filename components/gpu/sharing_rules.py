"""How the GPUs of a pool may be shared: by what card, image and tenants allow, and into parts that fit one card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.gpu.reasons import Reason, listed
from components.gpu.spec import MOST_REPLICAS, GpuPool, images_of
from falaj.catalog.gpus import GpuFamily, Sharing, gpu_families
from falaj.catalog.recipes import MigBy, NodeImage, node_images

APART = (Sharing.WHOLE, Sharing.MIG)
"""Ways that keep pods from each other's memory and faults."""
TOGETHER = (Sharing.MPS, Sharing.TIME_SLICING)
"""Ways that keep nothing apart."""
PLAIN_MEMORY = {1: 1, 2: 2, 3: 4, 4: 4, 7: 8}
"""Slices of memory of the parts that AKS makes, by their slices of computing."""


def sharing_reasons(pool: GpuPool) -> Iterator[Reason]:
    """Yield what is wrong with the way GPUs are shared, its replicas and its layout."""
    gpu = pool.gpu
    for family in pool.families.values():
        if gpu.sharing not in family.sharing:
            allowed = listed(family.sharing)
            sentence = f"sharing {gpu.sharing} with {family.model}, allowed: {allowed}{_elsewhere(gpu.sharing)}."
            yield Reason("sharing", sentence)
    for size in pool.machines:
        if size.gpu is not None and size.gpu.share is not None and gpu.sharing is not Sharing.WHOLE:
            sentence = (
                f"sharing {gpu.sharing} with size {size.name}, allowed: whole; it has {size.gpu.share} of one "
                f"{size.gpu.model}, take a size with all of it."
            )
            yield Reason("sharing", sentence)
    row = pool.image
    if row is not None and row.sharing and gpu.sharing not in row.sharing:
        sentence = f"sharing {gpu.sharing} with image {gpu.image}, allowed: {listed(row.sharing)}{_images(pool)}."
        yield Reason("sharing", sentence)
    if gpu.sharing in TOGETHER and pool.tenant is None:
        sentence = (
            f"sharing {gpu.sharing} in a pool of every tenant, allowed: {' or '.join(APART)}, or a pool of one tenant; "
            "it keeps neither faults nor memory apart."
        )
        yield Reason("sharing", sentence)
    yield from _replicas(pool)
    yield from _layout(pool)


def _elsewhere(sharing: Sharing) -> str:
    if sharing is not Sharing.MIG:
        return ""
    return f", or one of {listed(each.model for each in gpu_families().values() if each.mig_profiles)}"


def _images(pool: GpuPool) -> str:
    others = [key for key in images_of(pool.target) if pool.gpu.sharing in node_images()[key].sharing]
    return f", or image {' or '.join(others)}" if others else ""


def _replicas(pool: GpuPool) -> Iterator[Reason]:
    gpu = pool.gpu
    if gpu.sharing in TOGETHER and gpu.replicas is None:
        sentence = f"sharing {gpu.sharing} without replicas, allowed: 2 to {MOST_REPLICAS} pods on each GPU."
        yield Reason("replicas", sentence)
    if gpu.sharing is Sharing.MIG and gpu.replicas is not None:
        sentence = (
            f"replicas {gpu.replicas} with sharing mig, allowed: none; time-slicing takes from parts what keeps them "
            "apart, divide the card into more parts instead."
        )
        yield Reason("replicas", sentence)
    if gpu.sharing is Sharing.WHOLE and gpu.replicas is not None:
        sentence = f"replicas {gpu.replicas} with sharing whole, allowed: none, or sharing {' or '.join(TOGETHER)}."
        yield Reason("replicas", sentence)


def _layout(pool: GpuPool) -> Iterator[Reason]:
    layout, sharing = pool.gpu.mig_layout, pool.gpu.sharing
    if sharing is not Sharing.MIG:
        if layout:
            yield Reason("mig_layout", f"mig_layout with sharing {sharing}, allowed: none, or sharing mig.")
        return
    for family in pool.families.values():
        if not family.mig_profiles:
            continue
        strange = [name for name in layout if name not in family.mig_profiles]
        if not layout or strange:
            found = f"mig_layout {listed(strange)} on {family.model}" if strange else "sharing mig without mig_layout"
            yield Reason("mig_layout", f"{found}, allowed parts: {listed(family.mig_profiles)}.")
            return
        if family.placement(layout) is None:
            fits = told(less(family, layout))
            sentence = f"mig_layout {told(layout)} does not fit one {family.model}, allowed: what does, such as {fits}."
            yield Reason("mig_layout", sentence)
            return
        if pool.image is not None:
            yield from _as_made(pool, pool.image, family)


def _as_made(pool: GpuPool, row: NodeImage, family: GpuFamily) -> Iterator[Reason]:
    """What an image or a provider can't make of a card, as it makes parts of one size and as many as fit."""
    if row.mig_by in (None, MigBy.MANAGER):
        return
    layout = pool.gpu.mig_layout
    makes = {
        name: profile.most
        for name, profile in family.mig_profiles.items()
        if not name.endswith("+me") and (row.mig_by is MigBy.IMAGE or profile.memory == PLAIN_MEMORY[profile.compute])
    }
    if len(layout) == 1 and all(makes.get(name) == count for name, count in layout.items()):
        return
    choices = " or ".join(told({name: most}) for name, most in makes.items())
    managed = [key for key in images_of(pool.target) if node_images()[key].mig_by is MigBy.MANAGER]
    sentence = (
        f"mig_layout {told(layout)} with image {pool.gpu.image}, allowed: {choices}, or image {' or '.join(managed)}; "
        "without the MIG manager a card is divided into parts of one size, as many as fit."
    )
    yield Reason("mig_layout", sentence)


def told(layout: Mapping[str, int]) -> str:
    """Return a layout as text, such as `1g.10gb x7`."""
    return listed(f"{name} x{count}" for name, count in layout.items())


def less(family: GpuFamily, layout: Mapping[str, int]) -> dict[str, int]:
    """Return what is left of a layout that does not fit one card once enough of its smallest parts are taken away."""
    left = {name: min(count, family.mig_profiles[name].most) for name, count in layout.items()}
    while family.placement(left) is None:
        smallest = min(left, key=lambda name: (family.mig_profiles[name].memory, family.mig_profiles[name].compute))
        left[smallest] -= 1
        left = {name: count for name, count in left.items() if count}
    return left
