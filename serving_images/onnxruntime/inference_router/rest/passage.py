"""One REST request on its way: to a runtime, to another where that one fails, and its answer back."""

from __future__ import annotations

from http import HTTPStatus
from math import inf
from typing import TYPE_CHECKING, Final

from onnxruntime_server.http import answers
from onnxruntime_server.http.answers import Answer

from inference_router.decision.sides import Side
from inference_router.dispatcher import NOBODY
from inference_router.rest.heads import request_head
from inference_router.rest.streaming import StreamedAnswer
from inference_router.rest.upstream import LOST

if TYPE_CHECKING:
    from onnxruntime_server.http.exchange import Exchange

    from inference_router.dispatcher import Attempt, Journey
    from inference_router.rest.proxy import Surroundings
    from inference_router.rest.streaming import Upload
    from inference_router.rest.upstream import Upstream, UpstreamAnswer

_KNOWN: Final = frozenset(status.value for status in HTTPStatus)
_SIDES: Final = {side: f"falaj-side: {side}\r\n".encode() for side in Side}
_GONE: Final = "the runtime of this model could not be reached, or broke off; no other one took the request"
_LATE: Final = "the runtime of this model did not answer in time"


class Passage:
    """A request from the moment it is handed on to the end of its answer."""

    def __init__(self, around: Surroundings, exchange: Exchange, journey: Journey, upload: Upload | None) -> None:
        self._around = around
        self._exchange = exchange
        self._journey = journey
        self._upload = upload
        self._attempt: Attempt | None = None
        self._upstream: Upstream | None = None
        self._answer: StreamedAnswer | None = None
        self._refused: UpstreamAnswer | None = None
        self._again_fresh = False
        self._over = False
        self.deadline = 0.0
        """When it is broken off; moved on by everything that happens."""

    def begin(self) -> None:
        """Send it to a runtime."""
        if self._upload is not None and self._upload.failure is not None:
            self._end(self._upload.failure)
            return
        attempt = self._around.dispatcher.begin(self._journey)
        if attempt is None:
            self._end(answers.refusal(HTTPStatus.SERVICE_UNAVAILABLE, NOBODY))
            return
        self._exchange.work = self
        self._around.open.add(self)
        if self._upload is not None:
            self._upload.taker = self
        self._try(attempt)

    @property
    def abandoned(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self._over

    @abandoned.setter
    def abandoned(self, abandoned: bool) -> None:
        """The client has left: the runtime is told by the end of its connection."""
        if abandoned and not self._over:
            self._leave()
            self._exchange.give_back()

    def late(self) -> None:
        """Nothing happened for too long."""
        if self._answer is not None:
            self._break_off()
        else:
            self._count_failure("timeout")
            self._end(answers.refusal(HTTPStatus.GATEWAY_TIMEOUT, _LATE))

    def _try(self, attempt: Attempt, *, fresh: bool = False) -> None:
        self._attempt = attempt
        self.deadline = self._around.now() + self._around.answer_seconds
        pool = self._around.pool_of(attempt.endpoint)
        upstream = None if fresh else pool.take()
        if upstream is not None:
            self._send(upstream)
        else:
            pool.connect(lambda made: self._connected(attempt, made), lambda cause: self._unconnected(attempt, cause))

    def _connected(self, attempt: Attempt, upstream: Upstream) -> None:
        if self._over or self._attempt is not attempt:
            upstream.close()
        else:
            self._send(upstream)

    def _unconnected(self, attempt: Attempt, cause: str) -> None:
        if not self._over and self._attempt is attempt:
            self._around.dispatcher.unreachable(attempt.endpoint)
            self._fail(cause, harmless=True)

    def _send(self, upstream: Upstream) -> None:
        self._upstream = upstream
        exchange, upload = self._exchange, self._upload
        if upload is None:
            upstream.send(request_head(exchange, len(exchange.body)), exchange.body, self)
            upstream.end_request()
            return
        self.resume_upload()  # the runtime before may have paused it
        upstream.send(request_head(exchange, int(exchange.headers[b"content-length"])), b"", self)
        for piece in upload.pieces:
            upstream.send_more(piece)
        if upload.complete:
            upstream.end_request()

    def body_goes_on(self, piece: bytes) -> None:
        """More of a long request."""
        self.deadline = self._around.now() + self._around.answer_seconds
        if self._upstream is not None:
            self._upstream.send_more(piece)

    def body_ended(self) -> None:
        """All of a long request is there."""
        if self._upstream is not None:
            self._upstream.end_request()

    def body_failed(self, answer: Answer) -> None:
        """The rest of a long request will not come."""
        if self._over:
            return
        if self._answer is not None:
            self._break_off()
        else:
            self._end(answer)

    def pause_upload(self) -> None:
        """The runtime takes in less than the client sends."""
        if self._upload is not None and not self._upload.complete:
            self._upload.connection.pause_upload()

    def resume_upload(self) -> None:
        """It has caught up."""
        if self._upload is not None:
            self._upload.connection.resume_upload()

    def pause(self) -> None:
        """The client takes in less than the runtime sends. How long it may is up to its connection."""
        self.deadline = inf
        if self._upstream is not None:
            self._upstream.pause()

    def resume(self) -> None:
        """It has caught up."""
        self.deadline = self._around.now() + self._around.answer_seconds
        if self._upstream is not None:
            self._upstream.resume()

    def answer_came(self, answer: UpstreamAnswer) -> None:
        """The head of the answer, and often all of it. One that only says that nobody has time is not passed on yet."""
        attempt = self._attempt
        if answer.complete:
            self._upstream = None
        if answer.status == HTTPStatus.SERVICE_UNAVAILABLE and attempt is not None and self._journey.ask is not None:
            self._fail("busy", refused=answer)
            return
        if answer.status not in _KNOWN:
            self._break_upstream()
            self._end(answers.refusal(HTTPStatus.BAD_GATEWAY, f"the runtime answered with status {answer.status}"))
            return
        self._pass_on(answer)

    def _pass_on(self, answer: UpstreamAnswer) -> None:
        early = self._upload is not None and not self._upload.complete
        if early:
            self._exchange.keep_alive = False
            self._exchange.lingers = True
        headers = answer.headers + self._side()
        if answer.complete:
            self._count_answer(answer.status)
            self._end(Answer(answer.status, headers, b"".join(answer.pieces)))
            return
        exchange = self._exchange
        if exchange.method == b"HEAD":
            self._break_upstream()
            self._end(answers.refusal(HTTPStatus.BAD_GATEWAY, "the runtime's answer is too long for HEAD"))
            return
        if self._upload is not None:
            self._upload.pieces = []
        exchange.give_back()
        streamed = self._answer = StreamedAnswer(answer.status, headers, answer.length, self)
        for piece in answer.pieces:
            streamed.add(piece)
        exchange.reply(streamed)
        if not self._over:
            exchange.work = self

    def _side(self) -> bytes:
        """The header that tells who answered a request for a prediction."""
        if self._attempt is None or self._journey.ask is None:
            return b""
        return _SIDES[self._attempt.endpoint.side]

    def answer_goes_on(self, piece: bytes) -> None:
        """More of a long answer."""
        self.deadline = self._around.now() + self._around.answer_seconds
        if self._answer is not None:
            self._answer.add(piece)

    def answer_ended(self) -> None:
        """A long answer is whole."""
        self._upstream = None
        if (streamed := self._answer) is not None:
            self._count_answer(streamed.status)
            self._leave()
            streamed.end()

    def lost(self, cause: str) -> None:
        """The connection to the runtime is gone."""
        upstream, self._upstream = self._upstream, None
        if self._over:
            return
        if self._answer is not None:
            self._break_off()
            return
        attempt = self._attempt
        kept = upstream is not None and upstream.used and cause == LOST
        if kept and attempt is not None and self._journey.repeatable and not self._again_fresh:
            # It was kept from an earlier request and may have been closed as this one came over it.
            self._again_fresh = True
            self._try(attempt, fresh=True)
            return
        self._fail(cause)

    def _fail(self, cause: str, *, harmless: bool = False, refused: UpstreamAnswer | None = None) -> None:
        """Try elsewhere; where that can't be, the client gets what there is to say."""
        attempt = self._attempt
        self._attempt = None
        self._refused = refused or self._refused
        if refused is not None and not refused.complete:
            self._break_upstream()
        following = None
        if attempt is not None:
            following = self._around.dispatcher.again(attempt, cause, harmless=harmless)
        if following is not None:
            self._again_fresh = False
            self._try(following)
        elif self._refused is not None and self._refused.complete:
            told = self._refused
            self._end(Answer(told.status, told.headers, b"".join(told.pieces)))
        else:
            self._end(answers.refusal(HTTPStatus.SERVICE_UNAVAILABLE, _GONE))

    def _count_answer(self, status: int) -> None:
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            at_fault = status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.GATEWAY_TIMEOUT
            self._around.dispatcher.answered(attempt, at_fault=at_fault, learns=status == HTTPStatus.OK)

    def _count_failure(self, cause: str) -> None:
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            self._around.dispatcher.failed(attempt, cause)

    def _end(self, answer: Answer) -> None:
        """Give the client its answer."""
        if self._upload is not None and not self._upload.complete:
            self._exchange.keep_alive = False
            self._exchange.lingers = True
        self._leave()
        self._exchange.reply(answer)

    def _break_off(self) -> None:
        """The answer has begun and can't be ended: the client must not take it for whole."""
        self._count_failure("broken_off")
        answer, self._answer = self._answer, None
        self._leave()
        if answer is not None:
            answer.fail()

    def _break_upstream(self) -> None:
        if self._upstream is not None:
            self._upstream.give_up()
            self._upstream = None

    def _leave(self) -> None:
        """Nothing more will come of it."""
        self._over = True
        self._around.open.discard(self)
        self._break_upstream()
        if self._attempt is not None:
            self._around.dispatcher.given_up(self._attempt)
            self._attempt = None
        if self._upload is not None:
            self._upload.taker = None
            self._upload.connection.resume_upload()
