"""The reference page of each component: what may be asked of it, what it is given, what it puts out."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from falaj.syntax import parse

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "components"


def pages() -> dict[str, str]:
    """A page for each component and one that lists them, by file name below docs/reference."""
    found = [(path, node) for path in sorted(FOLDER.rglob("*.py")) for node in _components(path)]
    rows = [f"| [{node.name}](components/{node.name}.md) | {_first_line(node)} |" for _, node in found]
    index = "\n".join(["# Components", "", "| component | what it is |", "|---|---|", *rows])
    return {"components.md": index, **{f"components/{node.name}.md": _page(path, node) for path, node in found}}


def _components(path: Path) -> Iterator[ast.ClassDef]:
    for node in parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and any("ComponentResource" in ast.unparse(base) for base in node.bases):
            yield node


def _first_line(node: ast.ClassDef) -> str:
    return (ast.get_docstring(node) or "").partition("\n")[0].replace("``", "`")


def _page(path: Path, node: ast.ClassDef) -> str:
    source = path.relative_to(ROOT)
    text = inspect.cleandoc(ast.get_docstring(node) or "").replace("``", "`")
    parts = [f"# {node.name}", f"Source: [{source}](../../../{source})", text]
    constructor = next(each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__")
    spec = next((each for each in constructor.args.args if each.arg == "spec"), None)
    if spec is not None and spec.annotation is not None:
        parts.append(_asked(ast.unparse(spec.annotation)))
    given = [each for each in constructor.args.kwonlyargs if each.arg != "opts"]
    if given:
        lines = [f"- `{each.arg}`: `{ast.unparse(each.annotation)}`" for each in given if each.annotation is not None]
        parts.append("\n".join(["## Given", "", *lines]))
    outputs = [
        f"- `{ast.unparse(line.target)}`: {_docstring_after(node, line)}"
        for line in node.body
        if isinstance(line, ast.AnnAssign)
    ]
    if outputs:
        parts.append("\n".join(["## Puts out", "", *outputs]))
    return "\n\n".join(parts)


def _asked(name: str) -> str:
    """The fields of a specification, those it inherits too."""
    spec = _specification(name)
    rows = [f"| `{key}` | {_default(field)} | {_meaning(field)} |" for key, field in spec.model_fields.items()]
    return "\n".join([f"## Asked for: `{name}`", "", "| field | default | meaning |", "|---|---|---|", *rows])


def _specification(name: str) -> type[BaseModel]:
    for path in sorted(FOLDER.rglob("*.py")):
        if f"class {name}(" in path.read_text(encoding="utf-8"):
            module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
            found: type[BaseModel] = getattr(module, name)
            return found
    raise LookupError(f"no component is asked for by {name}")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ((), {}):
        return "none"
    return "its own" if isinstance(value, BaseModel) else f"`{value}`"


def _meaning(field: FieldInfo) -> str:
    return (field.description or "").replace("|", "\\|")


def _docstring_after(node: ast.ClassDef, line: ast.stmt) -> str:
    following = node.body[node.body.index(line) + 1 :]
    if following and isinstance(following[0], ast.Expr) and isinstance(following[0].value, ast.Constant):
        return " ".join(str(following[0].value.value).split()).replace("``", "`")
    return ""
