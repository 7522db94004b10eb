"""Draws the figures of serving.json as one SVG: how each stands to its goal, and what each server answers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from xml.etree import ElementTree as ET

WIDTH, MARGIN, LINE = 960, 24, 26
NAMES, AXIS_START, AXIS_END = 300, 310, 740
"""Where the names end, and where the axis begins and ends."""
MET, MISSED, PEER, INK, FAINT, PAPER = "#1b7f5c", "#b3261e", "#8a94a6", "#1f2933", "#d5dae1", "#ffffff"
MOST_TIMES = 100
"""How much better than its goal a figure is shown at most: less than no memory has no place on the axis."""
FONT = "font-family: system-ui, sans-serif; font-size: 12px"
THROUGHPUT = {
    "rest-many": "REST JSON, 32 connections",
    "rest-one": "REST JSON, one connection",
    "grpc-many": "gRPC, 32 calls at once",
}


Point = tuple[float, float]


@dataclass(frozen=True)
class Standing:
    """A figure as a multiple of its goal: above one is better than asked, whichever way the goal points."""

    name: str
    low: float
    middle: float
    high: float
    text: str
    met: bool

    @classmethod
    def of(cls, figure: Mapping[str, Any], *, quiet: bool = True) -> Standing:
        """How a recorded figure stands to its goal; a hundred times better is as good as it is shown."""
        goal, at_least = float(figure["goal"]), bool(figure.get("atLeast"))

        def times_the_goal(value: float) -> float:
            kept = max(value, goal / MOST_TIMES)
            return kept / goal if at_least else goal / kept

        times = sorted(times_the_goal(float(run)) for run in figure["runs"])
        sign = "≥" if at_least else "≤"
        text = f"{figure['median']:.3g} {figure['unit']} ({sign} {goal:g})"
        name = figure["name"] if quiet else f"{figure['name']} *"
        return cls(name, times[0], times_the_goal(float(figure["median"])), times[-1], text, bool(figure["met"]))


class Scale:
    """A logarithmic axis."""

    def __init__(self, low: float, high: float) -> None:
        self._low = math.floor(math.log2(low))
        self._high = max(math.ceil(math.log2(high)), self._low + 1)

    def x(self, value: float) -> float:
        """Where a value lies in the picture."""
        share = (math.log2(value) - self._low) / (self._high - self._low)
        return AXIS_START + share * (AXIS_END - AXIS_START)

    @property
    def marks(self) -> list[float]:
        """Powers of two from end to end."""
        return [2.0**power for power in range(self._low, self._high + 1)]


class Picture:
    """An SVG that grows downwards."""

    def __init__(self) -> None:
        self._root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "style": FONT})
        self._background = self._add("rect", x=0, y=0, width=WIDTH, fill=PAPER)
        self.y = MARGIN

    def text(self, x: float, y: float, content: str, *, anchor: str = "start", bold: bool = False) -> None:
        """Write a line."""
        weight = "600" if bold else "400"
        self._add("text", x=x, y=y, fill=INK, **{"text-anchor": anchor, "font-weight": weight}).text = content

    def bar(self, start: float, end: float, y: float, colour: str, height: float = 14) -> None:
        """Draw a bar between two places."""
        left, right = sorted((start, end))
        self._add("rect", x=left, y=y - height / 2, width=max(right - left, 1), height=height, rx=2, fill=colour)

    def line(self, start: Point, end: Point, colour: str = FAINT) -> None:
        """Draw a line."""
        self._add("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], stroke=colour)

    def finished(self) -> str:
        """The whole picture."""
        height = self.y + MARGIN
        self._background.set("height", str(height))
        self._root.set("viewBox", f"0 0 {WIDTH} {height}")
        ET.indent(self._root)
        return ET.tostring(self._root, encoding="unicode") + "\n"

    def _add(self, kind: str, **attributes: float | str) -> ET.Element:
        shown = {name: f"{value:.1f}" if isinstance(value, float) else str(value) for name, value in attributes.items()}
        return ET.SubElement(self._root, kind, shown)


def write(file: Path, rows: Mapping[str, Any]) -> None:
    """Draw all rows that were measured; nothing where none was."""
    standings = [Standing.of(figure, quiet=row["quiet"]) for row in rows.values() for figure in row["figures"]]
    if standings:
        picture = Picture()
        _standings(picture, standings)
        for name, title in THROUGHPUT.items():
            if name in rows:
                _rates(picture, title, rows[name]["details"])
        file.write_text(picture.finished(), encoding="utf-8")


def _standings(picture: Picture, standings: Sequence[Standing]) -> None:
    scale = Scale(min(0.5, *(each.low for each in standings)), max(2.0, *(each.high for each in standings)))
    picture.text(MARGIN, picture.y, "How each figure stands to its goal", bold=True)
    picture.text(AXIS_START, picture.y, "times the goal; right of 1 is better; thin line: slowest to fastest round")
    top, bottom = picture.y + LINE / 2, picture.y + LINE * (len(standings) + 0.5)
    for mark in scale.marks:
        picture.line((scale.x(mark), top), (scale.x(mark), bottom), INK if mark == 1 else FAINT)
        picture.text(scale.x(mark), bottom + 14, f"{mark:g}", anchor="middle")
    for each in standings:
        picture.y += LINE
        colour = MET if each.met else MISSED
        picture.text(NAMES, picture.y + 4, each.name, anchor="end")
        picture.bar(scale.x(1), scale.x(each.middle), picture.y, colour)
        picture.line((scale.x(each.low), picture.y), (scale.x(each.high), picture.y), INK)
        picture.text(AXIS_END + 12, picture.y + 4, each.text)
    picture.y = round(bottom) + 2 * LINE
    if any(each.name.endswith("*") for each in standings):
        picture.text(AXIS_START, picture.y, "* taken while others used the machine")
        picture.y += LINE


def _rates(picture: Picture, title: str, details: Mapping[str, Sequence[Mapping[str, float]]]) -> None:
    """Answers per second of every server of a row."""
    rates = {name: median(load["rate"] for load in loads) for name, loads in details.items()}
    most = max(rates.values())
    picture.text(MARGIN, picture.y, f"Tiny model, {title}: answers per second on one core", bold=True)
    for name, rate in sorted(rates.items(), key=lambda each: -each[1]):
        picture.y += LINE
        end = AXIS_START + rate / most * (AXIS_END - AXIS_START)
        picture.text(NAMES, picture.y + 4, name, anchor="end")
        picture.bar(AXIS_START, end, picture.y, MET if name == "onnxruntime-server" else PEER)
        picture.text(end + 8, picture.y + 4, f"{rate:,.0f}")
    picture.y += 2 * LINE
