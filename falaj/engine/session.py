"""One command on one stack: the settings, provider processes and policy packs that its passes share."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

import grpc

from falaj.engine import urn as urns
from falaj.engine.analyzers import Analyzer
from falaj.engine.deployment import Emitter, Target
from falaj.engine.engine_service import EngineService
from falaj.engine.events import PassKind, Severity
from falaj.engine.options import Options
from falaj.engine.project import Project, required_packages
from falaj.engine.protocol import engine_pb2_grpc
from falaj.engine.provider_host import ProviderHost
from falaj.engine.server import serve
from falaj.engine.stack_settings import StackSettings
from falaj.engine.state_store import StateStore
from falaj.errors import FalajError


class Session:
    """Opened once per command; closing it ends every process it started."""

    def __init__(self, project: Project, stack: str, options: Options, *, previewing: bool = False) -> None:
        self.project = project
        self.options = options
        self.directory = (options.state_directory or project.default_state_directory).resolve()
        self.store = StateStore(self.directory, project.name, stack)
        self.emit = Emitter(options.listener)
        settings = StackSettings.load(project, stack, self.directory, options.config, previewing=previewing)
        self.target = Target(project.name, stack, settings)
        self.host = ProviderHost(project.root, self._report, offline=options.offline, commands=options.providers)
        self._server, self._address = serve(self._add_services)
        self._starter = ThreadPoolExecutor(max(1, len(options.policy_packs)), thread_name_prefix="policy-start")
        self._analyzers: list[Future[Analyzer]] = []
        self._configured: PassKind | None = None
        self._configuring = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def prepare(self, kind: PassKind) -> None:
        """Start in the background what the first pass will need: policy packs, and the providers of the state."""
        if kind is not PassKind.DESTROY:
            for pack in self.options.policy_packs:
                self._analyzers.append(
                    self._starter.submit(Analyzer, pack, self._address, self.options.policy_timeout, self._report)
                )
        self.host.prepare(self._packages_in_state() if self.store.exists() else required_packages(self.project))

    def analyzers(self, kind: PassKind) -> Sequence[Analyzer]:
        """The policy packs, started and told which pass they judge."""
        with self._configuring:
            analyzers = [analyzer.result() for analyzer in self._analyzers]
            if self._configured is not kind:
                settings = self.target.settings
                for analyzer in analyzers:
                    analyzer.configure_stack(
                        self.target.project,
                        self.target.stack,
                        settings.values,
                        settings.secret_keys,
                        dry_run=kind is PassKind.PREVIEW,
                    )
                self._configured = kind
            return analyzers

    def close(self) -> None:
        """End every process."""
        for analyzer in self._analyzers:
            with contextlib.suppress(FalajError):
                analyzer.result().close()
        self._starter.shutdown()
        self.host.close()
        self._server.stop(0)

    def _packages_in_state(self) -> list[str]:
        resources = self.store.document()["deployment"].get("resources") or []
        types = [str(entry.get("type", "")) for entry in resources]
        return [name.removeprefix(urns.PROVIDER_PREFIX) for name in types if urns.is_provider_type(name)]

    def _add_services(self, server: grpc.Server) -> None:
        engine_pb2_grpc.add_EngineServicer_to_server(EngineService(self.emit, keep_errors=False), server)

    def _report(self, name: str, line: str) -> None:
        if line.strip():
            self.emit.diagnostic(Severity.INFO, f"{name}: {line}")
