"""Writes docs/reference from the code: commands, policies, stack files, components."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from falaj.cli.command import falaj
from falaj.syntax import parse
from policies.reference import markdown as policies_page
from stacks.reference import markdown as stack_files_page

DOCS = Path(__file__).parent
REFERENCE = DOCS / "reference"
HEADER = "<!-- Written by `make docs` from the code. Edits here are lost. -->\n\n"


def pages() -> dict[str, str]:
    """Every page of the reference by file name."""
    return {
        name: HEADER + text.strip() + "\n"
        for name, text in {
            "commands.md": commands_page(),
            "components.md": components_page(),
            "policies.md": policies_page(),
            "stack-files.md": stack_files_page(),
        }.items()
    }


def commands_page() -> str:
    """Help of every verb, as the command prints it."""
    parts = ["# Commands"]
    for path, command in _commands((), falaj):
        context = click.Context(
            command, info_name=" ".join(("falaj", *path)), max_content_width=110, terminal_width=110
        )
        parts.append(f"## {context.info_name}\n\n```\n{command.get_help(context)}\n```")
    return "\n\n".join(parts)


def _commands(path: tuple[str, ...], command: click.Command) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _commands((*path, name), inner)


def components_page() -> str:
    """What each component makes, what it refuses and what it puts out, from its docstrings."""
    found = [
        _component(path, node)
        for path in sorted((DOCS.parent / "components").rglob("*.py"))
        for node in parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and any("ComponentResource" in ast.unparse(base) for base in node.bases)
    ]
    return "\n\n".join(["# Components", *found])


def _component(path: Path, node: ast.ClassDef) -> str:
    text = inspect.cleandoc(ast.get_docstring(node) or "").replace("``", "`")
    outputs = [
        f"- `{ast.unparse(line.target)}`: {ast.unparse(line.annotation)}. {_docstring_after(node, line)}"
        for line in node.body
        if isinstance(line, ast.AnnAssign)
    ]
    source = path.relative_to(DOCS.parent)
    return "\n\n".join([f"## {node.name}\n\nSource: [{source}](../../{source})", text, "\n".join(outputs)]).strip()


def _docstring_after(node: ast.ClassDef, line: ast.stmt) -> str:
    following = node.body[node.body.index(line) + 1 :]
    if following and isinstance(following[0], ast.Expr) and isinstance(following[0].value, ast.Constant):
        return " ".join(str(following[0].value.value).split()).replace("``", "`")
    return ""


def main() -> None:
    """Write every page."""
    REFERENCE.mkdir(exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text)


if __name__ == "__main__":
    main()
