"""Where the user's project is."""

from __future__ import annotations

from pathlib import Path

from falaj.errors import ConfigurationError

PROJECT_FILE = "Pulumi.yaml"
IMAGE_LOCK = Path(".falaj", "images.json")
"""The digests of the images built here, beside the project file."""
IMAGE_PARENTS = ("falaj/localcluster/images", "serving_images", "examples/models")


def project_root() -> Path:
    """The nearest folder upward that holds Pulumi.yaml; ConfigurationError FAL-CFG-001 where there is none."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder
    raise ConfigurationError(
        f"No {PROJECT_FILE} here or in a folder above.",
        code="FAL-CFG-001",
        where=str(here),
        hint="change into the project's folder and run the command again",
    )


def image_folders(root: Path) -> list[Path]:
    """Folders of the project that hold an image.toml, in a fixed order."""
    return sorted(path.parent for parent in IMAGE_PARENTS for path in (root / parent).glob("*/image.toml"))
