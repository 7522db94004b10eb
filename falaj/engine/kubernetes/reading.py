"""Reads live objects: for `.get()`, for an import, and for a refresh."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from falaj.engine.kubernetes.cluster import Cluster
from falaj.engine.kubernetes.errors import UnknownKindError
from falaj.engine.kubernetes.kinds import TypeToken, type_of
from falaj.engine.kubernetes.naming import field_manager, split_identifier
from falaj.engine.kubernetes.objects import checkpoint, for_server, inputs_from_live, mark_secret_content
from falaj.engine.kubernetes.values import Json, mark_secrets, reveal

_QUANTITY = re.compile(r"^([+-]?[0-9.]+)([eE][+-]?[0-9]+|[numkMGTPE]|[KMGTPE]i)?$")
_FACTORS: Final = {
    "": Decimal(1),
    **{unit: Decimal(1000) ** power for power, unit in enumerate("numkMGTPE", start=-3) if power < 0},
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGTPE", start=1)},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", start=1)},
}

Found = tuple[dict[str, Any], dict[str, Any]]
"""Outputs and inputs of an object that was read."""


def read(
    cluster: Cluster, urn: str, resource_id: str, state: Mapping[str, Any], inputs: Mapping[str, Any]
) -> Found | None:
    """Give outputs and inputs of a live object; None when it or its kind is gone.

    After a refresh the inputs are those the program gave, with the live value wherever it means something else.
    """
    token = TypeToken.parse(type_of(urn))
    api_version = str(inputs.get("apiVersion") or state.get("apiVersion") or token.api_version)
    kind = str(inputs.get("kind") or state.get("kind") or token.kind)
    namespace, name = split_identifier(resource_id)
    try:
        found = cluster.kind(api_version, kind)
    except UnknownKindError:
        return None
    if found.namespaced and not namespace:
        namespace = cluster.default_namespace
    live = cluster.get(found, namespace, name)
    if live is None:
        return None
    current = prune(live, for_server(inputs)) if inputs else inputs_from_live(live)
    mark_secrets(current, inputs)
    mark_secret_content(current)
    first = str(state.get("__initialApiVersion") or api_version)
    manager = field_manager(urn, inputs, state)
    return checkpoint(live, current, manager=manager, api_version=first), current


def prune(live: Json, wanted: Json) -> Json:
    """Give the live values of the fields that were asked for; where live and asked mean the same, as it was asked."""
    if isinstance(live, dict) and isinstance(wanted, dict):
        return {name: prune(live[name], value) for name, value in wanted.items() if name in live}
    if isinstance(live, list) and isinstance(wanted, list):
        if len(live) != len(wanted):
            return reveal(live)
        return [prune(one, other) for one, other in zip(live, wanted, strict=True)]
    return wanted if _same(live, wanted) else live


def _same(live: Json, wanted: Json) -> bool:
    if live == wanted:
        return True
    quantities = [_quantity(value) for value in (live, wanted)]
    return quantities[0] is not None and quantities[0] == quantities[1]


def _quantity(value: Json) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    match = _QUANTITY.match(str(value))
    if match is None:
        return None
    number, unit = match.group(1), match.group(2) or ""
    try:
        if unit[:1] in ("e", "E") and len(unit) > 1:
            return Decimal(number + unit)
        return Decimal(number) * _FACTORS[unit]
    except (InvalidOperation, KeyError):
        return None
