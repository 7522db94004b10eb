"""What an image folder says of itself: ``image.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from falaj.errors import ImageError

FILE = "image.toml"
Name = Annotated[
    str,
    Field(
        pattern=r"^falaj\.local(/[a-z0-9]+([._-][a-z0-9]+)*)+$",
        description="Image name without tag or digest, like falaj.local/pause.",
    ),
]


class Description(BaseModel):
    """How an image is made. Where a ``stage`` script lies beside it, that fills the build context beyond ``inputs``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    base: Name | None = Field(default=None, description="Name of another image folder's image to build upon.")
    inputs: tuple[str, ...] = Field(
        default=(), description="Patterns of files, from the folder, for the build context."
    )
    arguments: dict[str, str] = Field(default={}, description="Build arguments for the Containerfile.")
    binaries: tuple[str, ...] = Field(default=(), description="Go modules whose binaries the stage script takes.")
    on_demand: bool = Field(default=False, description="Build only when asked for by name.")
    packages: tuple[str, ...] = Field(default=(), description="Python packages that the stage script takes files from.")


@dataclass(frozen=True)
class ImageFolder:
    """An image folder that was read and found right."""

    path: Path
    """The folder."""

    description: Description
    """Its image.toml."""

    @property
    def stage(self) -> Path | None:
        """Its stage script, if it has one."""
        script = self.path / "stage"
        return script if script.exists() else None


def read(folder: Path) -> ImageFolder:
    """Read an image folder; refuses one without image.toml or Containerfile, and any key or value that is wrong."""
    for name in (FILE, "Containerfile"):
        if not (folder / name).is_file():
            raise ImageError(
                f"It has no {name}.",
                code="FAL-IMG-001",
                where=str(folder),
                hint="an image folder holds image.toml and Containerfile; docs/guides/images.md shows one",
            )
    file = folder / FILE
    try:
        description = Description.model_validate(tomllib.loads(file.read_text()), strict=False)
    except tomllib.TOMLDecodeError as error:
        raise ImageError(
            f"It is not TOML: {error}.", code="FAL-IMG-002", where=str(file), hint="mend that line"
        ) from None
    except ValidationError as error:
        raise ImageError(
            "\n".join(_sentence(problem["loc"], problem["type"], problem["msg"]) for problem in error.errors()),
            code="FAL-IMG-003",
            where=str(file),
            hint=f"the keys are {', '.join(Description.model_fields)}",
        ) from None
    _check_stage(folder / "stage")
    return ImageFolder(folder, description)


def _sentence(location: tuple[int | str, ...], kind: str, message: str) -> str:
    key = ".".join(map(str, location))
    if kind == "extra_forbidden":
        return f"{key}: there is no such key."
    return f"{key}: {message[0].lower()}{message[1:]}."


def _check_stage(script: Path) -> None:
    if script.exists() and not script.stat().st_mode & 0o100:
        raise ImageError(
            "The stage script is not executable.", code="FAL-IMG-004", where=str(script), hint=f"run: chmod +x {script}"
        )
