"""``python -m onnxruntime_server --models DIR``."""

from __future__ import annotations

import sys

import uvloop

from onnxruntime_server import logs
from onnxruntime_server.life import serve
from onnxruntime_server.settings import parse

SWITCH_SECONDS = 0.0005
"""How soon the event loop gets its turn while the inference thread runs Python code."""


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; the exit code."""
    settings = parse(arguments)
    logs.configure()
    sys.setswitchinterval(SWITCH_SECONDS)
    return uvloop.run(serve(settings))


if __name__ == "__main__":
    sys.exit(main())
