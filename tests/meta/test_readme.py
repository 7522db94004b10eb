"""What the README tells a newcomer to type must exist."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner

from falaj.cli.command import falaj

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def commands(program: str) -> set[str]:
    """The word after the program in every line and every inline piece of code that starts with it."""
    lines = [line for block in re.findall(r"```\w*\n(.*?)```", README, flags=re.DOTALL) for line in block.splitlines()]
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", README, flags=re.DOTALL))
    return {piece.split()[1] for piece in [*lines, *inline] if piece.startswith(f"{program} ")}


def test_the_two_commands_are_there_and_exist() -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert {"up", "test"} <= commands("make")
    assert commands("make") <= set(targets)


def test_every_falaj_verb_of_the_readme_exists() -> None:
    runner = CliRunner()
    verbs = commands("falaj")
    assert {"up", "preview", "predict"} <= verbs
    for verb in sorted(verbs):
        assert runner.invoke(falaj, [verb, "--help"]).exit_code == 0, verb


def test_every_link_leads_somewhere() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []
