"""``python -m triton_server``: check the models, then become Triton."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys

from triton_server import backends, command, repository
from triton_server.errors import StartError
from triton_server.options import Options, parse


def main() -> None:
    """Check, copy, and hand this process over; exit code 2 with one sentence where something is wrong."""
    options = parse()
    try:
        models = repository.prepare(options)
        found = backends.prepare(options)
        environment = command.environment(options, found)
        understood = _help(options, environment)
        arguments = command.arguments(options, found, models, understood, secrets.token_hex(16))
    except StartError as error:
        sys.stderr.write(f"triton_server: {error}\n")
        sys.exit(2)
    sys.stderr.write(f"triton_server: checked {', '.join(model.name for model in models)}\n")
    sys.stderr.flush()
    os.execve(arguments[0], arguments, environment)  # noqa: S606 - no shell is to come between


def _help(options: Options, environment: dict[str, str]) -> str:
    program = options.triton / "bin" / "tritonserver"
    try:
        done = subprocess.run([program, "--help"], env=environment, capture_output=True, check=False)
    except OSError as error:
        raise StartError(f"{program}: can't be run: {error.strerror}") from None
    return (done.stdout + done.stderr).decode(errors="replace")


if __name__ == "__main__":
    main()
