"""Triton, as the image starts it, as a process of its own."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import httpx2
import psutil

from benchmarks.serving.environments import DEBIAN_PYTHON

IMAGE: Final = Path(__file__).parents[3] / "serving_images" / "triton"
PATIENCE: Final = 60.0


def free_ports() -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(3)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


class Triton:
    """``python -m triton_server`` on free ports of the loopback, in the environment of the image alone."""

    def __init__(self, site: Path, models: Path, folder: Path, *options: str) -> None:
        self.http, self.grpc, self.metrics = free_ports()
        self._log = folder / "log"
        listeners = [
            f"--{name}-port={port}" for name, port in zip(("http", "grpc", "metrics"), self._ports, strict=True)
        ]
        command = [str(DEBIAN_PYTHON), "-m", "triton_server", "--triton", str(site / "pytriton" / "tritonserver")]
        command += ["--models", str(models), "--work", str(folder / "work"), "--host", "127.0.0.1"]
        environment = {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1", "TRITON_SERVER_VARIANT": "local-cpu"}
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                [*command, *listeners, *options],
                env={**environment, "PATH": "/usr/bin:/bin", "SECRET_OF_SOMEBODY": "s3cret"},
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
            )

    @property
    def _ports(self) -> tuple[int, int, int]:
        return self.http, self.grpc, self.metrics

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http}"

    @property
    def grpc_url(self) -> str:
        return f"127.0.0.1:{self.grpc}"

    @property
    def metrics_url(self) -> str:
        return f"http://127.0.0.1:{self.metrics}/metrics"

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                if httpx2.get(f"{self.url}/v2/health/ready").status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"it did not become ready:\n{self.log()[-4000:]}")

    def shared_memory(self) -> set[Path]:
        """The shared memory that it and its backends hold now."""
        server = psutil.Process(self.process.pid)
        mapped = {each.path for process in (server, *server.children(recursive=True)) for each in process.memory_maps()}
        return {Path(path) for path in mapped if path.startswith("/dev/shm/")}

    def wait(self) -> int:
        return self.process.wait(PATIENCE)

    def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def close(self) -> None:
        """End it as a pod would; what it leaves in shared memory would otherwise stay on this machine."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(PATIENCE)
