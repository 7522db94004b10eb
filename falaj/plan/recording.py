"""What the engine was asked for, as a plan."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from falaj.engine import urn as urns
from falaj.engine.resource_state import ResourceState
from falaj.engine.values import UNKNOWN as UNKNOWN_VALUE
from falaj.engine.values import ResourceReference, Secret, Value, downgrade
from falaj.plan.model import SECRET, UNKNOWN, Plan, PlannedResource

DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
DIGEST_LENGTH = 16
API_VERSION = re.compile(r":[a-z]+/v\d{8}[a-z]*:")
"""In the type of an alias that an Azure SDK gives by the hundred: one for each version of an API."""


def plan_of(asked: Iterable[ResourceState]) -> Plan:
    """Return the plan of what a preview or an update was asked for (`Result.asked`).

    Leaves out the stack itself and the providers the engine made because the program named none: both are the engine's.
    """
    return Plan.of(
        _resource(state)
        for state in asked
        if state.type != urns.ROOT_STACK_TYPE and not urns.is_default_provider(state.urn)
    )


def _resource(state: ResourceState) -> PlannedResource:
    return PlannedResource(
        urn=state.urn,
        type=state.type,
        custom=state.custom,
        read=state.external,
        parent="" if _is_stack(state.parent) else state.parent,
        provider=_provider(state.provider),
        protect=state.protect,
        retain_on_delete=state.retain_on_delete,
        deleted_with=state.deleted_with,
        dependencies=_named(state.dependencies),
        property_dependencies={
            name: _named(origin) for name, origin in sorted(state.property_dependencies.items()) if _named(origin)
        },
        replace_with=_named(state.replace_with),
        ignore_changes=tuple(sorted(state.ignore_changes)),
        replace_on_changes=tuple(sorted(state.replace_on_changes)),
        aliases=_named(alias for alias in state.aliases if not API_VERSION.search(alias)),
        inputs=_inputs(state),
    )


def _inputs(state: ResourceState) -> Mapping[str, Any]:
    """The inputs as JSON; a vendored definition is thousands of lines and stands there as a digest."""
    plain = {name: json_of(value) for name, value in sorted(state.inputs.items()) if value is not None}
    if state.type == DEFINITION:
        text = json.dumps(plain.pop("spec", None), sort_keys=True).encode()
        plain["specDigest"] = hashlib.sha256(text).hexdigest()[:DIGEST_LENGTH]
    return plain


def json_of(value: Value) -> Any:  # noqa: ANN401 - JSON
    """Return a property's value as JSON, unknowns and secrets marked."""
    plain = downgrade(value)
    if plain is UNKNOWN_VALUE or isinstance(plain, Secret):
        return UNKNOWN if plain is UNKNOWN_VALUE else SECRET
    if isinstance(plain, ResourceReference):
        return plain.urn
    if isinstance(plain, dict):
        return {name: json_of(item) for name, item in sorted(plain.items())}
    if isinstance(plain, list):
        return [json_of(item) for item in plain]
    return plain


def _provider(reference: str) -> str:
    urn = urns.split_reference(reference)[0] if reference else ""
    return "" if urn and urns.is_default_provider(urn) else urn


def _named(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({name for name in names if name and not _is_stack(name)}))


def _is_stack(urn: str) -> bool:
    return bool(urn) and urns.type_of(urn) == urns.ROOT_STACK_TYPE
