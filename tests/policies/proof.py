"""What a control says of one of its examples."""

from __future__ import annotations

from typing import Any

from policies.control import Control, Example
from policies.evaluator import Result, Verdict, evaluate


def judged(control: Control[Any], example: Example) -> Result:
    """The result for the example's first resource; not applicable where the control does not judge its type."""
    urn = example.resources[0].urn
    results = evaluate(example.resources, controls=[control], config=example.config)
    found = next((result for result in results if result.urn == urn), None)
    return found or Result(control, urn, Verdict.NOT_APPLICABLE, reason="another type")
