"""Serves the stand-in of one package as a plugin process: ``python -m falaj.standin aws``."""

from __future__ import annotations

import sys

from falaj.engine.plugin_server import serve_until_stopped
from falaj.errors import FalajError
from falaj.standin.service import StandIn

USAGE = "usage: python -m falaj.standin PACKAGE\n"


def main(arguments: list[str]) -> int:
    """Serve until asked to stop. What follows the package, such as the engine's address, is not needed."""
    if not arguments:
        sys.stderr.write(USAGE)
        return 2
    try:
        provider = StandIn(arguments[0])
    except FalajError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stderr.write(f"{provider.announcement}\n")
    sys.stderr.flush()
    serve_until_stopped(provider)
    provider.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
