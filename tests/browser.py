"""Chromium, without a window, spoken to over its own protocol.

Source: https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import shutil
import signal
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

PROGRAM = shutil.which("chromium") or shutil.which("google-chrome")
LOWEST_DESCRIPTOR = 10
READS, WRITES = 3, 4
"""The descriptors on which the browser takes commands and gives answers."""
PATIENCE_SECONDS = 30.0
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe"),
)


class Browser:
    """One page of a browser of its own, whose profile lies in the folder."""

    def __init__(self, folder: Path) -> None:
        assert PROGRAM is not None
        self.complaints: list[str] = []
        """What its log has of the page that is open: errors of scripts, what was refused, what could not be loaded."""
        self._numbers = itertools.count(1)
        self._commands, self._answers, self._pid = _start(PROGRAM, folder)
        self._session = ""
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._ask(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._commands.close()  # the browser ends with its pipe
        deadline = time.monotonic() + PATIENCE_SECONDS
        while os.waitpid(self._pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                os.kill(self._pid, signal.SIGKILL)
            time.sleep(0.02)
        self._answers.close()

    def open(self, address: str) -> None:
        """Go there, and forget what was complained of elsewhere."""
        self._ask("Page.navigate", url=address)
        self.complaints.clear()

    def evaluate(self, expression: str) -> Any:  # noqa: ANN401 - whatever JSON the script gives
        """What a script of the page gives, awaited."""
        answer = self._ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def prefer(self, scheme: str) -> None:
        """Ask pages to be ``light`` or ``dark``."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._ask("Emulation.setEmulatedMedia", features=features)

    def block(self, *patterns: str) -> None:
        """Let requests to these addresses fail, and none other."""
        self._ask("Network.setBlockedURLs", urls=list(patterns))

    def _ask(self, method: str, **parameters: object) -> dict[str, Any]:
        number = next(self._numbers)
        session = {"sessionId": self._session} if self._session else {}
        command = {"id": number, "method": method, "params": parameters, **session}
        self._commands.write(json.dumps(command).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return dict(answer["result"])
            self._hear(answer)

    def _read(self) -> dict[str, Any]:
        content = bytearray()
        while (byte := self._answers.read(1)) != b"\0":
            assert byte, "the browser ended"
            content += byte
        return dict(json.loads(content))

    def _hear(self, event: dict[str, Any]) -> None:
        if event.get("method") == "Log.entryAdded":
            self.complaints.append(event["params"]["entry"]["text"])
        elif event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(str(event["params"]["exceptionDetails"]))


def _start(program: str, folder: Path) -> tuple[IO[bytes], IO[bytes], int]:
    (command_reader, command_writer), (answer_reader, answer_writer) = _pipe(), _pipe()
    log = os.open(folder / "browser.log", os.O_WRONLY | os.O_CREAT, 0o600)
    pid = os.posix_spawn(
        program,
        [program, *OPTIONS, f"--user-data-dir={folder / 'profile'}"],
        {**os.environ, "HOME": str(folder)},
        file_actions=[
            (os.POSIX_SPAWN_DUP2, log, 1),
            (os.POSIX_SPAWN_DUP2, log, 2),
            (os.POSIX_SPAWN_DUP2, command_reader, READS),
            (os.POSIX_SPAWN_DUP2, answer_writer, WRITES),
        ],
    )
    for end in (command_reader, answer_writer, log):
        os.close(end)
    return os.fdopen(command_writer, "wb", buffering=0), os.fdopen(answer_reader, "rb"), pid


def _pipe() -> tuple[int, int]:
    """Its two ends, out of the way of the descriptors that the browser gets."""
    reader, writer = os.pipe()
    moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, LOWEST_DESCRIPTOR) for end in (reader, writer)]
    os.close(reader)
    os.close(writer)
    return moved[0], moved[1]
