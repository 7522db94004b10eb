"""What a user reads when a control is broken or cannot be judged yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from falaj.catalog.controls import Level
from policies.control import Control, shown_references
from policies.evaluator import Result, Verdict


@dataclass(frozen=True, slots=True)
class Message:
    """What to tell about one control and one resource: how loud, and in which words."""

    urn: str
    level: Level
    text: str
    """Several lines: control, resource, what is wrong where, what to do, who asks for it."""


def messages(result: Result, *, level: Level, preview: bool) -> tuple[Message, ...]:
    """Return what there is to tell about a result: one message for each resource concerned and each loudness.

    An unknown is told quietly in a preview, where the update will settle it, and at the control's own level when
    nothing will settle it any more.
    """
    lines: dict[tuple[str, Level], list[str]] = {}
    for urn, loudness, line in _lines(result, level, preview=preview):
        lines.setdefault((urn or result.urn, loudness), []).append(line)
    return tuple(Message(urn, loudness, written(result.control, urn, told)) for (urn, loudness), told in lines.items())


def written(control: Control[Any], urn: str, lines: Sequence[str]) -> str:
    """Write one message: the format is stable, tools may rely on it."""
    return "\n".join(
        (
            f"{control.id} {control.title} ({control.severity})",
            f"  Resource: {urn}",
            *(f"  {line}" for line in lines),
            f"  Remedy: {control.remedy}",
            f"  Reference: {'; '.join(str(reference) for reference in shown_references(control))}",
        )
    )


def _lines(result: Result, level: Level, *, preview: bool) -> Iterator[tuple[str | None, Level, str]]:
    if result.verdict is Verdict.ERROR:
        yield None, level, f"could not be checked, so it is not let through: {result.reason}"
    for finding in result.findings:
        if result.verdict is Verdict.WAIVED:
            yield finding.urn, Level.ADVISORY, f"{finding}; waiver {result.waiver} lets it be"
        else:
            yield finding.urn, level, str(finding)
    for undecided in result.undecided:
        if undecided.missing is not None:
            yield undecided.urn, level, str(undecided)
        elif preview:
            yield undecided.urn, Level.ADVISORY, f"{undecided}; the update judges it again"
        else:
            yield undecided.urn, level, f"{undecided.at}: still not known in the update"
