"""A model's CPU profile: what was measured, on which machine, and what the graph takes."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from falaj.errors import ConfigurationError
from falaj.placement.work import Work

FORMAT: Final = "falaj-cpu-profile/1"
NAME: Final = "cpu-profile.json"


class Point(BaseModel):
    """How long batches of one size take with so many threads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch: int = Field(ge=1, description="Rows at once.")
    threads: int = Field(ge=1, description="Threads of the session.")
    median_ms: float = Field(gt=0, description="The middle of the runs.")
    p99_ms: float = Field(gt=0, description="The slowest but one of a hundred.")
    mean_ms: float = Field(gt=0, description="The mean of the runs.")
    deviation_ms: float = Field(ge=0, description="Their standard deviation.")
    runs: int = Field(ge=2, description="How many there were.")


class Machine(BaseModel):
    """Where it was measured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    processor: str = Field(min_length=1, description="Its name.")
    cores: int = Field(ge=1, description="Cores that the process may use.")


class CpuProfile(BaseModel):
    """What was measured of one ONNX file. Refuses two points alike, and none with one row and one thread."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["falaj-cpu-profile/1"] = Field(description="Of this file.")
    model_sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="Of the ONNX file.")
    measured: date = Field(description="The day.")
    runtime: str = Field(min_length=1, description="What ran it.")
    machine: Machine = Field(description="Where.")
    dimensions: dict[str, int] = Field(description="Sizes taken for dimensions that the model leaves open.")
    work: Work = Field(description="What one prediction takes, by the graph.")
    points: tuple[Point, ...] = Field(min_length=1, description="What was measured.")

    @model_validator(mode="after")
    def _points_are_each_once(self) -> Self:
        keys = [(point.batch, point.threads) for point in self.points]
        if len({*keys}) < len(keys):
            raise ValueError("two points have the same batch and threads")
        if (1, 1) not in keys:
            raise ValueError("no point of one row and one thread")
        return self

    def as_json(self) -> str:
        """Return the profile as a document."""
        return json.dumps(self.model_dump(mode="json"), indent=1) + "\n"


def profile_file(model: Path) -> Path:
    """Return where the profile of an ONNX file lies: beside it."""
    return model.with_name(NAME)


def read_profile(model: Path) -> CpuProfile:
    """Read the profile beside an ONNX file. Refuses a missing, malformed or outdated one, and says what mends it."""
    file = profile_file(model)
    mend = f"measure it: falaj place profile {model}"
    try:
        found = CpuProfile.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        raise ConfigurationError(
            "The model has no CPU profile.", code="FAL-PLC-001", where=str(model), hint=mend
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{error}.", code="FAL-PLC-001", where=str(file), hint=mend) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise ConfigurationError(
            f"The CPU profile can't be read: {place}: {first['msg']}.", code="FAL-PLC-002", where=str(file), hint=mend
        ) from None
    if found.model_sha256 != digest(model):
        raise ConfigurationError(
            "The CPU profile is of another file: the model has changed since.",
            code="FAL-PLC-002",
            where=str(file),
            hint=mend,
        )
    return found


def digest(model: Path) -> str:
    """Return the SHA-256 of an ONNX file. Refuses one that can't be read."""
    try:
        with model.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise ConfigurationError(
            f"The model can't be read: {error.strerror}.",
            code="FAL-PLC-003",
            where=str(model),
            hint="name an ONNX file",
        ) from error
