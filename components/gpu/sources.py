"""What has to lie in the environment's own registry before the GPU operator can run: its chart and its images."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from components.gpu.reasons import Reason
from falaj.catalog.gpu_operator_images import Part, gpu_operator_images
from falaj.catalog.gpus import Sharing
from falaj.catalog.recipes import DriverOwner, MigBy, node_images

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from components.gpu.spec import GpuSpec

REFERENCE: Final = re.compile(
    r"(?P<repository>[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)*)/(?P<name>[a-z0-9._-]+)"
    r"(:(?P<tag>[\w.-]+))?@sha256:(?P<digest>[0-9a-f]{64})"
)
EVERYWHERE: Final = (Part.OPERATOR, Part.DEVICE_PLUGIN, Part.DCGM_EXPORTER, Part.NODE_FEATURE_DISCOVERY)
"""Parts that run whatever the nodes are; the device plugin's image finds features where the plugin stays away."""
OF_THE_DRIVER: Final = (Part.DRIVER, Part.DRIVER_MANAGER, Part.TOOLKIT)
"""Parts that run where the operator installs the driver."""


class Located(NamedTuple):
    """An image or chart, taken apart."""

    repository: str
    """Registry and folders."""
    name: str
    """The last part of its name."""
    tag: str | None
    """Its tag, which says nothing where a digest stands beside it."""
    digest: str
    """The 64 digits of its SHA-256."""


def located(reference: str) -> Located:
    """Take apart what is named by digest. Refuses a name without digest, or without a registry."""
    found = REFERENCE.fullmatch(reference)
    if found is None:
        raise ValueError(f"{reference}, allowed: <registry>/<name>@sha256:<64 hex>")
    return Located(found["repository"], found["name"], found["tag"], found["digest"])


def parts_of(pools: Iterable[GpuSpec]) -> tuple[Part, ...]:
    """Return the parts whose images pools need, in the catalog's order."""
    found = set(EVERYWHERE)
    for gpu in pools:
        image = node_images()[gpu.image]
        if image.driver_owner is DriverOwner.OPERATOR:
            found |= set(OF_THE_DRIVER)
        if gpu.sharing is Sharing.MIG and image.mig_by is MigBy.MANAGER:
            found.add(Part.MIG_MANAGER)
    return tuple(part for part in Part if part in found)


def missing(
    pools: Iterable[GpuSpec], operator: str, *, chart: str | None, images: Mapping[Part, str], driver: str | None
) -> Iterator[Reason]:
    """Yield what is not named, or named as another release, of all that has to be mirrored for pools.

    Judges names as people write them, with the tag they were published under beside the digest, and without it.
    """
    release = gpu_operator_images()[operator]
    asked = list(pools)
    system = "ubuntu24.04" if any(node_images()[gpu.image].system == "ubuntu" for gpu in asked) else None
    yield from _differs("chart", chart, release.chart.name, release.chart.version, operator)
    for part in parts_of(asked):
        name, _, tag = release.published(part, driver=driver, system=system).partition(":")
        yield from _differs(f"images.{part}", images.get(part), name, tag, operator)


def _differs(field: str, given: str | None, name: str, tag: str, operator: str) -> Iterator[Reason]:
    form = f"<registry>/…/{name}:{tag}@sha256:<64 hex>"
    if given is None:
        yield Reason(field, f"nothing for {field}; GPU operator {operator} needs {name}:{tag}, named as {form}.")
        return
    found = REFERENCE.fullmatch(given)
    if found is None:
        yield Reason(field, f"{given} has no digest, allowed: {form}.")
    elif found["name"] != name or found["tag"] not in {None, tag}:
        yield Reason(field, f"{given} is not what GPU operator {operator} was published with, allowed: {form}.")
