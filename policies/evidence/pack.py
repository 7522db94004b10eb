"""Which pack judged: its version, and a digest of everything it decides by."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

import yaml

from falaj import catalog
from policies.evidence.model import Tool

PACK: Final = Path(__file__).parents[1]
CATALOG: Final = Path(next(iter(catalog.__path__)))
KINDS: Final = {".py", ".yaml", ".json"}
WAIVERS: Final = "waivers"
"""The folder of waivers, which are the user's and no part of the pack."""


@cache
def tool() -> Tool:
    """Return the tool and its pack as they are installed here."""
    description = yaml.load((PACK / "PulumiPolicy.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
    return Tool(
        name="falaj",
        version=version("falaj"),
        pack_version=str(description["version"]),
        pack_digest=digest_of(PACK, CATALOG),
    )


def digest_of(*folders: Path) -> str:
    """Return the SHA-256 of the code and the data in folders: names and contents, in a fixed order."""
    whole = hashlib.sha256()
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            name = file.relative_to(folder)
            if file.suffix in KINDS and name.parts[0] != WAIVERS and file.is_file():
                whole.update(f"{folder.name}/{name.as_posix()}\0".encode())
                whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()
