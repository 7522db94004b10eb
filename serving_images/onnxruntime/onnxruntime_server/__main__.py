"""``python -m onnxruntime_server --models DIR``."""

from __future__ import annotations

import gc
import sys

import uvloop

from onnxruntime_server import allocator, logs
from onnxruntime_server.life import serve
from onnxruntime_server.settings import parse

SWITCH_SECONDS = 0.002
"""How soon the event loop gets its turn while another thread runs Python code. Shorter ones make gRPC's threads, which
each need the interpreter for less, take turns more often than they have to: a fifth more processor time a call."""

GARBAGE_OBJECTS = 20_000
"""How many new objects make it worth looking for garbage: what a request leaves behind goes by itself."""


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; the exit code."""
    settings = parse(arguments)
    logs.configure("onnxruntime_server")
    allocator.set_up()
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(GARBAGE_OBJECTS)
    return uvloop.run(serve(settings))


if __name__ == "__main__":
    sys.exit(main())
