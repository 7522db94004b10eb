"""The project's controls as policies of Pulumi's SDK, one each, served by its own servicer."""

from __future__ import annotations

from pulumi_policy import EnforcementLevel, PolicyPack
from sdk_policies import alone, together

from policies.controls import load

PolicyPack(
    name="sdk",
    policies=[together(control) if control.applies_to.stack_wide else alone(control) for control in load()],
    enforcement_level=EnforcementLevel.ADVISORY,
)
