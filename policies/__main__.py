"""Start the pack the way Pulumi's engine expects: serve, and print the port as the only line of output."""

from __future__ import annotations

import sys

from policies.analyzer.server import serve
from policies.unreadable import UnreadableError


def announce(port: int) -> None:
    """Tell the engine where to connect."""
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        serve(announce)
    except UnreadableError as error:
        sys.exit(str(error))
