"""Pods inside the inputs of any kind that runs containers, for fixes that mend them.

A fix gets no type token, so the pod is found by the shape of what holds it. What is not known yet is left as it is.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from policies.control import Properties
from policies.values import holds_unknown
from policies.workloads.workload import CONTAINER_LISTS

Part = dict[str, Any]
"""A pod's specification, a container, or something inside."""


def with_mended_pods(properties: Properties, mend: Callable[[Part], None]) -> Properties:
    """Return a copy in which every pod's specification was mended in place."""
    mended = copy.deepcopy(properties)
    for pod in _pods(mended):
        mend(pod)
    return mended


def with_mended_containers(properties: Properties, mend: Callable[[Part], None]) -> Properties:
    """Return a copy in which every container was mended in place."""

    def mend_pod(pod: Part) -> None:
        for container in containers_of(pod):
            mend(container)

    return with_mended_pods(properties, mend_pod)


def containers_of(pod: Part) -> Iterator[Part]:
    """Yield every container of a pod's specification: init, ordinary and ephemeral."""
    for name in CONTAINER_LISTS:
        yield from members(pod, name)


def elements(part: Part, name: str) -> list[Any]:
    """Return the elements of a list; none where there is no list, or nobody knows it yet."""
    value = part.get(name)
    return value if isinstance(value, list) else []


def members(part: Part, name: str) -> Iterator[Part]:
    """Yield what a property holds, one or many, as far as that holds properties itself."""
    value = part.get(name)
    yield from (each for each in elements(part, name) or [value] if isinstance(each, dict))


def put(part: Part, name: str, value: object) -> None:
    """Set a property, unless what it will be is not known yet."""
    if not holds_unknown(part.get(name)):
        part[name] = value


def found(part: Part, *names: str) -> Any:  # noqa: ANN401 - a property may be anything
    """Return what names that follow each other lead to; nothing where one of them is absent."""
    value: Any = part
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def inside(part: Part, *names: str) -> Part:
    """Return what names that follow each other lead to, made empty where it is absent; the unknown is not touched."""
    for name in names:
        value = part.get(name)
        if value is None:
            value = part[name] = {}
        part = value if isinstance(value, dict) else {}
    return part


def _pods(properties: Part) -> Iterator[Part]:
    for item in members(properties, "items"):
        yield from _pods(item)
    for spec in members(properties, "spec"):
        inner = next((name for name in ("jobTemplate", "template") if name in spec), None)
        if inner is None:
            yield spec
        else:
            yield from (pod for template in members(spec, inner) for pod in _pods(template))
