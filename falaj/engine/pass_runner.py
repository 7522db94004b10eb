"""One pass from beginning to end: the program runs against the engine, then what is left over is removed."""

from __future__ import annotations

import textwrap
import threading
import time
from dataclasses import dataclass
from typing import Any

import grpc

from falaj.engine.builtin_provider import BuiltinProvider
from falaj.engine.callbacks import Callbacks
from falaj.engine.deployment import Deployment
from falaj.engine.engine_service import EngineService
from falaj.engine.events import PassFinished, PassKind, PassStarted, Severity, Step, StepOp, Violation
from falaj.engine.journal import Journal
from falaj.engine.monitor import ResourceMonitor
from falaj.engine.program import Program
from falaj.engine.protocol import engine_pb2_grpc, resource_pb2_grpc
from falaj.engine.provider import Provider
from falaj.engine.provider_registry import ProviderRegistry
from falaj.engine.registration import Registrations
from falaj.engine.removal import delete_all, delete_unwanted, report_interrupted, settle_interrupted
from falaj.engine.resource_state import ResourceState
from falaj.engine.server import serve
from falaj.engine.session import Session
from falaj.engine.stack_state import referenced_outputs
from falaj.engine.values import PropertyMap, Unknown, plain
from falaj.errors import DeploymentError, FalajError, PolicyViolationError


@dataclass(frozen=True, slots=True)
class PassResult:
    """What one pass came to."""

    steps: tuple[Step, ...]
    """What was done, in the order it was finished."""

    outputs: dict[str, Any]
    """The stack's outputs, secrets masked."""

    violations: tuple[Violation, ...]
    """Verdicts of the policy packs."""

    summary: dict[StepOp, int]
    """How many resources each thing was done to."""

    error: FalajError | None
    """Why it did not go well."""

    asked: tuple[ResourceState, ...] = ()
    """What the program asked for, with the inputs it gave."""

    settled: bool = False
    """Whether a preview found that there is nothing to do: the state would stay as it is, word for word."""


class PassRunner:
    """Runs one pass of a session."""

    def __init__(
        self, session: Session, kind: PassKind, *, destroying: bool = False, after_preview: bool = False
    ) -> None:
        self._session = session
        self._kind = kind
        self._after_preview = after_preview
        self._destroying = destroying or kind is PassKind.DESTROY
        secrets = session.store.secrets(session.target.settings.salt)
        snapshot = session.store.read(secrets)
        store = None if kind is PassKind.PREVIEW else session.store
        journal = self._journal = Journal(snapshot, store, secrets)
        parallel = session.options.parallel
        self._deployment = Deployment(session.target, kind, snapshot, journal, emit=session.emit, parallel=parallel)
        self._callbacks = Callbacks()
        self._registry = ProviderRegistry(self._acquire)
        analyzers = (lambda: ()) if self._destroying else (lambda: session.analyzers(kind))
        self._registrations = Registrations(self._deployment, self._registry, analyzers, self._callbacks)

    def run(self) -> PassResult:
        """Run the pass. Never raises for what went wrong in it: the result says so."""
        started = time.monotonic()
        deployment = self._deployment
        deployment.emit(PassStarted(self._kind))
        if not self._after_preview:
            report_interrupted(deployment)
        outputs = PropertyMap()
        error: FalajError | None
        try:
            if self._destroying:
                error = self._destroy()
            else:
                error = self._run_program()
                outputs = self._registrations.finish_stack()
        except FalajError as failure:
            error = failure
        finally:
            self._callbacks.close()
            self._session.host.end_pass()
        result = self._result(outputs, error or self._failure())
        deployment.emit(
            PassFinished(
                self._kind,
                result.summary,
                result.outputs,
                time.monotonic() - started,
                failed=result.error is not None,
            )
        )
        return result

    def _run_program(self) -> FalajError | None:
        deployment, session = self._deployment, self._session
        monitor = ResourceMonitor(self._registrations, self._callbacks, session.options.parallel)
        engine = EngineService(session.emit, keep_errors=True)

        def add_services(server: grpc.Server) -> None:
            resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, server)
            engine_pb2_grpc.add_EngineServicer_to_server(engine, server)

        server, address = serve(add_services)
        exited = threading.Event()

        def on_end() -> None:
            exited.set()
            monitor.program_ended.set()

        program = Program(
            session.project,
            session.target,
            address,
            session.emit,
            on_end,
            dry_run=deployment.dry_run,
            parallel=session.options.parallel,
        )
        try:
            self._wait(monitor.program_ended)
            if not exited.is_set() or program.wait() == 0:
                self._conclude()
            monitor.may_exit.set()
            status = program.wait()
        finally:
            monitor.may_exit.set()
            program.kill()
            server.stop(0).wait()
        if status != 0:
            return deployment.fatal or program.failure(status, engine.errors)
        for message in engine.errors:
            session.emit.diagnostic(Severity.ERROR, message)
        return None

    def _conclude(self) -> None:
        """What follows when the program has asked for everything: the stack is judged, and what is left over goes."""
        deployment = self._deployment
        if deployment.has_failed():
            return
        try:
            # Policies may ask what the stack puts out, as with the Pulumi CLI.
            self._registrations.finish_stack()
            self._registrations.planner.judge_stack()
            if deployment.stopping_violations() and not deployment.dry_run:
                return
            delete_unwanted(self._registrations, self._session.options.parallel)
        except FalajError as error:
            deployment.abort(error)
            return
        if not deployment.has_failed() and not deployment.dry_run:
            settle_interrupted(deployment)

    def _destroy(self) -> FalajError | None:
        deployment = self._deployment
        ended = threading.Event()

        def work() -> None:
            try:
                delete_all(self._registrations, list(deployment.snapshot.resources), self._session.options.parallel)
            except FalajError as error:
                deployment.abort(error)
            finally:
                ended.set()

        worker = threading.Thread(target=work, name="destroy")
        worker.start()
        self._wait(ended)
        worker.join()
        if self._kind is PassKind.DESTROY and not deployment.has_failed():
            settle_interrupted(deployment)
        return deployment.fatal

    def _wait(self, event: threading.Event) -> None:
        """Wait; on Ctrl-C let what is running end and begin nothing more."""
        try:
            event.wait()
        except KeyboardInterrupt:
            message = "Stopping: what is running ends, nothing more begins. Press Ctrl-C again to leave at once."
            self._deployment.emit.diagnostic(Severity.WARNING, message)
            self._deployment.abort(
                DeploymentError(
                    "The run was stopped by Ctrl-C; what was done is in the state.",
                    code="FAL-ENG-604",
                    where=f"stack {self._session.target.stack}",
                    hint="run the command again to go on where it stopped.",
                )
            )
            self._deployment.wait_until_idle()
            self._registry.cancel()

    def _acquire(self, package: str) -> Provider:
        if package != "pulumi":
            return self._session.host.acquire(package)

        def read_outputs(name: str) -> PropertyMap | Unknown:
            offline = self._session.options.offline
            return referenced_outputs(self._session.directory, self._session.target.project, name, offline=offline)

        def find(urn: str) -> ResourceState | None:
            return self._registrations.find(urn)

        return BuiltinProvider(read_outputs, find)

    def _result(self, outputs: PropertyMap, error: FalajError | None) -> PassResult:
        deployment = self._deployment
        with deployment.lock:
            return PassResult(
                steps=tuple(deployment.record.steps),
                outputs=plain(outputs),
                violations=tuple(deployment.record.violations),
                summary=deployment.summary(),
                error=error,
                asked=self._registrations.asked(),
                settled=error is None and deployment.dry_run and self._is_settled(),
            )

    def _is_settled(self) -> bool:
        return self._deployment.summary().keys() <= {StepOp.SAME, StepOp.READ} and self._journal.is_as_before()

    def _failure(self) -> FalajError | None:
        deployment = self._deployment
        if deployment.fatal is not None:
            return deployment.fatal
        stopping = deployment.stopping_violations()
        if stopping and not deployment.dry_run:
            return policy_error(self._session.target.stack, stopping, created=True)
        with deployment.lock:
            failed = dict(deployment.record.failed)
        if not failed:
            return None
        reasons = {str(error.described): error.described for error in failed.values()}
        if len(reasons) == 1 and (common := next(iter(reasons.values()))) is not None:
            return common
        lines = [f"{urn}\n{textwrap.indent(str(error), '  ')}" for urn, error in failed.items()]
        left = len(deployment.record.skipped)
        if left:
            lines.append(f"{left} resources that depend on them were left out.")
        return DeploymentError(
            "\n".join(lines),
            code="FAL-ENG-601",
            where=f"stack {self._session.target.stack}, {len(failed)} failed",
            hint="mend what the messages name and run again; what was done is in the state.",
        )


def policy_error(stack: str, violations: list[Violation], *, created: bool) -> PolicyViolationError:
    """The error that lists every verdict which stopped an update."""
    lines = [
        f"{violation.policy}  {violation.urn}\n{textwrap.indent(violation.message, '  ')}" for violation in violations
    ]
    ending = "What was done before is in the state." if created else "Nothing was created."
    return PolicyViolationError(
        "\n".join([*lines, ending]),
        code="FAL-ENG-705",
        where=f"stack {stack}, {len(violations)} policy violations",
        hint="change the stack so that it complies, or have a waiver reviewed.",
    )
