"""Draws what the embedded engine does: one line a change, the policies' verdicts, a summary."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from rich.markup import escape
from rich.status import Status

from falaj import engine
from falaj.cli.console import messages, output, print_json

SIGNS = {
    engine.StepOp.CREATE: ("+", "green"),
    engine.StepOp.UPDATE: ("~", "yellow"),
    engine.StepOp.REPLACE: ("+-", "magenta"),
    engine.StepOp.DELETE: ("-", "red"),
    engine.StepOp.READ: (">", "cyan"),
}
STYLES = {engine.Severity.WARNING: "yellow", engine.Severity.ERROR: "red"}


class Display:
    """Listens to the engine. Quiet, it shows only warnings and errors; on a terminal it names the running steps."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._running: dict[str, str] = {}
        self._left_out = 0
        self._changing = False
        self.failed: list[str] = []
        """URNs of what could not be made, changed or removed; none of those that only a preview refused."""
        self._status: Status | None = None

    def __enter__(self) -> Self:
        if messages.is_terminal and not self._quiet:
            self._status = messages.status("starting")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def show(self, event: engine.Event) -> None:
        """Show one event; the engine calls it for one event at a time."""
        match event:
            case engine.PassStarted(kind=kind):
                self._changing = kind is not engine.PassKind.PREVIEW
                self._say(f"[dim]{kind.value}[/dim]")
            case engine.StepStarted(step=step) if step.op is not engine.StepOp.SAME:
                self._now(step.urn, step.name)
            case engine.StepFinished(step=step, seconds=seconds):
                self._done(step, seconds)
            case engine.StepFailed(urn=urn):
                self._running.pop(urn, None)
                self.failed += [urn] if self._changing else []
                self._say(f"[red]failed[/red]  {escape(urn)}")
            case engine.StepSkipped():
                self._left_out += 1
            case engine.PassFinished() if self._left_out:
                self._say(f"[dim]left out, as what they need failed: {self._left_out}[/dim]")
            case engine.Diagnostic(severity=severity, message=message):
                self._diagnostic(severity, message)
            case engine.PolicyViolated(violation=violation):
                self._violation(violation)
            case _:
                pass

    def finish(self, result: engine.Result, *, as_json: bool) -> None:
        """Print the result on standard output: a summary and the outputs, or all of it as JSON."""
        if as_json:
            print_json(plain_result(result))
            return
        counts = ", ".join(f"{count} {op.value}" for op, count in result.summary.items()) or "no resources"
        output.print(f"{counts}; {result.seconds:.1f} s", markup=False)
        for key, value in sorted(result.outputs.items()):
            if isinstance(value, str | int | float | bool):
                output.print(f"  {key}: {str(value).splitlines()[0] if str(value) else ''}", markup=False)

    def _say(self, text: str) -> None:
        if not self._quiet:
            messages.print(text)

    def _now(self, urn: str, name: str) -> None:
        self._running[urn] = name
        self._update()

    def _update(self) -> None:
        if self._status is not None:
            self._status.update(", ".join(sorted(self._running.values())[:3]) or "working")

    def _done(self, step: engine.Step, seconds: float) -> None:
        self._running.pop(step.urn, None)
        self._update()
        if step.op in SIGNS:
            sign, style = SIGNS[step.op]
            why = f"  ({', '.join(step.changed or step.replaced_by)})" if step.changed or step.replaced_by else ""
            took = f"  {seconds:.1f} s" if seconds >= 1 else ""
            self._say(f"[{style}]{sign:>2}[/{style}] {escape(step.type):58} {escape(step.name)}{escape(why)}{took}")

    def _diagnostic(self, severity: engine.Severity, message: str) -> None:
        if severity in STYLES:
            messages.print(message.rstrip(), style=STYLES[severity], markup=False)
        elif severity is engine.Severity.INFO:
            self._say(f"[dim]{escape(message.rstrip())}[/dim]")

    def _violation(self, violation: engine.Violation) -> None:
        style = "yellow" if violation.level is engine.EnforcementLevel.ADVISORY else "red"
        messages.print(f"[{style}]{violation.level.value}[/{style}]  {escape(violation.message)}")


def plain_result(result: engine.Result) -> dict[str, Any]:
    """The result as JSON can hold it."""
    return {
        "steps": [{"op": step.op.value, "urn": step.urn, "changed": list(step.changed)} for step in result.steps],
        "summary": {op.value: count for op, count in result.summary.items()},
        "outputs": result.outputs,
        "violations": [
            {"policy": found.policy, "urn": found.urn, "level": found.level.value, "message": found.message}
            for found in result.violations
        ],
        "seconds": round(result.seconds, 3),
    }
