"""The catalog's files as plain data, for its loaders and for what can't wait for their models."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def data_folder() -> Traversable:
    """Return the folder that holds the catalog's files."""
    return resources.files("falaj.catalog").joinpath("data")


def read_mapping(path: Traversable) -> dict[str, Any]:
    """Read one YAML file of the catalog as plain data."""
    content: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return content
