"""Who runs the machines. Known without the catalog's models, which take a command line longer to import than to ask."""

from __future__ import annotations

from enum import StrEnum
from functools import cache

from falaj.catalog.files import data_folder, read_mapping


class Provider(StrEnum):
    """Who runs the machines."""

    AWS = "aws"
    """Amazon Web Services."""
    AZURE = "azure"
    """Microsoft Azure."""
    LOCAL = "local"
    """A cluster of the user's own: this machine or any kubeconfig."""


def provider_of(region: str) -> Provider | None:
    """Return who runs a region, by its key in `falaj.catalog.regions`; None for a region that nobody knows."""
    return _providers().get(region)


@cache
def _providers() -> dict[str, Provider]:
    return {key: Provider(row["provider"]) for key, row in read_mapping(data_folder() / "regions.yaml").items()}
