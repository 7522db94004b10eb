"""Pulumi's protocol messages, without the SDK around them.

Importing ``pulumi.runtime.proto`` imports the whole SDK first, which takes the engine and its providers a third of a
second that nobody needs. The generated modules stand on their own, so they are loaded by their place in the installed
SDK. A process that imports the SDK as well gets the very same message classes: protobuf keeps one per message.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi.runtime.proto import (
        alias_pb2,
        analyzer_pb2,
        analyzer_pb2_grpc,
        callback_pb2,
        callback_pb2_grpc,
        engine_pb2,
        engine_pb2_grpc,
        plugin_pb2,
        provider_pb2,
        provider_pb2_grpc,
        resource_pb2,
        resource_pb2_grpc,
        status_pb2,
    )

__all__ = [
    "alias_pb2",
    "analyzer_pb2",
    "analyzer_pb2_grpc",
    "callback_pb2",
    "callback_pb2_grpc",
    "engine_pb2",
    "engine_pb2_grpc",
    "plugin_pb2",
    "provider_pb2",
    "provider_pb2_grpc",
    "resource_pb2",
    "resource_pb2_grpc",
    "status_pb2",
]

_PACKAGE = f"{__name__}_modules"


def _package() -> str:
    """Name of a package that holds the generated modules and nothing else."""
    if _PACKAGE not in sys.modules:
        found = importlib.util.find_spec("pulumi")
        if found is None or not found.submodule_search_locations:
            raise ModuleNotFoundError("the Pulumi SDK is not installed", name="pulumi")
        package = ModuleType(_PACKAGE)
        package.__path__ = [str(Path(found.submodule_search_locations[0]) / "runtime" / "proto")]
        sys.modules[_PACKAGE] = package
        _allow_deep_messages()
    return _PACKAGE


def _allow_deep_messages() -> None:
    """Lift protobuf's limit of a hundred levels, as the SDK does: schemas inside Kubernetes objects are deeper."""
    implementation = importlib.import_module("google.protobuf.internal.api_implementation")
    module = getattr(implementation, "_c_module", None)
    if module is not None:
        module.SetAllowOversizeProtos(True)


def __getattr__(name: str) -> ModuleType:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{_package()}.{name}")
    globals()[name] = module
    return module
