"""Spares a program two things that Pulumi's Python runtime does for an engine other than this one.

The runtime tells its engine several times a resource what it is about, each time waiting for an answer; Pulumi's CLI
shows that where ``--debug`` asks for it, this engine never. And while outputs are open it waits for the first of all to
end, again and again, which grows with the square of their number.
"""

from __future__ import annotations

import asyncio

import pulumi
from pulumi.runtime import stack
from pulumi.runtime.rpc_manager import RPCManager
from pulumi.runtime.settings import SETTINGS, _get_rpc_manager


def spare_the_runtime() -> None:
    """Have this process's runtime do so, from now on."""
    pulumi.log.debug = _unsaid
    stack.wait_for_rpcs = _wait_for_calls


def _unsaid(*_said: object, **_more: object) -> None:
    """Nobody would hear it."""


async def _wait_for_calls(await_all_outstanding_tasks: bool = True) -> None:
    """Wait until no call and no output is open, as ``pulumi.runtime.stack.wait_for_rpcs``; raises what failed first."""
    calls = _get_rpc_manager()
    while True:
        await _drain(calls)
        if await_all_outstanding_tasks:
            await _outputs()
        if not calls.rpcs:
            return


async def _drain(calls: RPCManager) -> None:
    while calls.rpcs:
        await asyncio.sleep(0)
        try:
            await calls.rpcs.pop()
        except Exception as error:
            raise error from _cause(calls)
    if failure := _cause(calls):
        raise failure


def _cause(calls: RPCManager) -> Exception | None:
    failure = calls.unhandled_exception
    return None if failure is None else failure.with_traceback(calls.exception_traceback)


async def _outputs() -> None:
    """Wait for the outputs that are open and those that they open."""
    while True:
        with SETTINGS.lock:
            waiting = list(SETTINGS.outputs)
            SETTINGS.outputs.clear()
        if not waiting:
            return
        done, left = await asyncio.wait(waiting, return_when=asyncio.FIRST_EXCEPTION)
        with SETTINGS.lock:
            SETTINGS.outputs.update(left)
        for each in done:
            await each
