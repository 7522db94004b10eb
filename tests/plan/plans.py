"""Hand-made plans: resources under a component, named by what they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from falaj.engine import urn as urns
from falaj.plan import PlannedResource

STACK, PROJECT = "aws-me-central-1-prod", "falaj"


def component(name: str, kind: str = "Room", **options: Any) -> PlannedResource:  # noqa: ANN401 - any field
    """A component at the top of the stack."""
    token = f"falaj:index:{kind}"
    return PlannedResource(urn=urns.make(STACK, PROJECT, "", token, name), type=token, **options)


def resource(
    token: str,
    name: str,
    inputs: Mapping[str, Any] | None = None,
    *,
    parent: PlannedResource | None = None,
    **options: Any,  # noqa: ANN401 - any field
) -> PlannedResource:
    """A resource that a provider manages."""
    above = "" if parent is None else parent.urn
    urn = urns.make(STACK, PROJECT, above, token, name)
    return PlannedResource(urn=urn, type=token, custom=True, parent=above, inputs=inputs or {}, **options)
