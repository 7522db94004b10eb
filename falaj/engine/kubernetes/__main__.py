"""Serves the provider as a plugin process."""

from __future__ import annotations

import sys

from falaj.engine.kubernetes.service import KubernetesProvider
from falaj.engine.plugin_server import serve_until_stopped


def main(arguments: list[str]) -> int:
    """Serve until asked to stop. The optional argument is the engine's address, as Pulumi passes it to every plugin."""
    provider = KubernetesProvider(arguments[0] if arguments else "")
    serve_until_stopped(provider)
    provider.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
