"""Runs a Pulumi program in this process, as Pulumi's own language host does.

Started by path with ``python -P`` so that no directory of ours can shadow a module of the program's.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pulumi
import pulumi.runtime

from falaj.engine.generated_code import import_quickly
from falaj.engine.runtime_savings import spare_the_runtime

RUN_ERROR_STATUS = 1
"""The program stopped itself with ``pulumi.RunError``; its message has been logged."""

CRASH_STATUS = 32
"""The program crashed; its traceback has been logged."""


def main() -> int:
    """Run the program named on the command line and give its exit status."""
    import_quickly()
    spare_the_runtime()
    arguments = _arguments()
    pulumi.runtime.set_all_config(pulumi.runtime.get_config_env(), pulumi.runtime.get_config_secret_keys_env())
    settings = pulumi.runtime.Settings(
        monitor=arguments.monitor,
        engine=arguments.engine,
        project=arguments.project,
        stack=arguments.stack,
        parallel=arguments.parallel,
        dry_run=arguments.dry_run == "true",
        organization=arguments.organization,
        root_directory=arguments.root_directory,
    )
    pulumi.runtime.configure(settings)
    sys.argv = [arguments.program]
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # asyncio complains of futures that nobody awaits; a program that fails leaves many, all harmless.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    with ThreadPoolExecutor(max_workers=max(1, arguments.parallel) * 4) as executor:
        loop.set_default_executor(executor)
        status = _run(loop, arguments.program)
    loop.close()
    return status


def _run(loop: asyncio.AbstractEventLoop, program: str) -> int:
    def run() -> None:
        runpy.run_path(program, run_name="__main__")

    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(run))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return RUN_ERROR_STATUS
    except Exception:  # noqa: BLE001 - whatever the program raises is reported, once
        pulumi.log.error(_traceback(program))
        return CRASH_STATUS
    return 0


def _traceback(program: str) -> str:
    """The traceback from the program's first frame on; the runner's own frames say nothing."""
    path = Path(program).resolve()
    main = path / "__main__.py" if path.is_dir() else path
    frames = traceback.extract_tb(sys.exc_info()[2])
    for index, frame in enumerate(frames):
        if Path(frame.filename).resolve() == main:
            return traceback.format_exc(limit=index - len(frames))
    return traceback.format_exc()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run a Pulumi program for an engine.")
    for name in ("monitor", "engine", "project", "stack", "organization", "root_directory", "dry_run"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--parallel", type=int, required=True)
    parser.add_argument("program")
    return parser.parse_args()


if __name__ == "__main__":
    exit_status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_status)
