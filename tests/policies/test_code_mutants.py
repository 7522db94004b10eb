"""The examples notice every change to a check's logic: its code is mutated, and some example must fall."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import policies.controls
from falaj.syntax import parse
from policies.control import Control, Example
from policies.evaluator import Verdict
from tests.policies.excuses import equivalent
from tests.policies.proof import judged, unmended

SOURCES = sorted(path for path in Path(policies.controls.__path__[0]).glob("*.py") if path.stem != "__init__")
OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


def logic(tree: ast.Module) -> list[ast.AST]:
    """Return the nodes inside functions, where a check decides; the data of a control is not code."""
    functions = [found for found in tree.body if isinstance(found, ast.FunctionDef)]
    return [node for function in functions for statement in function.body for node in ast.walk(statement)]


def mutations(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Change a copy of the node in every way that makes sense, in place."""
    text = ast.unparse(node)
    match node:
        case ast.Compare():
            node.ops[0] = OPPOSITES[type(node.ops[0])]()
            yield f"opposite: {text}", node
        case ast.BoolOp():
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield f"other connective: {text}", node
        case ast.UnaryOp(op=ast.Not()):
            node.operand = ast.UnaryOp(ast.Not(), node.operand)
            yield f"not not: {text}", node
        case ast.Constant(value=bool() as value):
            node.value = not value
            yield f"flipped: {text}", node
        case ast.Constant(value=int() as value):
            node.value = value + 1
            yield f"one more: {text}", node
        case ast.If() | ast.IfExp():
            first_line = text.splitlines()[0]
            node.test = ast.Constant(value=True)
            yield f"always: {first_line}", node
            node.test = ast.Constant(value=False)
            yield f"never: {first_line}", node


def mutants(source: str) -> Iterator[tuple[str, ast.Module]]:
    for index in range(len(logic(parse(source)))):
        tree = parse(source)
        for name, _ in mutations(logic(tree)[index]):
            yield name, ast.fix_missing_locations(tree)


def notices(control: Control[Any]) -> bool:
    """Whether any example of the control no longer gets its verdict and words."""
    proof = control.examples
    return (
        any(judged(control, example).verdict is not Verdict.PASS for example in proof.good)
        or any(tuple(map(str, judged(control, example).findings)) != example.says for example in proof.bad)
        or any(paths_not_known(control, example) != example.says for example in proof.unknown)
        or any(judged(control, example).verdict is not Verdict.NOT_APPLICABLE for example in proof.not_applicable)
        or any(unmended(control))
    )


def paths_not_known(control: Control[Any], example: Example) -> tuple[str, ...]:
    result = judged(control, example)
    return tuple(str(undecided.at) for undecided in result.undecided) if result.verdict is Verdict.UNKNOWN else ()


def survives(tree: ast.Module, monkeypatch: pytest.MonkeyPatch) -> bool:
    module = ModuleType("mutant")
    monkeypatch.setitem(sys.modules, "mutant", module)
    try:
        exec(compile(tree, "mutant", "exec"), module.__dict__)  # noqa: S102 - a mutant of our own code
    except Exception:  # noqa: BLE001 - a mutant that cannot even be loaded is noticed
        return False
    return not notices(module.CONTROL)


@pytest.mark.slow
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_change_of_logic_is_noticed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [(name, survives(tree, monkeypatch)) for name, tree in mutants(path.read_text(encoding="utf-8"))]
    left = [name for name, alive in made if alive]

    excused = equivalent(path.stem.upper().replace("_", "-"))
    print(f"{path.stem}: {len(made) - len(left)} of {len(made)} code mutants killed")
    assert [name for name in left if name not in excused] == []
    assert set(left) == set(excused)
