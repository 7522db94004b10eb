"""How wide a text is drawn, without a browser: as wide as in DejaVu Sans, the widest font that a reader may get."""

from __future__ import annotations

import re
from collections.abc import Iterator

_REGULAR = """
    318 401 460 838 637 951 780 275 391 391 500 838 318 361 318 337 637 637 637
    637 637 637 637 637 637 637 337 337 838 838 838 531 1000 685 687 699 771 632
    576 775 752 295 295 656 558 863 749 788 604 788 695 635 611 732 685 989 686
    611 686 391 337 391 838 500 500 613 635 550 635 616 353 635 634 278 278 580
    278 975 634 612 635 635 412 521 393 634 592 818 592 592 525 637 337 637 838
"""
_BOLD = """
    349 457 521 838 696 1002 873 307 458 458 523 838 380 416 380 366 696 696 696
    696 696 696 696 696 696 696 400 400 838 838 838 581 1000 774 763 734 831 684
    684 821 837 373 373 775 638 996 837 851 733 851 771 721 683 813 774 1104 771
    725 726 458 366 458 838 500 500 675 716 593 716 679 436 716 712 343 343 666
    343 1042 712 688 716 716 494 596 479 712 652 924 646 652 583 712 366 712 838
"""
"""Advance widths of DejaVu Sans, thousandths of the font size, from the space to the tilde."""

_FIRST = 0x20
_OTHER = 1000
"""Any other character, at most."""


def _table(widths: str) -> dict[str, int]:
    return {chr(code): int(thousandths) for code, thousandths in enumerate(widths.split(), _FIRST)}


_WIDTHS = {False: _table(_REGULAR), True: _table(_BOLD)}
_BREAKS = re.compile(r"(?<=[\s/.,:=_-])")


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return at most how wide the text is drawn at this font size."""
    known = _WIDTHS[bold]
    return sum(known.get(character, _OTHER) for character in text) * size / 1000


def wrapped(text: str, size: float, room: float, *, bold: bool = False) -> tuple[str, ...]:
    """Return the text in lines no wider than the room, broken after spaces and punctuation, else anywhere."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(text, size, room, bold=bold):
        if line and width((line + piece).rstrip(), size, bold=bold) > room:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return (*lines, line.rstrip())


def _pieces(text: str, size: float, room: float, *, bold: bool) -> Iterator[str]:
    """The unbreakable parts of a text; one that is too wide is cut to what fits."""
    for piece in _BREAKS.split(" ".join(text.split())):
        rest = piece
        while width(rest.rstrip(), size, bold=bold) > room and len(rest) > 1:
            cut = next((end for end in range(len(rest) - 1, 1, -1) if width(rest[:end], size, bold=bold) <= room), 1)
            yield rest[:cut]
            rest = rest[cut:]
        yield rest
