"""Charts of Helm: what their values say of images, and what they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from policies.geography.card_hosts import registry_of
from policies.node import Node
from policies.values import UNKNOWN
from policies.workloads.registries import host_in

RELEASE: Final = "kubernetes:helm.sh/v3:Release"
CHART: Final = "kubernetes:helm.sh/v4:Chart"
REGISTRY_KEYS: Final = ("registry", "imageregistry")
_OF_AN_IMAGE: Final = frozenset({"tag", "digest", "pullPolicy", "registry"})


@dataclass(frozen=True, slots=True)
class Source:
    """A value that says where images come from."""

    node: Node
    host: str
    """The registry's host; of no meaning where the value is not known yet."""


def sources_in(values: Node) -> Iterator[Source]:
    """Yield what values say of where images come from, by the words that charts use.

    An image is text under a key that ends in ``image``, or a ``repository`` with a tag or a registry beside it. Charts
    of NVIDIA put the folder of an ``image`` into the ``repository`` beside it: its registry stands there.
    """
    if isinstance(values.value, list):
        for element in values.items():
            yield from sources_in(element)
    elif isinstance(values.value, Mapping):
        own = values["registry"]
        for key in values.value:
            yield from _sources_at(str(key), values, whose=own)


def _sources_at(key: str, holder: Node, *, whose: Node) -> Iterator[Source]:
    node, word = holder[key], key.lower()
    if isinstance(node.value, (Mapping, list)):
        yield from sources_in(node)
    elif word in REGISTRY_KEYS and node.value:
        yield Source(node, str(node.value).partition("/")[0])
    elif word == "image" and node.value and _lies_beside(node, holder):
        folder = holder["repository"]
        yield Source(folder, host_in(f"{folder.value}/{node.value}"))
    elif (word.endswith("image") or (word == "repository" and _is_image(holder) and not whose.value)) and node.value:
        yield Source(node, host_in(node.value))


def _lies_beside(image: Node, holder: Node) -> bool:
    """Whether an image's registry is named by the repository beside it and not by itself."""
    folder = holder["repository"].value
    return folder is UNKNOWN or (isinstance(folder, str) and bool(folder) and registry_of(image.value) is None)


def _is_image(holder: Node) -> bool:
    return isinstance(holder.value, Mapping) and not _OF_AN_IMAGE.isdisjoint(holder.value)
