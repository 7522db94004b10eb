from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pulumi
import pytest

ROOT = Path(__file__).parents[2]
CONTROLS = ROOT / "policies" / "controls"
WITHOUT_CLAIMS = {"AwsAccount", "AzureSubscription", "ClusterAccess", "Definitions", "LocalCluster"}
"""Components that make nothing a control looks at."""


def components() -> list[type]:
    """Every component of the project."""
    modules = [
        import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
        for file in sorted((ROOT / "components").rglob("*.py"))
        if "ComponentResource)" in file.read_text(encoding="utf-8")
    ]
    return [
        found
        for module in modules
        for found in vars(module).values()
        if isinstance(found, type)
        and issubclass(found, pulumi.ComponentResource)
        and found.__module__ == module.__name__
    ]


@pytest.mark.parametrize("component", components(), ids=lambda component: component.__name__)
def test_every_control_a_component_supports_is_in_the_policy_pack(component: type) -> None:
    known = {found for file in CONTROLS.glob("*.py") for found in re.findall(r'id="([A-Z]+-\d+)"', file.read_text())}

    claimed = getattr(component, "controls", ())
    assert sorted(set(claimed) - known) == []
    assert list(claimed) == sorted(claimed)
