"""Everything that was said of one source: results, levels, and what stops it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from falaj.catalog.controls import STRICTNESS, Level
from policies.control import Control
from policies.evaluator import Evaluator, Result, Verdict
from policies.message import Message, messages
from policies.parameters import Parameters
from policies.readers.source import Source, SourceKind
from policies.stack import described
from policies.waivers import Applied, Waiver, apply


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdicts of all controls on all resources of one source."""

    source: Source
    controls: tuple[Control[Any], ...]
    results: tuple[Result, ...]
    levels: Mapping[str, Level]
    """What breaking each control does here, by its id."""
    applied: Applied
    """What waivers say, and those that somebody has to look at."""
    given: Mapping[type[Parameters], Parameters] = field(default_factory=dict)
    """What the operator has set, by the kind of parameters."""

    @property
    def messages(self) -> Iterator[tuple[Result, Message]]:
        """What there is to tell, each with the result it comes from; nothing of controls that are disabled here."""
        preview = self.source.kind is SourceKind.PREVIEW
        for result in self.results:
            level = self.levels[result.control.id]
            if level is not Level.DISABLED:
                for message in messages(result, level=level, preview=preview):
                    yield result, message

    @property
    def stops(self) -> bool:
        """Whether anything mandatory is broken, could not be checked, or can't become known any more."""
        return any(message.level is Level.MANDATORY for _, message in self.messages)

    def count(self, verdict: Verdict) -> int:
        """How often a verdict was given by controls that are not disabled."""
        return sum(
            result.verdict is verdict and self.levels[result.control.id] is not Level.DISABLED
            for result in self.results
        )

    @property
    def idle(self) -> tuple[Control[Any], ...]:
        """The controls that found nothing of theirs to judge."""
        met = {result.control.id for result in self.results if result.verdict is not Verdict.NOT_APPLICABLE}
        return tuple(control for control in self.controls if control.id not in met)


def judge(
    source: Source,
    controls: Iterable[Control[Any]],
    *,
    today: date,
    waivers: Iterable[Waiver] = (),
    levels: Mapping[str, Level] | None = None,
    given: Mapping[type[Parameters], Parameters] | None = None,
) -> Judgement:
    """Judge a source by all controls, as of a day.

    ``levels`` are the operator's own; profiles of the stack may only tighten them.
    Raises ``MalformedError`` for a configuration that can't be read, ``WaiverRefusedError`` for waivers that may not
    be.
    """
    evaluator = Evaluator(controls, given)
    profiles = described(source.config).profiles
    alone = [
        result for resource in source.resources for result in evaluator.judge(resource, source.config, today=today)
    ]
    together = evaluator.judge_stack(source.whole, source.config, today=today)
    effective = {
        control.id: effective_level(control, profiles, (levels or {}).get(control.id)) for control in evaluator.controls
    }
    applied = apply((*alone, *together), waivers, stack=source.stack, profiles=profiles, today=today)
    return Judgement(source, evaluator.controls, applied.results, effective, applied, given or {})


def effective_level(control: Control[Any], profiles: tuple[str, ...], given: Level | None) -> Level:
    """Return what breaking a control does: what the operator says, or what the profiles do where that is stricter."""
    if given is None:
        return control.level_for(profiles)
    return max(given, control.level_for(profiles), key=STRICTNESS.index) if profiles else given
