"""Machine sizes: what is sold in which region and zone, and what is known not to be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from falaj.catalog.availability import Availability
from falaj.catalog.facts import Fact
from falaj.catalog.files import data_folder, read_mapping
from falaj.catalog.providers import Provider
from falaj.catalog.regions import regions

_AZURE_SIZE = re.compile(r"Standard_(?P<series>[A-Z]+)\d+(-\d+)?(?P<rest>[A-Za-z0-9_]*)")


class Purpose(StrEnum):
    """What a family of machines is built for."""

    GENERAL = "general"
    """Four GiB of memory per vCPU."""
    COMPUTE = "compute"
    """Two GiB of memory per vCPU, or whole cores."""
    MEMORY = "memory"
    """Eight GiB of memory per vCPU and more."""
    STORAGE = "storage"
    """Large local disks."""
    BURSTABLE = "burstable"
    """Full CPU speed for part of the time."""
    CONFIDENTIAL = "confidential"
    """Memory encrypted against the provider."""
    GPU = "gpu"
    """Graphics or tensor processors."""


class Gpu(BaseModel):
    """The graphics processors of one machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(min_length=2, description="The maker's name for it.")
    count: int = Field(ge=1, description="How many a machine holds.")
    share: str | None = Field(default=None, pattern=r"^1/\d$", description="Part of one, where it is no whole one.")
    memory_gib: float = Field(gt=0, description="Memory of each, or of the part, in GiB.")
    vendor: Literal["nvidia", "amd"] = Field(default="nvidia", description="Who makes it.")


class MachineSize(Fact):
    """One size of machine in one region. `yes` for a zone says that it is sold there, not that one is free."""

    name: str = Field(description="The provider's own name.")
    provider: Provider = Field(description="Who sells it.")
    region: str = Field(description="Catalog key of the region.")
    family: str = Field(description="The family it belongs to.")
    purpose: Purpose = Field(description="What the family is built for.")
    architecture: Literal["x86_64", "arm64"] = Field(description="Instruction set.")
    vcpus: int = Field(ge=1, description="vCPUs, in which quotas are counted.")
    memory_gib: float = Field(gt=0, description="Memory in GiB.")
    gpu: Gpu | None = Field(default=None, description="Its graphics processors, where it has any.")
    offered: Availability = Field(description="Whether the region sells it at all.")
    zones: Mapping[str, Availability] = Field(description="Whether each zone of the region sells it, by zone id.")
    quota: str = Field(description="The quota that its vCPUs count against, a key of the quotas.")
    quota_family: str | None = Field(default=None, description="The provider's name of the vCPU family it counts in.")
    trusted_launch: Availability = Field(
        default=Availability.UNKNOWN, description="Whether a vTPM and Secure Boot can be had with it."
    )
    notes: str = Field(default="", description="What else to know before choosing it.")

    def sold_in(self, zone: str) -> Availability:
        """Return whether a zone sells it; `no` for a zone that the region does not have."""
        return self.zones.get(zone, Availability.NO)


class Absence(Fact):
    """A family of machines that a source shows not to be sold in a region."""

    family: str = Field(description="The family.")
    region: str = Field(description="Catalog key of the region.")
    accelerator: str | None = Field(description="What it would have brought, where it is more than CPUs.")


class _Size(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    vcpus: int
    memory_gib: float
    gpu: Gpu | None = None


class _Family(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    purpose: Purpose
    architecture: Literal["x86_64", "arm64"]
    sold_in: tuple[str, ...] = ()
    absent_from: tuple[str, ...] = ()
    quota: str
    quota_family: str | None = None
    trusted_launch: Availability = Availability.UNKNOWN
    notes: str = ""
    evidence: str
    sizes: dict[str, _Size]


class _Absent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    accelerator: str | None
    evidence: str


class _File(BaseModel):
    """One region's file. Refuses evidence that is not in its own table and a zone that the region does not have."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: Provider
    region: str
    evidence: dict[str, Fact]
    families: dict[str, _Family]
    absent: Annotated[dict[str, _Absent], Field(default_factory=dict)]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        zones = set(regions()[self.region].zones)
        for key, family in self.families.items():
            if strangers := {*family.sold_in, *family.absent_from} - zones:
                raise ValueError(f"{key} names zones that {self.region} does not have: {', '.join(sorted(strangers))}")
            if both := {*family.sold_in} & {*family.absent_from}:
                raise ValueError(f"{key} is both sold in and absent from {', '.join(sorted(both))}")
        used = {family.evidence for family in self.families.values()} | {gap.evidence for gap in self.absent.values()}
        if dangling := used - self.evidence.keys():
            raise ValueError(f"no such evidence: {', '.join(sorted(dangling))}")
        return self


@cache
def machine_sizes(region: str) -> Mapping[str, MachineSize]:
    """Return every size known to be sold in a region, by name; none where nobody listed the region's offers."""
    file = _file(region)
    return MappingProxyType({} if file is None else dict(_sizes(file)))


@cache
def absences(region: str) -> Mapping[str, Absence]:
    """Return every family known not to be sold in a region, by its name."""
    file = _file(region)
    if file is None:
        return MappingProxyType({})
    found = {
        family: Absence(
            family=family,
            region=region,
            accelerator=row.accelerator,
            source=file.evidence[row.evidence].source,
            reviewed=file.evidence[row.evidence].reviewed,
        )
        for family, row in file.absent.items()
    }
    return MappingProxyType(found)


def family_of(size: str) -> str:
    """Return the family in the name of a size: `g5` of `g5.xlarge`, `Ds_v5` of `Standard_D8s_v5`."""
    match = _AZURE_SIZE.fullmatch(size)
    return size.partition(".")[0] if match is None else match["series"] + match["rest"]


def offers_file(region: str) -> str:
    """Return the file that holds a region's offers, for a message that names it."""
    return f"falaj/catalog/data/offers/{region}.yaml"


def why_not_sold(region: str, size: str) -> str:
    """Return the sentence for a size that the region does not sell, or that nobody knows to be sold there."""
    absence = absences(region).get(family_of(size))
    if absence is None:
        return f"{size} is not among the sizes known to be sold in {region} ({offers_file(region)})."
    return f"{size} is not sold in {region} ({offers_file(region)}, {absence.reviewed})."


def families_sold(region: str, *, gpu: bool) -> str:
    """Return which families a region sells, grouped by the zones that have them, as one line of text."""
    by_place: dict[str, list[str]] = {}
    for size in machine_sizes(region).values():
        if (size.gpu is not None) is gpu:
            families = by_place.setdefault(_place(size), [])
            if size.family not in families:
                families.append(size.family)
    return "; ".join(f"{', '.join(families)}{place}" for place, families in by_place.items())


def _place(size: MachineSize) -> str:
    sold = [zone for zone, answer in size.zones.items() if answer is Availability.YES]
    if sold:
        return f" in {' and '.join(sold)}" if len(sold) < len(size.zones) else " in every zone"
    return " (zones unknown)" if size.zones else ""


def _sizes(file: _File) -> list[tuple[str, MachineSize]]:
    zones = tuple(regions()[file.region].zones)
    return [
        (
            name,
            MachineSize(
                name=name,
                provider=file.provider,
                region=file.region,
                family=key,
                offered=Availability.YES,
                zones={zone: _answer(family, zone) for zone in zones},
                **family.model_dump(exclude={"sold_in", "absent_from", "evidence", "sizes"}),
                **size.model_dump(),
                **file.evidence[family.evidence].model_dump(),
            ),
        )
        for key, family in file.families.items()
        for name, size in family.sizes.items()
    ]


def _answer(family: _Family, zone: str) -> Availability:
    if zone in family.sold_in:
        return Availability.YES
    return Availability.NO if zone in family.absent_from else Availability.UNKNOWN


@cache
def _file(region: str) -> _File | None:
    known = regions()[region]
    path = data_folder() / "offers" / f"{region}.yaml"
    return _File.model_validate(read_mapping(path)) if known.zones != "unknown" and path.is_file() else None
