"""The plugin as a process: one line on stdout, and no life beyond its parent's."""

from __future__ import annotations

import subprocess
import sys

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2_grpc

COMMAND = [sys.executable, "-m", "falaj.engine.kubernetes"]
PARENT = (
    f"import subprocess, sys; child = subprocess.Popen({COMMAND!r}); print(child.pid, flush=True); sys.stdin.read()"
)


@pytest.mark.slow
def test_it_prints_its_port_serves_and_ends_when_asked() -> None:
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            assert provider_pb2_grpc.ResourceProviderStub(channel).GetPluginInfo(Empty(), timeout=30).version
        process.terminate()
        rest, errors = process.communicate(timeout=30)
    assert (process.returncode, rest, errors) == (0, "", "")


@pytest.mark.slow
def test_it_ends_with_its_parent() -> None:
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        int(parent.stdout.readline())
        int(parent.stdout.readline())
        parent.kill()
        rest, _ = parent.communicate(timeout=60)
    assert rest == ""
