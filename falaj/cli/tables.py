"""Tables for people and for grep: one line a row, columns aligned, nothing cut off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from falaj.cli.console import output

GAP = "  "


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, notes: Sequence[str] = ()) -> None:
    """Print rows under their headings; `notes` gives a line to print below each row, empty for none."""
    cells = [columns, *rows]
    widths = [max(len(row[index]) for row in cells) for index in range(len(columns))]
    lines = [_line(row, widths) for row in cells]
    output.print(lines[0], style="bold", markup=False)
    for number, line in enumerate(lines[1:]):
        output.print(line, markup=False)
        if notes and notes[number]:
            output.print(f"{GAP * 2}{notes[number]}", style="dim", markup=False)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
