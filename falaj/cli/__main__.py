"""Entry point of the ``falaj`` command: one message and a stable exit code for whatever goes wrong."""

from __future__ import annotations

import sys

import click

from falaj.cli.command import falaj
from falaj.cli.console import print_error
from falaj.errors import FalajError

INTERRUPTED = 130


def main() -> None:
    """Run the command line and exit; a :class:`FalajError` becomes its message on standard error and its exit code."""
    try:
        sys.exit(falaj.main(standalone_mode=False))
    except FalajError as error:
        print_error(error)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted. What was done is in the state; the same command goes on from there.", err=True)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    main()
