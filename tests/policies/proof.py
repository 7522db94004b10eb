"""What a control says of one of its examples, and what its fix makes of them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from policies.control import Control, Example
from policies.evaluator import Result, Verdict, evaluate
from policies.node import Node


def judged(control: Control[Any], example: Example) -> Result:
    """The result for the example's first resource; not applicable where the control does not judge its type."""
    urn = example.resources[0].urn
    results = evaluate(example.resources, controls=[control], config=example.config, given=example.given)
    found = next((result for result in results if result.urn == urn), None)
    return found or Result(control, urn, Verdict.NOT_APPLICABLE, reason="another type")


def mended(control: Control[Any], example: Example) -> Example:
    """The example with the inputs of its first resource mended by the control's fix."""
    first, *others = example.resources
    assert control.mends is not None
    properties = control.mends(copy.deepcopy(first.root.value))  # type: ignore[arg-type]  # a mapping of inputs
    return replace(example, resources=(replace(first, root=Node(properties)), *others))


def unmended(control: Control[Any]) -> Iterator[str]:
    """What is wrong with a control's fix: nothing where it has none."""
    if control.mends is None:
        return
    for example in control.examples.bad:
        once = mended(control, example)
        if judged(control, once).verdict is not Verdict.PASS:
            yield f"{example.label}: still broken"
        if mended(control, once) != once:
            yield f"{example.label}: twice is not as once"
    for example in control.examples.good:
        if mended(control, example) != example:
            yield f"{example.label}: changed though it was good"
