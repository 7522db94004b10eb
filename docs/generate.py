"""Writes docs/reference from the code: commands, policies, stack files, components."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from docs import components
from falaj.cli.command import falaj
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
            **components.pages(),
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


def main() -> None:
    """Write every page."""
    REFERENCE.mkdir(exist_ok=True)
    for name, text in pages().items():
        page = REFERENCE / name
        page.parent.mkdir(exist_ok=True)
        page.write_text(text)


if __name__ == "__main__":
    main()
