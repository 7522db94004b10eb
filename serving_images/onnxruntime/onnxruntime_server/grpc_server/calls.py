"""What every call goes through: waiting for its message, limits, errors as statuses, counts and the log."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NoReturn, TypeAlias

import grpc
from grpc import ServicerContext, StatusCode

from onnxruntime_server.errors import ClientGoneError, FullError, InvalidArgumentError, ServerError, SlowClientError
from onnxruntime_server.grpc_server.backend import Counts
from onnxruntime_server.grpc_server.memory import Memory
from onnxruntime_server.grpc_server.options import LARGEST_MESSAGES, GrpcOptions
from onnxruntime_server.grpc_server.statuses import INTERNAL, details_of, status_of
from onnxruntime_server.grpc_server.watch import Watch
from onnxruntime_server.tracing import trace_context

Answer: TypeAlias = Callable[[bytes, ServicerContext], bytes]
"""Answers a message with a message, or raises a ServerError."""

StreamAnswer: TypeAlias = Callable[[Iterator[bytes], ServicerContext], Iterator[bytes]]
"""Answers messages as they come."""

if TYPE_CHECKING:
    from onnxruntime_server.tracing import Tracer

    Handler: TypeAlias = grpc.RpcMethodHandler[bytes, bytes]

_LOG = logging.getLogger(__name__)


class Calls:
    """Makes handlers for grpcio that can be asked by anybody."""

    def __init__(self, options: GrpcOptions, counts: Counts, tracer: Tracer | None) -> None:
        self.memory = Memory(LARGEST_MESSAGES * options.limits.body_bytes)
        self.watch = Watch()
        self._options = options
        self._counts = counts
        self._counting = threading.Lock()
        self._tracer = tracer
        self._streams = threading.BoundedSemaphore(options.streams)

    def unary(self, name: str, answer: Answer) -> Handler:
        """A call with one message each way.

        To grpcio it is one of many messages: for those it leaves the waiting to us, and so a limit to it.
        """

        def handle(messages: Iterator[bytes], context: ServicerContext) -> bytes:
            started = time.perf_counter()
            try:
                message = given(self._message(messages, context, self._options.message_seconds))
                with self.memory.holding(len(message)):
                    answered = answer(message, context)
            except Exception as error:  # noqa: BLE001 - whatever it is, the client gets a status and the log the place
                status, details = self._refusal(error)
            else:
                self._note(name, StatusCode.OK, started, context)
                return answered
            self._note(name, status, started, context)
            _abort(context, status, details)

        return grpc.stream_unary_rpc_method_handler(handle)

    def stream(self, name: str, answer: StreamAnswer) -> Handler:
        """A call with any number of messages each way. Refused where too many of them are open."""

        def handle(messages: Iterator[bytes], context: ServicerContext) -> Iterator[bytes]:
            started = time.perf_counter()
            status, details = StatusCode.OK, ""
            if not self._streams.acquire(blocking=False):
                status, details = self._refusal(FullError(f"{self._options.streams} streams are open already"))
            else:
                try:
                    yield from answer(self._messages(messages, context), context)
                except Exception as error:  # noqa: BLE001 - as above
                    status, details = self._refusal(error)
                finally:
                    self._streams.release()
            self._note(name, status, started, context)
            if status is not StatusCode.OK:
                _abort(context, status, details)

        return grpc.stream_stream_rpc_method_handler(handle)

    def _messages(self, messages: Iterator[bytes], context: ServicerContext) -> Iterator[bytes]:
        """The messages of a stream until its client or the server ends it."""
        while not self.watch.stopping:
            message = self._message(messages, context, math.inf)
            if message is None:
                return
            yield message

    def _message(self, messages: Iterator[bytes], context: ServicerContext, seconds: float) -> bytes | None:
        """The next message; nothing where the client has ended. Refuses one that does not come."""
        wait = self.watch.begin(context, seconds)
        try:
            if (message := next(messages, None)) is not None:
                return message
        except grpc.RpcError as error:
            # grpcio keeps the error with the call, and the error its frames, and these the call: it would hold its
            # place on its connection until garbage is looked for.
            error.__traceback__ = None
        finally:
            self.watch.end(wait)
        if wait.expired:
            raise SlowClientError(f"no message within {seconds:g} seconds")
        if not context.is_active():
            raise ClientGoneError("the call ended before its message was complete")
        return None

    def _refusal(self, error: Exception) -> tuple[StatusCode, str]:
        if isinstance(error, ServerError):
            return status_of(error), details_of(error)
        _LOG.error("a call was not handled", exc_info=error)
        return StatusCode.INTERNAL, INTERNAL

    def _note(self, name: str, status: StatusCode, started: float, context: ServicerContext) -> None:
        with self._counting:
            self._counts.calls[status.name] += 1
        logged = self._options.log_requests or status is StatusCode.INTERNAL
        if not logged and self._tracer is None:
            return
        seconds = time.perf_counter() - started
        header = next((value for key, value in context.invocation_metadata() if key == "traceparent"), None)
        trace = trace_context(header if isinstance(header, str) else None)
        if logged:
            facts: dict[str, object] = {"method": name, "status": status.name, "seconds": round(seconds, 6)}
            if trace is not None:
                facts |= {"trace_id": trace.trace_id, "span_id": trace.span_id}
            _LOG.info("call", extra={"facts": facts})
        if self._tracer is not None:
            facts_of_span = {"rpc.method": name, "rpc.grpc.status_code": status.value[0]}
            self._tracer.record(name, trace, seconds, facts_of_span, failed=status is StatusCode.INTERNAL)


def given(message: bytes | None) -> bytes:
    """The message of a call. Refuses a call without one."""
    if message is None:
        raise InvalidArgumentError("the call has no message")
    return message


def _abort(context: ServicerContext, status: StatusCode, details: str) -> NoReturn:
    context.abort(status, details)
