"""Which digest and archive each image name stands for on this machine: the image lock."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from falaj.errors import ImageError

HINT = "run: falaj images build"


class LockedImage(BaseModel):
    """One image that was built."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    digest: str = Field(pattern=r"^sha256:[0-9a-f]{64}$", description="Digest of its manifest.")
    archive: Path = Field(description="OCI archive that holds it.")


_CONTENT = TypeAdapter(dict[str, LockedImage])


@dataclass(frozen=True)
class Lock:
    """Image names and what they stand for."""

    images: Mapping[str, LockedImage]
    """By name without tag or digest."""

    def find(self, name: str) -> LockedImage:
        """The image of that name; refuses one that was not built."""
        if name not in self.images:
            known = ", ".join(sorted(self.images)) or "none"
            raise ImageError(
                f"No image of that name is in the lock; there are: {known}.",
                code="FAL-IMG-005",
                where=f"image {name}",
                hint=HINT,
            )
        return self.images[name]

    def reference(self, name: str) -> str:
        """The image's name with its digest."""
        return f"{name}@{self.find(name).digest}"

    def only(self, names: Iterable[str]) -> Lock:
        """A lock of these images alone."""
        return Lock({name: self.find(name) for name in names})

    def write(self, path: Path) -> None:
        """Replace the file, whole."""
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {name: image.model_dump(mode="json") for name, image in sorted(self.images.items())}
        unfinished = path.with_suffix(".new")
        unfinished.write_text(json.dumps(content, indent=2) + "\n")
        unfinished.replace(path)

    @classmethod
    def read(cls, path: Path) -> Lock:
        """The lock in that file; refuses a file that is missing or damaged."""
        try:
            return cls(_CONTENT.validate_json(path.read_bytes()))
        except FileNotFoundError:
            raise ImageError("There is no image lock.", code="FAL-IMG-006", where=str(path), hint=HINT) from None
        except ValidationError as error:
            problem = error.errors()[0]
            place = ".".join(map(str, problem["loc"])) or "the file"
            raise ImageError(
                f"{place}: {problem['msg']}.", code="FAL-IMG-007", where=str(path), hint=f"delete it and {HINT}"
            ) from None
