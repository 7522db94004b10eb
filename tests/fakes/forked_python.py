"""Pythons that have imported already: what is started with one is forked from a process that did the imports.

An engine starts a program for every pass and a provider for every package; in tests that is hundreds of times, and most
of what each costs is the import of the same modules. The executables made here are started as Python is, with
`-P FILE …` or `-m MODULE …`, in any folder and environment and with any streams, and end as it does. How the
engine's own processes start is proven where Python itself starts them: tests/engine/test_program.py,
tests/engine/kubernetes/test_plugin_process.py, tests/standin/test_process.py.
"""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from falaj.engine.plugin_process import ChildProcess
from falaj.standin.sdk import sdk

SERVER = Path(__file__).with_name("forking_server.py")
CLIENT = """#!{python} -IS
import marshal, os, socket, sys
request = marshal.dumps((os.getcwd(), sys.argv[1:], dict(os.environ)))
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
socket.send_fds(server, [len(request).to_bytes(8, "big")], [0, 1, 2])
server.sendall(request)
status = int.from_bytes(server.recv(4) or b"\\1\\0", "big")
if os.WIFSIGNALED(status):
    os.kill(os.getpid(), os.WTERMSIG(status))
os._exit(os.WEXITSTATUS(status))
"""
OPTIONS = ("-P", "-m")
"""What a forked Python understands."""

ENGINE = ("falaj.engine.program_runner", "falaj.engine.kubernetes.service", "falaj.standin.service")
"""What a program of no cloud and the providers import."""

STACKS = tuple(f"stacks.{cloud}{level}" for cloud in ("", "aws_", "azure_") for level in ("environment", "tenant"))
"""What the shipped stacks import, but for the classes of SDKs."""

PLANS = Path(__file__).parent.parent / "golden" / "plans"
TYPE = re.compile(r'"type": "(aws|azure-native|kubernetes)(:[^"]+)"')


class ForkedPython:
    """Gives executables in turn. There are two: Python shuffles sets anew in each process, which no plan may follow."""

    def __init__(self, executables: list[Path]) -> None:
        self._next = itertools.cycle(executables)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Have the engine start programs, providers and policy packs so, instead of with the Python of these tests."""
        start = ChildProcess._start

        def start_quickly(command: list[str], cwd: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
            quick = command[0] == sys.executable and command[1] in OPTIONS
            return start([str(next(self._next)), *command[1:]] if quick else command, cwd, environment)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ChildProcess, "_start", staticmethod(start_quickly))
            yield


@contextmanager
def forked_python(*modules: str) -> Iterator[ForkedPython]:
    """Two processes that have imported these modules, until the block ends."""
    if sys.platform != "linux":
        yield ForkedPython([Path(sys.executable)])
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="falaj-")))
        yield ForkedPython([stack.enter_context(_serving(folder / str(number), modules)) for number in range(2)])


@contextmanager
def _serving(folder: Path, modules: tuple[str, ...]) -> Iterator[Path]:
    folder.mkdir()
    address, executable = folder / "socket", folder / "python"
    command = [sys.executable, "-P", str(SERVER), str(address)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write("".join(f"{module}\n" for module in (*modules, "")).encode())
        server.stdin.flush()
        assert server.stdout.readline() == b"ready\n"
        executable.write_text(CLIENT.format(python=sys.executable, address=str(address)), encoding="utf-8")
        executable.chmod(0o755)
        yield executable


def classes_of_plans() -> list[str]:
    """The classes of SDKs that the shipped stacks make resources of, by their golden plans."""
    types = {found for file in PLANS.glob("*.json") for found in TYPE.findall(file.read_text(encoding="utf-8"))}
    places = {(package, sdk(package).resources.get(package + rest)) for package, rest in types}
    return sorted(
        f"pulumi_{package.replace('-', '_')}.{place[0].replace('/', '.')}".rstrip(".") + f":{place[1]}"
        for package, place in places
        if place is not None
    )


@pytest.fixture(scope="session")
def stacks_python() -> Iterator[ForkedPython]:
    """A Python that has imported what the shipped stacks import."""
    with forked_python(*ENGINE, *STACKS, *classes_of_plans()) as python:
        yield python


@pytest.fixture(scope="session")
def engine_python() -> Iterator[ForkedPython]:
    """A Python that has imported what a program of no cloud imports."""
    with forked_python(*ENGINE) as python:
        yield python


@pytest.fixture
def quick_stacks(stacks_python: ForkedPython) -> Iterator[None]:
    """Starts the programs of the shipped stacks from a Python that has imported already."""
    with stacks_python.in_use():
        yield


@pytest.fixture
def quick_programs(engine_python: ForkedPython) -> Iterator[None]:
    """Starts a test's own programs from a Python that has imported already."""
    with engine_python.in_use():
        yield
