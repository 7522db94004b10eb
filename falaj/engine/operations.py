"""Preview, update and destroy."""

from __future__ import annotations

import time

from falaj.engine.events import PassKind
from falaj.engine.options import Options, Result
from falaj.engine.pass_runner import PassResult, PassRunner, policy_error
from falaj.engine.project import Project
from falaj.engine.session import Session
from falaj.errors import ConfigurationError


def preview(project: Project, stack: str, options: Options | None = None) -> Result:
    """What an update would do, and what the policy packs say of it. Changes nothing.

    Raises what an update would raise, but for policy violations: those are in the result.
    """
    started = time.monotonic()
    with Session(project, stack, options or Options(), previewing=True) as session:
        session.prepare(PassKind.PREVIEW)
        return _result(PassRunner(session, PassKind.PREVIEW).run(), started)


def up(project: Project, stack: str, options: Options | None = None) -> Result:
    """Bring the stack to what the program asks for, after a preview that every policy pack lets through.

    Ends with the preview where that finds nothing to do: every resource the same, the state word for word as it is.
    Raises ``PolicyViolationError`` for mandatory violations (nothing is then created) and ``DeploymentError`` for
    resources that failed; the state holds what was done, and the next update goes on from there.
    """
    chosen = _reaching_out(stack, options)
    started = time.monotonic()
    with Session(project, stack, chosen) as session, session.store.locked():
        session.prepare(PassKind.PREVIEW)
        planned = PassRunner(session, PassKind.PREVIEW).run()
        result = _result(planned, started)
        stop_on_violations(stack, result)
        if planned.settled:
            return result
        session.store.back_up()
        return _result(PassRunner(session, PassKind.UPDATE, after_preview=True).run(), started)


def stop_on_violations(stack: str, result: Result) -> None:
    """Raise ``PolicyViolationError`` that lists the verdicts of a preview which would stop its update, if any."""
    if result.stopping:
        raise policy_error(stack, list(result.stopping), created=False)


def destroy(project: Project, stack: str, options: Options | None = None) -> Result:
    """Remove every resource of the stack, dependents first, with the providers its state names; then its state."""
    chosen = _reaching_out(stack, options)
    started = time.monotonic()
    with Session(project, stack, chosen) as session, session.store.locked():
        session.prepare(PassKind.DESTROY)
        session.store.back_up()
        result = _result(PassRunner(session, PassKind.DESTROY).run(), started)
        session.store.remove()
        return result


def preview_destroy(project: Project, stack: str, options: Options | None = None) -> Result:
    """What a destroy would remove. Changes nothing."""
    started = time.monotonic()
    with Session(project, stack, options or Options()) as session:
        return _result(PassRunner(session, PassKind.PREVIEW, destroying=True).run(), started)


def refresh(project: Project, stack: str, options: Options | None = None) -> Result:
    """Refuse: comparing the state with what really exists is not supported yet."""
    del project, options
    raise ConfigurationError(
        "The embedded engine does not refresh a state from what really exists yet.",
        code="FAL-ENG-801",
        where=f"stack {stack}",
        hint="run `pulumi refresh` on an exported state, or `falaj up`, which compares what it manages.",
    )


def _result(result: PassResult, started: float) -> Result:
    if result.error is not None:
        raise result.error
    seconds = time.monotonic() - started
    return Result(result.steps, result.outputs, result.violations, result.summary, seconds, result.asked)


def _reaching_out(stack: str, options: Options | None) -> Options:
    chosen = options or Options()
    if chosen.offline:
        raise ConfigurationError(
            "Offline mode reaches no cluster, so it can only preview.",
            code="FAL-ENG-802",
            where=f"stack {stack}",
            hint="preview with it, or leave it out.",
        )
    return chosen
