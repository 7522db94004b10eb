"""``python -m inference_router --cpu HOST:PORT --gpu HOST:PORT``."""

from __future__ import annotations

import gc
import sys

import uvloop
from onnxruntime_server import logs

from inference_router.life import serve
from inference_router.settings import parse

GARBAGE_OBJECTS = 20_000
"""How many new objects make it worth looking for garbage: what a request leaves behind goes by itself."""


def main(arguments: list[str] | None = None) -> int:
    """Route until told to stop; the exit code."""
    settings = parse(arguments)
    logs.configure("inference_router", "onnxruntime_server")
    gc.set_threshold(GARBAGE_OBJECTS)
    return uvloop.run(serve(settings))


if __name__ == "__main__":
    sys.exit(main())
