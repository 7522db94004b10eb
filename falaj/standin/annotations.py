"""Turns a type annotation of an SDK into the shape of the value it stands for."""

from __future__ import annotations

import ast
from collections.abc import Callable

from falaj.standin.shapes import Kind, Shape

Names = Callable[[str], Shape]
"""The shape that a class stands for, by the name under which an annotation mentions it."""

_SIMPLE = {
    "str": Kind.STRING,
    "int": Kind.INTEGER,
    "float": Kind.NUMBER,
    "bool": Kind.BOOLEAN,
    "Any": Kind.ANYTHING,
    "Archive": Kind.FILE,
    "Asset": Kind.FILE,
    "AssetOrArchive": Kind.FILE,
}
_WRAPPERS = {"Input", "Output", "Optional", "InputType"}


def optional(annotation: ast.expr) -> bool:
    """Whether an annotation lets the value be absent."""
    match annotation:
        case ast.Subscript(value=value, slice=inner):
            return _last(value) == "Optional" or (_last(value) in _WRAPPERS and optional(inner))
    return False


def shape_of(annotation: ast.expr, names: Names) -> Shape:
    """The shape an annotation describes."""
    match annotation:
        case ast.Constant(value=str(name)):
            return names(name)
        case ast.Subscript(value=value, slice=inner):
            return _generic(_last(value), inner, names)
        case ast.Name() | ast.Attribute():
            kind = _SIMPLE.get(_last(annotation))
            return Shape(kind) if kind is not None else names(ast.unparse(annotation))
    return Shape(Kind.ANYTHING)


def _generic(name: str, inner: ast.expr, names: Names) -> Shape:
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    match name:
        case "Sequence" | "List":
            return Shape(Kind.LIST, (shape_of(parts[0], names),))
        case "Mapping" | "Dict":
            return Shape(Kind.MAP, (shape_of(parts[-1], names),))
        case "Literal":
            return Shape(Kind.CONSTANT, name=str(ast.literal_eval(parts[0])))
        case "Union":
            return _union([shape_of(part, names) for part in parts])
        case _ if name in _WRAPPERS:
            return shape_of(parts[0], names)
    return Shape(Kind.ANYTHING)


def _union(shapes: list[Shape]) -> Shape:
    """One of several shapes; a class and its dictionary are one."""
    different = tuple(dict.fromkeys(shapes))
    return different[0] if len(different) == 1 else Shape(Kind.UNION, different)


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
