"""Where providers come from: an address the user named, or a process of ours that is kept for the next pass."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import grpc

from falaj.engine.grpc_provider import GrpcProvider
from falaj.engine.plugin_process import Plugin, PluginError, open_channel
from falaj.engine.provider import Provider
from falaj.errors import ConfigurationError, DeploymentError

COMMANDS = {"kubernetes": (sys.executable, "-m", "falaj.engine.kubernetes")}
"""How our own provider of a package is started."""

OFFLINE_VARIABLE = "FALAJ_KUBERNETES_OFFLINE"
"""Environment variable that tells the Kubernetes provider to reach no cluster."""

Report = Callable[[str, str], None]
"""Told what a provider prints: its package and the line."""


class ProviderHost:
    """Starts and keeps providers for one command. Refuses a package that it has no provider for."""

    def __init__(
        self, directory: Path, report: Report, *, offline: bool, commands: Mapping[str, Sequence[str]]
    ) -> None:
        self._directory = directory
        self._commands = {**COMMANDS, **commands}
        self._report = report
        self._environment = {**os.environ, **({OFFLINE_VARIABLE: "1"} if offline else {})}
        self._attached = _addresses(os.environ.get("PULUMI_DEBUG_PROVIDERS", ""))
        self._lock = threading.Lock()
        self._idle: dict[str, list[Future[Plugin]]] = {}
        self._busy: list[tuple[str, Future[Plugin]]] = []
        self._channels: list[grpc.Channel] = []
        self._starter = ThreadPoolExecutor(thread_name_prefix="provider-start")

    def prepare(self, packages: Iterable[str]) -> None:
        """Start the providers of these packages in the background: they will be asked for."""
        for package in packages:
            if package in self._commands and package not in self._attached:
                with self._lock:
                    self._idle.setdefault(package, []).append(self._starter.submit(self._start, package))

    def acquire(self, package: str) -> Provider:
        """A provider of the package that nobody else configures."""
        if package in self._attached:
            channel = open_channel(self._attached[package])
            self._channels.append(channel)
            return GrpcProvider(channel)
        if package not in self._commands:
            raise _no_provider(package, self._commands)
        with self._lock:
            idle = self._idle.get(package)
            starting = idle.pop() if idle else self._starter.submit(self._start, package)
            self._busy.append((package, starting))
        return GrpcProvider(starting.result().channel)

    def end_pass(self) -> None:
        """Take back every provider; the next pass configures them anew."""
        with self._lock:
            for package, plugin in self._busy:
                self._idle.setdefault(package, []).append(plugin)
            self._busy.clear()

    def close(self) -> None:
        """End every process and close every channel."""
        self.end_pass()
        for plugin in [plugin for plugins in self._idle.values() for plugin in plugins]:
            with contextlib.suppress(DeploymentError):
                plugin.result().close()
        for channel in self._channels:
            channel.close()
        self._starter.shutdown()

    def _start(self, package: str) -> Plugin:
        def pass_on(_stream: str, line: str) -> None:
            self._report(package, line)

        try:
            return Plugin(self._commands[package], self._directory, self._environment, pass_on)
        except PluginError as error:
            raise DeploymentError(
                f"The {package} provider did not start: {error}.",
                code="FAL-ENG-502",
                where=f"provider {package}",
                hint=f"run `{' '.join(self._commands[package])}` by hand and read what it prints.",
            ) from error


def _addresses(text: str) -> dict[str, int]:
    addresses: dict[str, int] = {}
    for entry in filter(None, text.split(",")):
        package, _, port = entry.partition(":")
        if not package or not port.isdigit():
            raise ConfigurationError(
                f"{entry!r} is not a provider with its port.",
                code="FAL-ENG-503",
                where="PULUMI_DEBUG_PROVIDERS",
                hint="write it as `name:port`, several separated by commas, or unset it.",
            )
        addresses[package] = int(port)
    return addresses


def _no_provider(package: str, known: Iterable[str]) -> DeploymentError:
    return DeploymentError(
        f"The embedded engine has no provider for the package {package}; it has {', '.join(sorted(known))}.",
        code="FAL-ENG-501",
        where=f"provider {package}",
        hint="run this stack with the Pulumi CLI, or attach a provider with PULUMI_DEBUG_PROVIDERS=name:port.",
    )
