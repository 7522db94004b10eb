"""The stand-in as a process: one line on stdout, what a user has to know on stderr."""

from __future__ import annotations

import subprocess
import sys

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2_grpc

from falaj.standin.__main__ import main
from falaj.standin.sdk import sdk

COMMAND = [sys.executable, "-m", "falaj.standin", "aws"]


@pytest.mark.slow
def test_it_prints_its_port_serves_and_ends_when_asked() -> None:
    version = sdk("aws").version
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            assert provider_pb2_grpc.ResourceProviderStub(channel).GetPluginInfo(Empty(), timeout=30).version == version
        process.terminate()
        rest, told = process.communicate(timeout=30)
    assert (process.returncode, rest) == (0, "")
    assert told == f"stand-in for aws {version}: no credentials, no network, nothing is created\n"


def test_without_a_package_it_says_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert capsys.readouterr().err == "usage: python -m falaj.standin PACKAGE\n"


def test_a_package_without_an_sdk_is_refused_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nothing-of-this-name"]) == 3
    assert capsys.readouterr().err.startswith("FAL-STD-001  package nothing-of-this-name\n")


@pytest.mark.slow
def test_it_imports_no_cloud_sdk() -> None:
    program = (
        "import sys; from falaj.standin.check import failures; import falaj.standin.service\n"
        "assert failures('aws', 'aws:kms/key:Key', {}) == []\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('pulumi_aws', 'pulumi', 'pydantic')))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
