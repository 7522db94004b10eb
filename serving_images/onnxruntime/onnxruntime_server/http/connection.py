"""A client's connection: answers go out in the order of their requests, and never more of them than are read."""

from __future__ import annotations

import asyncio
from collections import deque
from math import inf
from time import perf_counter
from typing import TYPE_CHECKING, ClassVar, Final, cast

from onnxruntime_server.http import answers
from onnxruntime_server.http.answers import Answer
from onnxruntime_server.http.exchange import Exchange
from onnxruntime_server.http.options import MOST_PIPELINED
from onnxruntime_server.http.reader import BETWEEN, RequestReader
from onnxruntime_server.http.records import record, request_id_of

if TYPE_CHECKING:
    from onnxruntime_server.http.state import State

JOINED_BYTES: Final = 64 * 1024
"""A longer body is written by itself: to copy it behind its head would take longer than a second write."""

LEAST_PROGRESS: Final = 64 * 1024
"""What a slow reader must take in before its time is up, to be given the same time again."""

SPARE_CONNECTIONS: Final = 32
"""Connections above the limit that are still read, so that a probe of health finds an answer."""


class Connection(asyncio.Protocol):
    """One client. Its requests are worked on at the same time, a few at most, and answered in their order."""

    reader_of: ClassVar[type[RequestReader]] = RequestReader
    """Makes what reads requests."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._transport: asyncio.Transport
        self._reader = self.reader_of(self, state)
        self._waiting: deque[Exchange] = deque()
        self._open: deque[Exchange] = deque()
        self._write_deadline = inf
        self._unread_bytes = 0
        self._body_wanted = False
        self._dispatching = False
        self._reading_paused = False
        self._closing = False
        self._spare = False

    def data_received(self, data: bytes) -> None:
        """Take in requests and parts of them."""
        if not self._state.draining:
            self._reader.feed(data)
            return
        # Which answer is the last is known only when all that came is read.
        self._dispatching = True
        self._reader.feed(data)
        self._dispatching = False
        self._dispatch()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or refuse where there are too many."""
        self._transport = cast("asyncio.Transport", transport)
        self._state.joined(self)
        above = len(self._state.connections) - self._state.options.connections
        self._spare = above > 0
        if above > SPARE_CONNECTIONS:
            self._reader.stop()
            self.received(Exchange(self, self._state.memory, b"", b"", {}))

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there any more; drop what was asked for."""
        del exc
        self._abandon()
        self._count_unread(0)
        self._write_deadline = inf
        self._reader.release()
        self._state.left(self)

    def eof_received(self) -> None:
        """The client has closed its side and is taken to have left. What was answered is still sent."""
        self._abandon()
        self._close()

    def pause_writing(self) -> None:
        """Answers pile up unread: begin nothing more for this client, and give it a time to read."""
        self._count_unread(self._transport.get_write_buffer_size())
        self._write_deadline = self._state.now + self._state.options.write_seconds
        self._balance_reading()

    def resume_writing(self) -> None:
        """Most of the answers are gone."""
        self._count_unread(0)
        if not self._closing:
            self._write_deadline = inf
            self._dispatch()

    def check(self, now: float) -> None:
        """Act on deadlines that have passed."""
        if now > self._write_deadline:
            size = self._transport.get_write_buffer_size()
            if self._unread_bytes - size < LEAST_PROGRESS:
                self._transport.abort()
                return
            self._count_unread(size)
            self._write_deadline = now + self._state.options.write_seconds
        if now <= self._reader.deadline:
            return
        if self._closing or self._reader.phase == BETWEEN:
            self._close()
        else:
            self._reader.time_is_up()

    def close_if_idle(self) -> None:
        """Close it where nothing is asked for."""
        if self._is_idle():
            self._close()

    def abort(self) -> None:
        """Close it whatever is asked for."""
        self._transport.abort()

    def received(self, exchange: Exchange) -> None:
        """A request is here, or what is left of one, with its refusal."""
        exchange.started = perf_counter()
        self._body_wanted = False
        self._waiting.append(exchange)
        self._dispatch()

    def wants_body(self) -> None:
        """Tell the client to send the body that it has announced, once its earlier requests are answered."""
        self._body_wanted = True
        self._ask_for_body()

    def answered(self) -> None:
        """One of the requests has its answer."""
        if not self._dispatching:
            self._flush()
            self._dispatch()

    def _ask_for_body(self) -> None:
        if self._body_wanted and not self._open and not self._waiting:
            self._body_wanted = False
            self._transport.write(answers.CONTINUE)

    def _dispatch(self) -> None:
        """Begin what may begin. Answers that are there at once go out from here, one loop for all of them."""
        if self._dispatching:
            return
        waiting, begun = self._waiting, self._open
        self._dispatching = True
        while waiting and not self._unread_bytes and (not begun or self._may_join(waiting[0])):
            exchange = waiting.popleft()
            begun.append(exchange)
            if self._spare:
                self._refuse_above_limit(exchange)
            if exchange.answer is None:
                self._state.endpoints.handle(exchange)
            if begun and begun[0].answer is not None:
                self._flush()
        self._dispatching = False
        if bool(waiting or self._unread_bytes) != self._reading_paused:
            self._balance_reading()

    def _may_join(self, exchange: Exchange) -> bool:
        """Whether a request may be worked on beside those that are."""
        return len(self._open) < MOST_PIPELINED and not exchange.alone and not self._open[-1].alone

    def _refuse_above_limit(self, exchange: Exchange) -> None:
        self._spare = len(self._state.connections) > self._state.options.connections
        if self._spare and not (exchange.target is not None and exchange.target.route.health):
            exchange.answer = answers.too_many_connections()
            exchange.keep_alive = False

    def _flush(self) -> None:
        """Send the answers whose turn it is."""
        begun = self._open
        while begun and (answer := begun[0].answer) is not None:
            self._write(begun.popleft(), answer)
        if self._body_wanted:
            self._ask_for_body()
        if not begun and self._reader.phase == BETWEEN and not self._waiting:
            self._reader.deadline = self._state.now + self._state.options.idle_seconds

    def _write(self, exchange: Exchange, answer: Answer) -> None:
        state, headers, body = self._state, exchange.headers, answer.body
        exchange.give_back()
        self._note(exchange, answer.status)
        last = not exchange.keep_alive or (state.draining and self._is_idle())
        extra = answers.CLOSE if last else b""
        if b"x-request-id" in headers and (request_id := request_id_of(exchange)) is not None:
            extra += b"x-request-id: " + request_id + b"\r\n"
        head = state.heads.of(answer, extra)
        if exchange.method == b"HEAD":
            self._transport.write(head)
        elif len(body) <= JOINED_BYTES:
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            self._transport.write(body)
        if self._unread_bytes:
            self._count_unread(self._transport.get_write_buffer_size())
        if last:
            self._finish(lingers=exchange.lingers)

    def _note(self, exchange: Exchange, status: int) -> None:
        state = self._state
        state.counts.responses[status] += 1
        if state.records or status == answers.INTERNAL_ERROR:
            record(exchange, status, state.tracer, logged=state.options.log_requests)

    def _is_idle(self) -> bool:
        return not self._open and not self._waiting and self._reader.phase == BETWEEN and not self._closing

    def _finish(self, *, lingers: bool) -> None:
        """End after the last answer. A client that is still sending is heard out for a little, or it reads a reset."""
        self._abandon()
        if not lingers:
            self._close()
            return
        self._closing = True
        self._reader.deadline = self._state.now + self._state.options.linger_seconds
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def _close(self) -> None:
        """Close once everything is written, or when the client has had the time to read it."""
        self._closing = True
        self._reader.stop()
        self._count_unread(self._transport.get_write_buffer_size())
        self._write_deadline = self._state.now + self._state.options.write_seconds
        self._transport.close()

    def _abandon(self) -> None:
        """Give up what is not answered."""
        self._reader.stop()
        for exchange in (*self._open, *self._waiting):
            exchange.abandon()
            self._note(exchange, answers.CLIENT_GONE)
            if exchange.work is None:
                exchange.give_back()
        self._open.clear()
        self._waiting.clear()

    def _count_unread(self, size: int) -> None:
        self._state.memory.add(size - self._unread_bytes)
        self._unread_bytes = size

    def _balance_reading(self) -> None:
        """Read on unless requests wait already, or answers to be read."""
        pause = bool(self._waiting or self._unread_bytes) and not self._closing
        if pause == self._reading_paused:
            return
        self._reading_paused = pause
        if pause:
            self._reader.deadline = inf
            self._transport.pause_reading()
            return
        if not self._closing:
            self._reader.resume(waits=bool(self._open))
        self._transport.resume_reading()
