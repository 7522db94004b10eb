"""The end of a pass: resources that nobody asks for any more go, and so do those that were replaced."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from falaj.engine import urn as urns
from falaj.engine.deletion import ensure_provider, waves
from falaj.engine.deployment import Deployment, ResourceError
from falaj.engine.events import Severity, Step, StepOp
from falaj.engine.executor import step_for
from falaj.engine.registration import Registrations
from falaj.engine.resource_state import ResourceState


def delete_unwanted(registrations: Registrations, parallel: int) -> None:
    """Delete what the program did not register, and old copies of what was replaced."""
    deployment = registrations.deployment
    doomed: list[ResourceState] = []
    for state in deployment.snapshot.resources:
        if state.pending_deletion:
            doomed.append(state)
        elif state.urn in deployment.record.claimed or registrations.names.is_taken(state.urn):
            continue
        elif state.pending_replacement:
            deployment.journal.finish(remove=state)
        else:
            doomed.append(state)
    delete_all(registrations, doomed, parallel)


def delete_all(registrations: Registrations, doomed: Sequence[ResourceState], parallel: int) -> None:
    """Delete these resources, dependents first; what a failed one still needs is left."""
    deployment = registrations.deployment
    with deployment.lock:
        deployment.record.deleted |= {state.urn for state in doomed}
    needed: set[str] = set()
    with ThreadPoolExecutor(max(1, parallel), thread_name_prefix="delete") as pool:
        for group in waves(doomed):
            allowed = [state for state in group if state.urn not in needed and not deployment.cancelled.is_set()]
            ended = pool.map(lambda state: (state, _delete(registrations, state)), allowed)
            done = {id(state) for state, succeeded in ended if succeeded}
            for state in group:
                if id(state) not in done:
                    needed |= state.depends_on()


def _delete(registrations: Registrations, state: ResourceState) -> bool:
    deployment = registrations.deployment
    replaced = state.pending_deletion

    def act() -> Step:
        with deployment.slots:
            if not (deployment.dry_run or state.external or urns.is_provider_type(state.type)):
                ensure_provider(registrations.registry, deployment, state.provider)
            registrations.executor.delete(state, replacing=replaced)
        return step_for(StepOp.DELETE, state)

    try:
        deployment.perform(step_for(StepOp.DELETE, state), act, silent=replaced or state.external)
    except ResourceError as failure:
        deployment.fail(state.urn, failure)
        return False
    return True


def report_interrupted(deployment: Deployment) -> None:
    """Tell which operations an earlier run had begun when it was killed."""
    for operation in deployment.journal.interrupted:
        advice = {
            "creating": "it may exist already; this run asks its provider again, with the same inputs",
            "updating": "it may be half changed; this run compares and updates it again",
            "deleting": "it may be gone already; this run deletes it again if it is not wanted",
        }.get(operation.kind, "look at it before you go on")
        message = f"An earlier run was interrupted while {operation.kind} {operation.state.urn}: {advice}."
        deployment.emit.diagnostic(Severity.WARNING, message, operation.state.urn)


def settle_interrupted(deployment: Deployment) -> None:
    """After a run that went well: tell what was begun and is not wanted any more, then forget it."""
    for operation in deployment.journal.interrupted:
        if operation.kind == "creating":
            message = (
                f"{operation.state.urn} may have been created by an interrupted run and the program does not ask for "
                "it any more: look for it by its name and delete it by hand."
            )
            deployment.emit.diagnostic(Severity.WARNING, message, operation.state.urn)
    deployment.journal.forget_interrupted()
