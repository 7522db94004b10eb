"""One call on its way: to a runtime, to another where that one fails, and its answer back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from onnxruntime_server.errors import UnavailableError

from inference_router.calls import message, words
from inference_router.calls.answer_head import AnswerFields
from inference_router.calls.head import CallHead
from inference_router.decision.sides import Ask, Side
from inference_router.dispatcher import NOBODY, Journey
from inference_router.http2.fields import write
from inference_router.http2.frames import Code

if TYPE_CHECKING:
    from inference_router.calls.front import Surroundings
    from inference_router.dispatcher import Attempt
    from inference_router.http2.client import ClientConnection
    from inference_router.http2.fields import Fields
    from inference_router.http2.stream import Stream

_GONE: Final = "the runtime of this model could not be reached, or broke off; no other one took the call"
_BROKEN: Final = "the runtime of this model broke off while it answered"
_LATE: Final = "the runtime of this model did not answer in time"
_SLOW: Final = "the call's message did not arrive in time"
_RETRIED: Final = frozenset({words.UNAVAILABLE, words.RESOURCE_EXHAUSTED})
"""Statuses of a runtime that has no time: another one may have."""

_FAULTS: Final = frozenset({words.UNKNOWN, words.INTERNAL, words.UNAVAILABLE})


class Relay:
    """A call from its head to the end of its answer. Owns its stream to the client and the one to the runtime."""

    def __init__(self, around: Surroundings, client: Stream, head: CallHead, *, ended: bool) -> None:
        self._around = around
        self._client = client
        self._said = head
        self._ended = ended
        self._path = head.path
        self._streams = head.streams
        self._pieces: list[bytes] = []
        self._held = 0
        self._keeps = True
        """Whether all that came is kept, so that the call can be made again."""
        self._journey: Journey | None = None
        self._attempt: Attempt | None = None
        self._runtime: Stream | None = None
        self._source: Stream | None = None
        """The runtime's stream, as long as bytes of its answer may wait for the client."""
        self._head: AnswerFields | None = None
        self._answering = False
        self._over = False
        self._started = around.now()
        seconds = head.timeout_seconds
        self._expires = None if seconds is None else self._started + seconds
        self.deadline = self._started + around.message_seconds
        """When it is broken off."""
        client.owner = self

    def begin(self) -> None:
        """Take the call on, or refuse it."""
        around = self._around
        if self._path not in words.PASSED_ON:
            known = self._path.startswith(words.INFERENCE)
            status = words.PERMISSION_DENIED if known else words.UNIMPLEMENTED
            what = "the router changes no models and shares no memory" if known else "no such method"
            self._refuse(status, what)
            return
        if len(around.open) >= around.most_calls:
            self._refuse(words.RESOURCE_EXHAUSTED, f"the router is busy: {around.most_calls} calls are open")
            return
        around.open.add(self)
        if self._path not in {words.INFER, words.STREAM_INFER}:
            self._dispatch(Journey(None, "grpc"))
        elif self._ended:
            self._dispatch(Journey(Ask(""), "grpc"))

    def fields_came(self, stream: Stream, fields: Fields, *, ended: bool) -> None:
        """Trailers of the client, which only end its side; or the head or the trailers of an answer."""
        if stream is self._client:
            if ended and not self._over:
                self._end_request()
        elif stream is self._runtime:
            self._answer_fields(fields, ended=ended)

    def data_came(self, stream: Stream, data: bytes, *, ended: bool) -> None:
        """A piece of the request, or of the answer."""
        if stream is self._runtime:
            self._answer_data(stream, data, ended=ended)
            return
        if stream is not self._client or self._over:
            stream.discard()
            return
        if not self._take(data):
            return
        if self._journey is None:
            if not ended and (not self._pieces or len(self._pieces[0]) < message.HEAD_BYTES):
                return
            self._ended = self._ended or ended
            self._dispatch(self._journey_of_first_message())
            return
        if self._runtime is not None:
            self._runtime.send(data, end=ended)
        if ended:
            self._end_request(told=True)

    def _take(self, data: bytes) -> bool:
        """Count bytes that came, and keep them where the call may have to be made again; whether it goes on."""
        try:
            self._around.memory.take(len(data))
        except UnavailableError as error:
            self._leave()
            self._refuse(words.RESOURCE_EXHAUSTED, str(error))
            return False
        self._held += len(data)
        if self._keeps:
            if self._pieces and len(self._pieces[0]) < message.HEAD_BYTES:
                self._pieces[0] += data
            elif data:
                self._pieces.append(data)
            if self._held > self._around.most_held and self._runtime is not None:
                self._keep_no_more()
        return True

    def _keep_no_more(self) -> None:
        """The call can't be made again: what has gone on is forgotten."""
        self._keeps = False
        self._pieces = []
        kept, self._held = self._held, self._client.unconsumed
        self._around.memory.add(self._held - kept)

    def _end_request(self, *, told: bool = False) -> None:
        """The client has said all."""
        self._ended = True
        self.deadline = self._around.now() + self._around.answer_seconds
        if self._journey is None:
            self._dispatch(self._journey_of_first_message())
        elif self._runtime is not None and not told:
            self._runtime.send(b"", end=True)

    def _journey_of_first_message(self) -> Journey:
        """What is known of the call: its head, and the start of its message."""
        first = self._pieces[0] if self._pieces else b""
        start = message.read(first)
        said = self._said
        target = said.target_seconds
        if said.timeout_seconds is not None and not self._streams:
            target = said.timeout_seconds if target is None else min(target, said.timeout_seconds)
        ask = Ask(start.model, start.rows, message.length_of(first), said.wish or start.wish, target)
        return Journey(ask, "grpc", said.shown(self._around.caller_header), said.request_id)

    def _dispatch(self, journey: Journey) -> None:
        self._journey = journey
        attempt = self._around.dispatcher.begin(journey)
        if attempt is None:
            self._leave()
            self._refuse(words.UNAVAILABLE, NOBODY)
            return
        if self._ended:
            self.deadline = self._around.now() + self._around.answer_seconds
        self._try(attempt)

    def _try(self, attempt: Attempt) -> None:
        self._attempt = attempt
        pool = self._around.pool_of(attempt.endpoint)
        if (stream := pool.open_at_once()) is not None:
            self._send(stream)
        else:
            pool.wait(lambda made: self._connected(attempt, made), lambda cause: self._unconnected(attempt, cause))

    def _connected(self, attempt: Attempt, connection: ClientConnection) -> None:
        if not self._over and self._attempt is attempt:
            self._send(connection.open_stream())

    def _send(self, stream: Stream) -> None:
        """Ask the runtime, with all that the client has said so far."""
        self._runtime = stream
        stream.owner = self
        stream.send_block(self._block_of_request(), end=self._ended and not self._pieces)
        last = len(self._pieces) - 1
        for index, piece in enumerate(self._pieces):
            stream.send(piece, end=self._ended and index == last)

    def _block_of_request(self) -> bytes:
        if self._expires is None:
            return self._said.block
        left = words.timeout(self._expires - self._around.now())
        return self._said.block + write([(b"grpc-timeout", left)])

    def _unconnected(self, attempt: Attempt, cause: str) -> None:
        if not self._over and self._attempt is attempt:
            self._around.dispatcher.unreachable(attempt.endpoint)
            self._fail(cause, harmless=True)

    def sent(self, stream: Stream, size: int) -> None:
        """Bytes have gone on: whoever sent them may send more."""
        if stream is self._runtime:
            client = self._client
            client.connection.consumed(client, size)
            if not self._keeps:
                given = min(size, self._held)
                self._held -= given
                self._around.memory.add(-given)
            return
        if self._source is not None:
            self._source.connection.consumed(self._source, size)
        if self._over and stream.sent_all and not stream.received_all:
            stream.reset(Code.NO_ERROR)  # the end of the answer had waited for room

    def _answer_fields(self, fields: Fields, *, ended: bool) -> None:
        answer = AnswerFields.of(fields)
        if not ended:
            self._head = answer
            if self._streams:
                self._begin_answer()
            return
        if not self._answering and answer.status in _RETRIED and self._may_try_again():
            self._leave_runtime()
            refused = answer if self._head is None else AnswerFields([*self._head.fields, *fields])
            self._head = None
            self._fail(words.name_of(answer.status).lower(), refused=refused)
            return
        self._end_answer(answer)

    def _side(self) -> Side | None:
        """Who answers a call for a prediction."""
        if self._attempt is None or self._journey is None or self._journey.ask is None:
            return None
        return self._attempt.endpoint.side

    def _may_try_again(self) -> bool:
        return self._keeps and self._journey is not None and self._journey.ask is not None

    def _answer_data(self, stream: Stream, data: bytes, *, ended: bool) -> None:
        if not self._answering:
            self._begin_answer()
        self._source = stream
        self.deadline = self._around.now() + self._around.answer_seconds
        self._client.send(data)
        if ended:  # without trailers: no runtime of gRPC does that
            stream.owner = None
            self._end_answer(AnswerFields(words.trailers(words.UNKNOWN, _BROKEN)))

    def _begin_answer(self) -> None:
        """The answer goes to the client from here on, and the call can't be made again."""
        self._answering = True
        if self._keeps and self._ended:
            self._keeps = False
            self._pieces = []
            self._around.memory.add(-self._held)
            self._held = 0
        elif self._keeps:
            self._keep_no_more()
        if self._head is not None:
            self._client.send_block(self._head.block(self._side()))

    def _end_answer(self, answer: AnswerFields) -> None:
        status, head = answer.status, self._head
        if not self._answering and head is not None:
            answer = AnswerFields([*head.fields, *(field for field in answer.fields if field[0] != b":status")])
        attempt, self._attempt = self._attempt, None
        client, ended = self._client, self._ended
        self._leave()
        client.send_block(answer.block(), end=True)
        if not ended and client.sent_all:
            client.reset(Code.NO_ERROR)
        client.connection.turn.add(lambda: self._account(attempt, status))

    def _account(self, attempt: Attempt | None, status: int) -> None:
        """Take note of what became of the call; nobody has to wait for that."""
        if attempt is not None:
            learns = status == words.OK and not self._streams
            self._around.dispatcher.answered(attempt, at_fault=status in _FAULTS, learns=learns)
        self._around.note(self._path, status, self._started, self._said)

    def stream_lost(self, stream: Stream, code: int, *, harmless: bool) -> None:
        """The client has left; or the runtime has."""
        if self._over:
            if stream is self._client and self._source is not None:
                self._source.discard()
            return
        if stream is self._client:
            if self._source is not None:
                self._source.discard()
            self._leave()
            self._around.note(self._path, words.CANCELLED, self._started, self._said)
        elif stream is self._runtime:
            self._runtime = None
            self._fail("refused" if harmless else "connection_lost", harmless=harmless)
        del code

    def _fail(self, cause: str, *, harmless: bool = False, refused: AnswerFields | None = None) -> None:
        """Try elsewhere; where that can't be, the client gets what there is to say."""
        attempt, self._attempt = self._attempt, None
        if self._answering:
            if attempt is not None:
                self._around.dispatcher.failed(attempt, "broken_off")
            self._end_answer(AnswerFields(words.trailers(words.UNAVAILABLE, _BROKEN)))
            return
        following = None
        if attempt is not None and self._keeps:
            following = self._around.dispatcher.again(attempt, cause, harmless=harmless)
        elif attempt is not None:
            self._around.dispatcher.failed(attempt, cause)
        if following is not None:
            self._head = None
            self._try(following)
        elif refused is not None:
            self._end_answer(refused)
        else:
            self._leave()
            self._refuse(words.UNAVAILABLE, _GONE)

    def late(self) -> None:
        """Its time is over."""
        if self._attempt is None or not (self._ended or self._streams or self._answering):
            self._leave()
            self._refuse(words.CANCELLED, _SLOW)
            return
        attempt, self._attempt = self._attempt, None
        if self._is_silent and not self._client.waits:
            self._around.dispatcher.failed(attempt, "timeout")
        else:  # the client's own time, or one that takes in too slowly what came
            self._around.dispatcher.given_up(attempt)
        if self._answering:
            self._end_answer(AnswerFields(words.trailers(words.DEADLINE_EXCEEDED, _LATE)))
            return
        self._leave()
        self._refuse(words.DEADLINE_EXCEEDED, _LATE)

    @property
    def is_late(self) -> bool:
        """Whether its time is over."""
        return self._is_silent or (self._expires is not None and self._expires < self._around.now())

    @property
    def _is_silent(self) -> bool:
        return not self._streams and self.deadline < self._around.now()

    def _refuse(self, status: int, text: str) -> None:
        """Answer without a runtime."""
        self._over = True
        self._around.note(self._path, status, self._started, self._said)
        self._client.send_fields(words.refusal(status, text), end=True)
        if not self._ended:
            self._client.reset(Code.NO_ERROR)

    def _leave(self) -> None:
        """Nothing more will come of it."""
        self._over = True
        self._around.open.discard(self)
        self._leave_runtime()
        if self._client.unconsumed:
            self._client.discard()
        if self._attempt is not None:
            self._around.dispatcher.given_up(self._attempt)
            self._attempt = None
        self._around.memory.add(-self._held)
        self._held = 0
        self._pieces = []
        self._keeps = False

    def _leave_runtime(self) -> None:
        """Nothing more goes to the runtime; one that has answered before it was asked all is told so."""
        runtime, self._runtime = self._runtime, None
        if runtime is not None and not (runtime.received_all and runtime.sent_all):
            runtime.reset()
