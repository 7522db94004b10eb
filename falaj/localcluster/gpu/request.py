"""What may be asked of a node with simulated GPUs, and what a cluster was asked for last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from falaj.catalog.gpus import COMPUTE_SLICES, MEMORY_SLICES, GpuFamily, Sharing, gpu_families
from falaj.errors import ConfigurationError
from falaj.localcluster.places import Places

FILE = "gpu-node.json"


class GpuNode(BaseModel):
    """A node with cards of one kind. Refuses what the real card could not be or be divided into."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    family: str = Field(description="Catalog key of the kind of card.")
    count: int = Field(default=2, ge=1, le=8, description="How many cards.")
    mig: dict[str, int] = Field(default={}, description="How many parts of each MIG profile a divided card has.")
    divided: int | None = Field(default=None, ge=1, description="How many cards are divided, the last ones; or all.")
    time_slices: int = Field(default=1, ge=1, le=48, description="How many pods take turns on one whole card.")

    @model_validator(mode="after")
    def _is_a_card_that_exists(self) -> Self:
        ways = [way for way in self.card.sharing if way is not Sharing.MPS]
        if self.sharing not in ways:
            raise ValueError(f"Family {self.family} can't be shared by {self.sharing}, allowed: {', '.join(ways)}")
        if self.mig and self.time_slices > 1:
            raise ValueError("A divided card is not shared in turns as well; leave out one of mig and time_slices")
        if self.divided is not None and not self.mig:
            raise ValueError("No card is divided unless its parts are named; name them in mig, for example 1g.10gb=7")
        if self.divided is not None and self.divided > self.count:
            raise ValueError(f"{self.divided} cards can't be divided where there are {self.count}")
        return self

    @model_validator(mode="after")
    def _parts_fit_on_a_card(self) -> Self:
        profiles = self.card.mig_profiles
        if unknown := sorted(set(self.mig) - set(profiles)):
            raise ValueError(f"Family {self.family} has no profile {unknown[0]}, allowed: {', '.join(profiles)}")
        if any(count < 1 for count in self.mig.values()) or self.card.placement(self.mig) is None:
            layout = ", ".join(f"{name}={count}" for name, count in self.mig.items())
            slices = f"{COMPUTE_SLICES} slices of computing and {MEMORY_SLICES} of memory"
            raise ValueError(f"Family {self.family} can't be divided into {layout}: a card has {slices}")
        return self

    @property
    def card(self) -> GpuFamily:
        """The facts about the kind of card; ValueError for one that there is none of."""
        families = {key: family for key, family in gpu_families().items() if family.vendor == "nvidia"}
        if self.family not in families:
            raise ValueError(f"There is no family {self.family}, allowed: {', '.join(families)}")
        return families[self.family]

    @property
    def sharing(self) -> Sharing:
        """How pods share the cards."""
        if self.mig:
            return Sharing.MIG
        return Sharing.TIME_SLICING if self.time_slices > 1 else Sharing.WHOLE


def ask(**wanted: object) -> GpuNode:
    """Ask for a node by the fields of ``GpuNode``; refuses with the sentence that mends it."""
    try:
        return GpuNode.model_validate(wanted)
    except ValidationError as error:
        raise ConfigurationError(
            "\n".join(_sentence(problem["loc"], problem["msg"]) for problem in error.errors()),
            code="FAL-CLU-011",
            where="node with simulated GPUs",
            hint="falaj/catalog/data/gpus.yaml has the cards and what each can be divided into",
        ) from None


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    said = message.removeprefix("Value error, ")
    return f"{'.'.join(map(str, location))}: {said}." if location else f"{said}."


def recall(places: Places) -> GpuNode | None:
    """What the cluster was asked for last; None where it has no such node."""
    file = places.data / FILE
    return GpuNode.model_validate_json(file.read_bytes()) if file.exists() else None


def remember(places: Places, wanted: GpuNode) -> None:
    """Keep what the cluster was asked for, as long as it lives."""
    unfinished = places.data / f".{FILE}"
    unfinished.write_text(wanted.model_dump_json())
    unfinished.rename(places.data / FILE)


def parts_of(texts: tuple[str, ...]) -> Mapping[str, int]:
    """Read ``PROFILE=COUNT`` as the command line has it; refuses anything else."""
    parts: dict[str, int] = {}
    for text in texts:
        profile, _, count = text.partition("=")
        if not profile or not count.isdecimal() or profile in parts:
            raise ConfigurationError(
                f"{text!r} is not a profile and how many parts of it a card has, each profile once.",
                code="FAL-CLU-012",
                where="--mig",
                hint="write it like --mig 1g.10gb=7",
            )
        parts[profile] = int(count)
    return parts
