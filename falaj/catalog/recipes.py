"""Recipes: versions that work together, one row per target."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from falaj.catalog.facts import Fact, read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

Version = Annotated[str, Field(pattern=r"^(\d+\.\d+(\.\d+)?|unknown)$")]
"""A version without a leading v, or `unknown`."""


class Recipe(Fact):
    """The versions of every part of one target."""

    kubernetes: Version = Field(description="API server, controllers, scheduler, kubelet and proxy.")
    containerd: Version = Field(description="Container runtime; 2.x for image volumes.")
    coredns: Version = Field(description="The cluster's resolver.")
    etcd: Version = Field(description="The cluster's store.")
    gateway_api: Version = Field(description="Gateway API definitions, standard channel.")
    traefik: Version = Field(description="Gateway implementation.")
    cert_manager: Version = Field(description="Certificate issuance and renewal.")
    onnxruntime: Version = Field(description="Inference engine of the default server.")


@cache
def recipes() -> Mapping[str, Recipe]:
    """Return every recipe by the name of its target."""
    return read_rows("recipes.yaml", Recipe)
