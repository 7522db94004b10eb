"""The stack program in its own process, and what its end means."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path

from falaj.engine.deployment import Emitter, Target
from falaj.engine.events import Severity
from falaj.engine.plugin_process import ChildProcess
from falaj.engine.project import Project, interpreter
from falaj.errors import ConfigurationError, DeploymentError, FalajError

_RUNNER = Path(__file__).with_name("program_runner.py")
_RUN_ERROR_STATUS = 1
_CRASH_STATUS = 32
_ERROR_TEXT = re.compile(
    r"(?P<code>FAL-[A-Z]+-\d+)  (?P<where>[^\n]*)\n(?P<message>.*)\n  Next: (?P<hint>.*)", re.DOTALL
)
_MONITOR_GONE = "Resource monitor has terminated"
_LAST_LINES = 20


class Program:
    """A running program. Adds nothing to its environment but its configuration."""

    def __init__(
        self,
        project: Project,
        target: Target,
        address: str,
        emit: Emitter,
        on_end: Callable[[], None],
        *,
        dry_run: bool,
        parallel: int,
    ) -> None:
        self._emit = emit
        self._stderr: list[str] = []
        self._where = str(project.main)
        entry = "." if project.main.is_dir() else project.main.name
        named = {
            "monitor": address,
            "engine": address,
            "project": target.project,
            "stack": target.stack,
            "organization": "organization",
            "root_directory": str(project.root),
            "dry_run": "true" if dry_run else "false",
            "parallel": str(parallel),
        }
        arguments = [part for name, value in named.items() for part in (f"--{name}", value)]
        python = interpreter(project.root, project.runtime_options)
        environment = {
            **os.environ,
            "PULUMI_CONFIG": json.dumps(target.settings.values),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(sorted(target.settings.secret_keys)),
        }
        command = [str(python), "-P", str(_RUNNER), *arguments, entry]
        self._process = ChildProcess(command, project.program_directory, environment, self._on_line)
        self._process.read_output()
        self._status: int | None = None
        self._watcher = threading.Thread(target=self._watch, args=(on_end,), daemon=True)
        self._watcher.start()

    def wait(self) -> int:
        """Its exit status."""
        self._watcher.join()
        return self._status if self._status is not None else -1

    def kill(self) -> None:
        """End it now."""
        self._process.kill()
        self._watcher.join()

    def failure(self, status: int, errors: list[str]) -> FalajError | None:
        """What a non-zero exit status means; None when the program only followed the engine's own failure."""
        told = list(dict.fromkeys(text for text in errors if not text.startswith(_MONITOR_GONE)))
        if status == _RUN_ERROR_STATUS and not told:
            return None
        text = "\n".join(told)
        if status == _RUN_ERROR_STATUS:
            return refusal(text, self._where)
        if status == _CRASH_STATUS:
            return DeploymentError(
                f"The program crashed.\n{text}",
                code="FAL-ENG-403",
                where=self._where,
                hint="mend the program; what was done before is in the state.",
            )
        last = "\n".join(self._stderr[-_LAST_LINES:])
        return DeploymentError(
            f"The program ended with exit status {status}.\n{text or last}".rstrip(),
            code="FAL-ENG-404",
            where=self._where,
            hint="read what it printed above; what was done before is in the state.",
        )

    def _watch(self, on_end: Callable[[], None]) -> None:
        self._status = self._process.wait()
        on_end()

    def _on_line(self, stream: str, line: str) -> None:
        if stream == "stderr":
            self._stderr.append(line)
        if line.strip():
            self._emit.diagnostic(Severity.INFO, line)


def refusal(text: str, where: str) -> ConfigurationError:
    """The error for a program that stopped itself; one that already is written as ours keeps its words."""
    match = _ERROR_TEXT.fullmatch(text.strip())
    if match:
        message = "\n".join(line.removeprefix("  ") for line in match["message"].splitlines())
        return ConfigurationError(message, code=match["code"], where=match["where"], hint=match["hint"])
    return ConfigurationError(text, code="FAL-ENG-402", where=where, hint="mend what the message names and run again.")
