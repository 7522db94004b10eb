"""The three answers to "is it ready?", and the objects they are drawn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Object = Mapping[str, Any]
"""A live Kubernetes object, as the API server gives it."""


@dataclass(frozen=True)
class Ready:
    """Nothing is missing."""


@dataclass(frozen=True)
class Waiting:
    """Something is missing that may still come.

    ``stuck`` says that it hardly will without help: it is waited for a little while only.
    """

    reason: str
    troubles: tuple[str, ...] = ()
    stuck: bool = False


@dataclass(frozen=True)
class Failed:
    """It will not become ready as it is."""

    reason: str
    troubles: tuple[str, ...] = ()


Assessment = Ready | Waiting | Failed
"""One of the three answers."""


@dataclass(frozen=True)
class Surroundings:
    """The live objects around the one that is waited for; each list holds only what belongs to it."""

    pods: Sequence[Object] = ()
    replica_sets: Sequence[Object] = ()
    endpoint_slices: Sequence[Object] = ()
    events: Sequence[Object] = ()
    storage_class: Object = field(default_factory=dict)
