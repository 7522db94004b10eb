"""Pulumi's messages load without the SDK and carry what the SDK lets through."""

from __future__ import annotations

import subprocess
import sys

DEEP = """
import sys
from falaj.engine.protocol import provider_pb2
from falaj.engine.values import PropertyMap
from falaj.engine.wire import decode, encode
value = "bottom"
for _ in range(120):
    value = {"properties": [value]}
sent = provider_pb2.CreateRequest(properties=encode(PropertyMap({"schema": value}))).SerializeToString()
received = decode(provider_pb2.CreateRequest.FromString(sent).properties)
print(received == {"schema": value}, "pulumi" in sys.modules)
"""

SAME = """
from falaj.engine.protocol import resource_pb2
import pulumi.runtime.proto.resource_pb2 as theirs
print(theirs.RegisterResourceRequest is resource_pb2.RegisterResourceRequest)
"""


def printed(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def test_deeply_nested_schemas_pass_without_the_sdk() -> None:
    assert printed(DEEP) == "True False"


def test_the_sdk_gets_the_same_message_classes() -> None:
    assert printed(SAME) == "True"
