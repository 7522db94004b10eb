"""What clouds and clusters answer to the resources our components make."""

from __future__ import annotations

from typing import Any

from falaj.standin.library import package_of
from tests.fakes.cluster import cluster_answer

CLOUDS = frozenset({"aws", "azure-native"})
"""Packages whose resources the strict monitor checks and answers with the stand-in."""


def is_cloud(type_token: str) -> bool:
    """Whether a resource, or a provider, belongs to a cloud."""
    return package_of(type_token) in CLOUDS


def cloud_answer(type_token: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """What a server adds, by type token, where it is a cluster's; the strict monitor itself answers for the clouds.

    A test whose resource of a cloud has to answer something of its own passes a function that returns just that.
    """
    return {} if is_cloud(type_token) else cluster_answer(type_token, inputs)
