"""Stand-ins for image digests, for a preview on a machine that can't build images."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path

from falaj.cli.console import messages
from falaj.cli.project import IMAGE_LOCK, image_folders

PLACEHOLDERS = Path(".falaj", "placeholder-images.json")


def images_config(root: Path) -> dict[str, str]:
    """Configuration that names a lock of stand-in digests, and says so; empty where the images have been built.

    The digests are of the images' names: they look like digests to the policies and exist in no registry.
    """
    if (root / IMAGE_LOCK).is_file():
        return {}
    names = [tomllib.loads((folder / "image.toml").read_text())["name"] for folder in image_folders(root)]
    lock = {name: {"digest": "sha256:" + hashlib.sha256(name.encode()).hexdigest(), "archive": ""} for name in names}
    (root / PLACEHOLDERS).parent.mkdir(exist_ok=True)
    (root / PLACEHOLDERS).write_text(json.dumps(lock, indent=2) + "\n")
    messages.print("No images were built here: their digests in this preview are stand-ins.", style="yellow")
    return {"falaj:images": str(PLACEHOLDERS)}
