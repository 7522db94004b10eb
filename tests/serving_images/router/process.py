"""The router as a process of its own, before real servers."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from tests.serving_images.process import ServerProcess


def address_of(server: ServerProcess) -> str:
    """A server as the router's command line names it."""
    host, port = server.address
    grpc = server.said("listening").get("grpc_port")
    return f"{host}:{port}" if grpc is None else f"{host}:{port}:{grpc}"


class RouterProcess(ServerProcess):
    """``python -m inference_router`` on free ports of the loopback; it looks at its runtimes ten times a second."""

    program = "inference_router"

    def __init__(
        self,
        cpu: ServerProcess | str | None,
        gpu: ServerProcess | str | None,
        *options: str,
        policy: Path | None = None,
    ) -> None:
        command = [sys.executable, "-m", self.program, "--grpc-port", "0", "--look-seconds", "0.1"]
        for name, where in (("--cpu", cpu), ("--gpu", gpu)):
            if where is not None:
                command += [name, where if isinstance(where, str) else address_of(where)]
        if policy is not None:
            command += ["--policy", str(policy)]
        self._start(command, ("--drain-seconds", "0", *options))

    def metrics(self) -> dict[str, float]:
        """Every sample by its name and labels, as they are written."""
        with self.client() as client:
            text = client.get("/metrics").text
        return {name: float(value) for name, value in re.findall(r"^(inference_router\S*) (\S+)$", text, re.MULTILINE)}

    def routed(self, **labels: str) -> float:
        """How many requests went where, of those with these labels."""
        return sum(
            count
            for name, count in self.metrics().items()
            if name.startswith("inference_router_requests_total")
            and all(f'{key}="{value}"' in name for key, value in labels.items())
        )

    def written(self, message: str) -> list[dict[str, Any]]:
        """Lines of the log with this message, of what the router has said so far."""
        while not self._queue.empty():
            if (line := self._queue.get()) is not None:
                self.lines.append(line)
        return [line for line in self.lines if line["message"] == message]

    def audited(self, message: str) -> list[dict[str, Any]]:
        """The same of the audit log."""
        return [line for line in self.written(message) if line["logger"] == "inference_router.audit"]


def infer(rows: int = 2) -> bytes:
    """A request to a model that gives back what it takes."""
    data = [float(number) for number in range(rows)]
    return json.dumps({"inputs": [{"name": "x", "shape": [rows], "datatype": "FP32", "data": data}]}).encode()
