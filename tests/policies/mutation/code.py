"""Mutants of code: each function with one change, of those that mutmut makes and of two that it does not."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType
from typing import Any

import libcst
from libcst import CSTNode
from mutmut.mutation.mutators import mutation_operators

FUTURE_ANNOTATIONS = 0x1000000
"""Compiles as the pack's modules are, with annotations that are not evaluated."""
ONLY_TYPES = ("isinstance", "len", "cast")
"""Calls that mutmut leaves alone too: without their arguments they only raise."""
ONLY_WORDS = ("NotApplicable", "Undecided")
"""Calls that take the words of an outcome which no example quotes."""


@dataclass(frozen=True)
class Function:
    """One function or method of a module, as the module uses it."""

    module: ModuleType
    node: libcst.FunctionDef
    owner: str | None = None

    @property
    def name(self) -> str:
        return self.node.name.value if self.owner is None else f"{self.owner}.{self.node.name.value}"

    def live(self) -> FunctionType:
        """Return the object that everybody calls, whatever name they know it by."""
        around: Any = self.module if self.owner is None else getattr(self.module, self.owner)
        found = inspect.getattr_static(around, self.node.name.value)
        found = getattr(found, "fget", None) or getattr(found, "__func__", found)
        plain = inspect.unwrap(found)
        assert isinstance(plain, FunctionType)
        return plain

    def mutants(self) -> Iterator[CodeMutant]:
        seen: dict[str, int] = {}
        for old, new in changes(self.node.body):
            change = f"{self.name}: {text_of(old)} -> {text_of(new)}"
            seen[change] = seen.get(change, 0) + 1
            changed = self.node.deep_replace(old, new)
            assert isinstance(changed, libcst.FunctionDef)
            ordinal = f" ({seen[change]})" if seen[change] > 1 else ""
            yield CodeMutant(self, change + ordinal, changed.with_changes(decorators=()))


@dataclass(frozen=True)
class CodeMutant:
    """A function with one change."""

    of: Function
    change: str
    node: libcst.FunctionDef

    def made(self) -> FunctionType | None:
        """The changed function, or nothing where Python refuses it."""
        source = libcst.Module([]).code_for_node(self.node)
        namespace = dict(vars(self.of.module))
        try:
            code = compile(source, "mutant", "exec", flags=FUTURE_ANNOTATIONS, dont_inherit=True)
        except (SyntaxError, SyntaxWarning):
            return None
        exec(code, namespace)  # noqa: S102 - a mutant of our own code
        made = namespace[self.of.node.name.value]
        assert isinstance(made, FunctionType)
        return made


def functions_of(module: ModuleType) -> Iterator[Function]:
    """Yield the functions and methods of a module; the data of a control is not code."""
    for statement in libcst.parse_module(inspect.getsource(module)).body:
        if isinstance(statement, libcst.FunctionDef):
            yield Function(module, statement)
        elif isinstance(statement, libcst.ClassDef):
            for member in statement.body.body:
                if isinstance(member, libcst.FunctionDef):
                    yield Function(module, member, statement.name.value)


def changes(around: CSTNode) -> Iterator[tuple[CSTNode, CSTNode]]:
    """Yield each node inside, with each node that may stand in its place."""
    for node in logic(around):
        for kind, operator in (*mutation_operators, *OURS):
            if isinstance(node, kind):
                yield from ((node, new) for new in operator(node))


def logic(around: CSTNode) -> Iterator[CSTNode]:
    """Yield the nodes that decide something: no annotations, no docstrings, no words that no example quotes."""
    for node in around.children:
        if isinstance(node, (libcst.Annotation, libcst.Decorator)) or is_docstring(node):
            continue
        if isinstance(node, libcst.Call) and isinstance(node.func, libcst.Name):
            if node.func.value in ONLY_TYPES:
                continue
            if node.func.value in ONLY_WORDS:
                yield from (inner for argument in node.args for inner in logic(argument) if not is_text(inner))
                continue
        yield node
        yield from logic(node)


def is_docstring(node: CSTNode) -> bool:
    return isinstance(node, libcst.Expr) and is_text(node.value)


def is_text(node: CSTNode) -> bool:
    return isinstance(node, libcst.BaseString | libcst.FormattedStringText)


def always_and_never(node: libcst.If) -> Iterable[libcst.If]:
    """Take a branch always, and never: mutmut does so to conditional expressions alone."""
    for word in ("True", "False"):
        yield node.with_changes(test=libcst.Name(word))


def never_filtered(node: libcst.CompIf) -> Iterable[libcst.CompIf]:
    """Take every element, whatever a comprehension asks of it."""
    yield node.with_changes(test=libcst.Name("True"))


OURS: tuple[tuple[type, Callable[[Any], Iterable[CSTNode]]], ...] = (
    (libcst.If, always_and_never),
    (libcst.CompIf, never_filtered),
)


def text_of(node: CSTNode) -> str:
    """Return the code of a node on one line, an `if` without its branches."""
    if isinstance(node, libcst.If):
        node = node.with_changes(body=libcst.SimpleStatementSuite([libcst.Expr(libcst.Ellipsis())]), orelse=None)
    return " ".join(textwrap.dedent(libcst.Module([]).code_for_node(node)).split())


def inner_codes(code: CodeType) -> Iterator[CodeType]:
    """Yield the code objects within another, outermost first."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from inner_codes(constant)
