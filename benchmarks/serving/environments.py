"""Python environments of the server and of each peer, installed by the benchmark itself and kept in the cache."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.serving.errors import MeasurementError
from benchmarks.surroundings import inherited
from falaj.localcluster.locks import lock
from falaj.localcluster.places import cache_directory

ROOT = Path(__file__).parents[2]
SERVER = ROOT / "serving_images" / "onnxruntime"
TRITON = ROOT / "serving_images" / "triton"
LOCKS = Path(__file__).with_name("locks")
PYTHON = "3.11"
"""What the locks were made for; every contender runs on the same interpreter, but for the one below."""
DEBIAN_PYTHON = Path("/usr/bin/python3.11")
NEED_DEBIAN_PYTHON = ("pytriton",)
"""Its stub links the system's libpython3.11 and breaks on another build of Python."""


@functools.cache
def of_the_server() -> Path:
    """The interpreter of an environment that holds what the server's own lock says, without its development tools."""
    return _locked_environment("onnxruntime-server", PYTHON)


@functools.cache
def of_the_image() -> Path:
    """The same on the interpreter that the server's image has, for what is compared with nothing but itself."""
    return _locked_environment("onnxruntime-server-debian", _debian_python("the server as in its image"))


@functools.cache
def of_peer(name: str) -> Path:
    """The interpreter of an environment with a peer, each package by the hash in its lock; made once for each lock."""
    lock = LOCKS / f"{name}.txt"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    folder = _folder() / f"{name}-{digest}"
    python, complete = folder / "bin" / "python", folder / "complete"
    if not complete.exists():
        _uv(["venv", "--clear", "--python", _interpreter(name), str(folder)])
        install = ["pip", "install", "--require-hashes", "--no-deps", "--only-binary", ":all:", "--compile-bytecode"]
        _uv([*install, "--python", str(python), "--requirement", str(lock)])
        complete.touch()
    return python


@functools.cache
def of_triton() -> Path:
    """The folder that the Triton image's own `install` fills for the local variant; what it made before goes."""
    _debian_python("triton")
    inputs = [TRITON / "install", TRITON / "uv.lock"]
    for name in ("triton_server", "onnxruntime_backend", "backends"):
        inputs += sorted(file for file in (TRITON / name).rglob("*") if file.is_file() and file.suffix != ".pyc")
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in inputs)).hexdigest()[:12]
    folder = _folder() / f"triton-{digest}"
    with lock("triton-environment"):
        if not folder.exists():
            for older in _folder().glob("triton-*"):
                shutil.rmtree(older)
            unfinished = folder.with_name("triton-unfinished")
            _run([str(TRITON / "install"), str(unfinished), PYTHON, "local-cpu"], TRITON)
            unfinished.rename(folder)
    return folder


def versions(lock: str) -> dict[str, str]:
    """The exact versions that a lock asks for."""
    pins = [line.partition(" ")[0] for line in lock.splitlines() if "==" in line]
    return dict(pin.split("==") for pin in pins)


def _locked_environment(name: str, python: str) -> Path:
    folder = _folder() / name
    command = ["sync", "--frozen", "--no-dev", "--no-install-project", "--compile-bytecode", "--python", python]
    _uv([*command, "--project", str(SERVER)], UV_PROJECT_ENVIRONMENT=str(folder))
    return folder / "bin" / "python"


def _interpreter(name: str) -> str:
    if name not in NEED_DEBIAN_PYTHON:
        return PYTHON
    return _debian_python(name)


def _debian_python(name: str) -> str:
    if not DEBIAN_PYTHON.exists() or not list(Path("/usr/lib").glob("*/libpython3.11.so.1.0")):
        raise MeasurementError(
            f"{name} runs only on Debian's own Python: {DEBIAN_PYTHON} or its library is missing. "
            "Next: apt-get install python3.11 libpython3.11, or leave out the rows that need it with --only."
        )
    return str(DEBIAN_PYTHON)


def _folder() -> Path:
    return cache_directory() / "benchmarks" / "serving" / "environments"


def _uv(arguments: list[str], **variables: str) -> None:
    _run([str(_program()), "--quiet", *arguments], ROOT, **variables)


def _program() -> Path:
    beside = Path(sys.executable).with_name("uv")
    found = shutil.which("uv")
    if found is None and not beside.exists():
        raise MeasurementError("uv is missing. Next: make setup, which installs it.")
    return Path(found) if found else beside


def _run(command: list[str], directory: Path, **variables: str) -> None:
    environment = {**inherited(), "PATH": f"{os.environ['PATH']}{os.pathsep}{_program().parent}", **variables}
    done = subprocess.run(command, cwd=directory, env=environment, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise MeasurementError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-4000:]}")
