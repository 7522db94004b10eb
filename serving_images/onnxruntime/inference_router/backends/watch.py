"""Looks after the endpoints of a side: where they are, whether they are ready, what their metrics say."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from inference_router.backends.question import QuestionError, get
from inference_router.backends.readings import Reading, read

if TYPE_CHECKING:
    from inference_router.backends.address import Address
    from inference_router.backends.fleet import Endpoint, Fleet

MOST_ENDPOINTS: Final = 256
"""Of a side; a name that stands for more is cut short."""

LOST_AFTER: Final = 3
"""Questions in a row without an answer after which an endpoint's requests are asked elsewhere. An endpoint that only
says that it is not ready keeps them."""

SILENT: Final = "silent"
"""The cause that they are told."""

_READY: Final = "/v2/health/ready"
_METRICS: Final = "/metrics"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WatchTimes:
    """How often is looked, and how long is waited."""

    look_seconds: float = 1.0
    """Between two questions for readiness."""

    answer_seconds: float = 1.0
    """For an answer."""

    looks_per_reading: int = 5
    """Metrics are read, and names looked up, each so many looks."""


class Watch:
    """Watches one side until it is stopped. ``changed`` is called whenever something is other than before."""

    def __init__(
        self,
        fleet: Fleet,
        addresses: tuple[Address, ...],
        changed: Callable[[], None],
        times: WatchTimes,
        *,
        health: tuple[Address, ...] = (),
        namespace: str | None = None,
    ) -> None:
        """``health`` are sources of metrics of the GPUs; with a namespace, those of its pods alone count."""
        self._fleet = fleet
        self._addresses = addresses
        self._changed = changed
        self._times = times
        self._health = health
        self._namespace = namespace
        self._unanswered: dict[Endpoint, int] = {}
        self._now = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Look once, then go on."""
        await self._look(reads=True)
        self._task = asyncio.get_running_loop().create_task(self._go_on())

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def look_now(self) -> None:
        """Do not wait for the next time: somebody found an endpoint that does not answer."""
        self._now.set()

    async def _go_on(self) -> None:
        looks = 0
        while True:
            try:
                async with asyncio.timeout(self._times.look_seconds):
                    await self._now.wait()
            except TimeoutError:
                looks += 1
            self._now.clear()
            try:
                await self._look(reads=looks % self._times.looks_per_reading == 0)
            except Exception:  # noqa: BLE001 - whatever it is, the next look may see more
                _LOG.exception("the %s side was not looked at", self._fleet.side)
            if self._fleet.endpoints:
                await asyncio.sleep(self._times.look_seconds / 4)  # who asks to look now does not ask without end

    async def _look(self, *, reads: bool) -> None:
        if reads or not any(endpoint.ready for endpoint in self._fleet.endpoints):
            await self._find()
        looks = [self._ask(endpoint) for endpoint in self._fleet.endpoints]
        if reads:
            looks += [self._read(endpoint) for endpoint in self._fleet.endpoints]
            if self._health:
                looks.append(self._read_health())
        await asyncio.gather(*looks)
        self._changed()

    async def _find(self) -> None:
        """Look the names up. One that is not known has no endpoints; one that can't be looked up keeps those it had."""
        found: list[Address] = []
        for address in self._addresses:
            try:
                found += await _resolved(address)
            except socket.gaierror as error:
                if error.errno in {socket.EAI_NONAME, socket.EAI_NODATA}:
                    continue
                return
        for endpoint in self._fleet.replace(list(dict.fromkeys(found))[:MOST_ENDPOINTS]):
            _LOG.info("endpoint found", extra={"facts": {"side": self._fleet.side, "endpoint": str(endpoint.address)}})
        self._unanswered = {
            endpoint: count for endpoint, count in self._unanswered.items() if endpoint in self._fleet.endpoints
        }

    async def _ask(self, endpoint: Endpoint) -> None:
        address, before = endpoint.address, endpoint.ready
        try:
            status, _ = await get(address.host, address.http_port, _READY, self._times.answer_seconds)
        except QuestionError as error:
            self._note_silence(endpoint, error)
        else:
            self._unanswered.pop(endpoint, None)
            endpoint.ready, endpoint.silent = status == HTTPStatus.OK, False
        if endpoint.ready != before:
            facts = {"side": endpoint.side, "endpoint": str(address), "ready": endpoint.ready}
            _LOG.info("endpoint is ready" if endpoint.ready else "endpoint is not ready", extra={"facts": facts})

    def _note_silence(self, endpoint: Endpoint, error: QuestionError) -> None:
        """It did not answer: others are asked rather, and in the end also for the requests that it has."""
        endpoint.silent = error.silent and (endpoint.ready or endpoint.silent)
        endpoint.ready = False
        count = self._unanswered.get(endpoint, 0) + 1
        self._unanswered[endpoint] = count
        if count == LOST_AFTER:
            endpoint.gone(SILENT)
            _LOG.warning(
                "endpoint is silent", extra={"facts": {"endpoint": str(endpoint.address), "reason": str(error)}}
            )

    async def _read(self, endpoint: Endpoint) -> None:
        port = endpoint.address.metrics_port or endpoint.address.http_port
        if (reading := await self._reading(endpoint.address.host, port, None)) is not None:
            endpoint.read(reading)

    async def _read_health(self) -> None:
        """Ask those who tell of all GPUs. Where none of them answers, what was told last holds."""
        found: list[Reading] = []
        for source in self._health:
            for address in await _resolved_or_none(source):
                reading = await self._reading(address.host, address.http_port, self._namespace)
                if reading is not None:
                    found.append(reading)
        if found:
            together = Reading(gpus=sum(each.gpus for each in found), faults=sum((each.faults for each in found), ()))
            self._fleet.fault = together.fault

    async def _reading(self, host: str, port: int, namespace: str | None) -> Reading | None:
        try:
            status, body = await get(host, port, _METRICS, self._times.answer_seconds)
        except QuestionError:
            return None
        return read(body.decode(errors="replace"), namespace) if status == HTTPStatus.OK else None


async def _resolved(address: Address) -> list[Address]:
    """An address for each that the name stands for, in one order whatever the resolver's."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(address.host, address.http_port, type=socket.SOCK_STREAM)
    return [address.at(host) for host in sorted({str(sockaddr[0]) for *_, sockaddr in found})]


async def _resolved_or_none(address: Address) -> list[Address]:
    try:
        return await _resolved(address)
    except socket.gaierror:
        return []
