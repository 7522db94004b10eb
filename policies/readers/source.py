"""What is judged: resources, the stack they belong to, and how they were come by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from policies.resources import Resource
from policies.stack import PROFILES, described
from policies.values import Secret, Unknown


class SourceKind(StrEnum):
    """How resources were come by."""

    PREVIEW = "preview"
    """What a program asks for, before anything exists: what only a server makes is not known."""
    STATE = "state"
    """What the engine believes to exist."""
    MANIFESTS = "manifests"
    """Kubernetes objects in files."""
    CLUSTER = "cluster"
    """Kubernetes objects as they run."""


@dataclass(frozen=True, slots=True)
class Source:
    """Resources to judge and where they come from."""

    kind: SourceKind
    name: str
    """What a reader knows it by: a stack, a file, a cluster."""
    resources: tuple[Resource, ...]
    """As a check of one resource sees them: what was asked for."""
    made: tuple[Resource, ...] = ()
    """The same as they are once made, where that is known; stack-wide checks look at these."""
    config: Mapping[str, str] = field(default_factory=dict)
    """The stack's configuration."""
    stack: str = ""

    @property
    def whole(self) -> tuple[Resource, ...]:
        """The resources as stack-wide checks see them."""
        return self.made or self.resources

    @property
    def digest(self) -> str:
        """SHA-256 of everything that was judged, secrets left out: the same plan has the same digest."""
        judged = [[each.urn, each.type, _plain(each.root.value)] for each in (*self.resources, *self.made)]
        text = json.dumps([sorted(self.config.items()), sorted(judged, key=str)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def tightened(source: Source, chosen: Iterable[str]) -> Source:
    """Return the source as that of a stack which keeps these profiles besides its own.

    Raises ``MalformedError`` for a configuration that can't be read.
    """
    names = tuple(dict.fromkeys((*described(source.config).profiles, *chosen)))
    return replace(source, config={**source.config, PROFILES: ",".join(names)}) if names else source


def namespaced_token(version: str, kind: str) -> str:
    """Return the type token of a Kubernetes object: ``v1`` and ``Pod`` make ``kubernetes:core/v1:Pod``."""
    return f"kubernetes:{version if '/' in version else f'core/{version}'}:{kind}"


def unique(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    """Return the resources, the last of each URN."""
    return tuple({each.urn: each for each in resources}.values())


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, Mapping):
        return {str(name): _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return str(value) if isinstance(value, (Secret, Unknown)) else value
