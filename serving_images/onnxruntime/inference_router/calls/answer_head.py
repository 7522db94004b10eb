"""Heads and trailers of answers: what is read of them, and how they go on. Found out once for each that is the same."""

from __future__ import annotations

from inference_router.calls import words
from inference_router.decision.sides import Side
from inference_router.http2.fields import FieldList, Fields, write


class AnswerFields:
    """The head of an answer, or its trailers, or both in one."""

    __slots__ = ("_blocks", "_status", "fields")

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self._blocks: dict[Side | None, bytes] = {}
        self._status: int | None = None

    @classmethod
    def of(cls, fields: Fields) -> AnswerFields:
        """What the fields say."""
        if not isinstance(fields, FieldList):
            return cls(fields)
        if not isinstance(fields.known, cls):
            fields.known = cls(fields)
        return fields.known

    @property
    def status(self) -> int:
        """The status that trailers tell; that of a runtime which says 503 in HTTP's words, too."""
        if self._status is None:
            unavailable = words.value_of(self.fields, b":status") == b"503"
            self._status = words.UNAVAILABLE if unavailable else words.status_of(self.fields)
        return self._status

    def block(self, side: Side | None = None) -> bytes:
        """As the client gets it; with the side that answered a request for a prediction."""
        if (block := self._blocks.get(side)) is None:
            told = [] if side is None else [(b"falaj-side", side.encode())]
            block = self._blocks[side] = write([*self.fields, *told])
        return block
