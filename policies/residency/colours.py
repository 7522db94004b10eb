"""The picture's colours in the light, in the dark and on paper; text on its ground has a contrast of 4.5 to 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from policies.residency.place import Place
from policies.residency.proof import Proof
from policies.residency.shapes import BOLD, SIZES, Style

FONT: Final = (
    "system-ui,-apple-system,'Segoe UI','Noto Sans','Noto Sans Arabic','Liberation Sans','DejaVu Sans',sans-serif"
)


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours for one ground."""

    paper: str
    ink: str
    muted: str
    card: str
    edge: str
    """Around cards."""
    frames: dict[str, tuple[str, str]]
    """Ground and edge of frames, by place."""
    proofs: dict[Proof, str]


LIGHT: Final = Palette(
    paper="#ffffff",
    ink="#17212b",
    muted="#4f5c68",
    card="#ffffff",
    edge="#c4ccd4",
    frames={
        Place.INSIDE.name: ("#eef6f1", "#5d9a78"),
        Place.GLOBAL.name: ("#eef2fa", "#7089b8"),
        Place.ABROAD.name: ("#fbeeec", "#c0564c"),
        Place.UNKNOWN.name: ("#f3f3f3", "#8b9197"),
        "UNSTATED": ("#f6f6f4", "#a5aaae"),
    },
    proofs={Proof.BROKEN: "#b3261e", Proof.UNKNOWN: "#57606a", Proof.WAIVED: "#8a5300", Proof.ALLOWED: "#2e7d55"},
)
DARK: Final = Palette(
    paper="#10151a",
    ink="#e8edf2",
    muted="#aab5c0",
    card="#1a2128",
    edge="#3a454f",
    frames={
        Place.INSIDE.name: ("#12201a", "#4d8468"),
        Place.GLOBAL.name: ("#141b28", "#5d77a8"),
        Place.ABROAD.name: ("#2a1715", "#c0665c"),
        Place.UNKNOWN.name: ("#1b1f23", "#747d86"),
        "UNSTATED": ("#171b1f", "#5b646c"),
    },
    proofs={Proof.BROKEN: "#ff8a80", Proof.UNKNOWN: "#b4bec8", Proof.WAIVED: "#f2b45a", Proof.ALLOWED: "#6cc79a"},
)
_DASHES: Final = {Proof.UNKNOWN: "5 4"}


def dash_of(proof: Proof) -> str | None:
    """Return how the line of a movement is broken; nothing for a whole one."""
    return _DASHES.get(proof)


def _rules(palette: Palette) -> str:
    return "".join(
        (
            f".movements .paper{{fill:{palette.paper}}}.movements text{{fill:{palette.ink}}}",
            f".movements .muted{{fill:{palette.muted}}}",
            f".movements .card{{fill:{palette.card};stroke:{palette.edge}}}",
            *(
                f".movements .frame.{name.lower()}{{fill:{fill};stroke:{edge}}}"
                f".movements .stripe.{name.lower()}{{fill:{edge}}}"
                for name, (fill, edge) in palette.frames.items()
            ),
            *(
                f".movements .{proof.value} .shaft{{stroke:{colour}}}.movements .{proof.value} .tip{{fill:{colour}}}"
                f".movements text.{proof.value}{{fill:{colour}}}"
                for proof, colour in palette.proofs.items()
            ),
        )
    )


_SIZES: Final = "".join(
    f".movements .{style.value}{{font-size:{SIZES[style]:g}px;font-weight:{600 if style in BOLD else 400}}}"
    for style in Style
)
_LINES: Final = (
    ".movements .shaft{fill:none;stroke-width:1.2;opacity:.75}"
    ".movements .broken .shaft{stroke-width:2.4;opacity:1}"
    ".movements .waived .shaft,.movements .unknown .shaft{stroke-width:1.8;opacity:1}"
    ".movements .arrow:hover .shaft{stroke-width:3.4;opacity:1}"
)
STYLES: Final = "\n".join(
    (
        "",
        f".movements text{{font-family:{FONT};white-space:pre}}{_SIZES}",
        _LINES,
        _rules(LIGHT),
        f"@media screen and (prefers-color-scheme:dark){{{_rules(DARK)}}}",
        "",
    )
)
"""What the picture carries with it. Every rule is about the picture alone, so that a page may hold it."""
