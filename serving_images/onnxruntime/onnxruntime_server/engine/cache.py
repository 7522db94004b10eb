"""Answers that may be given again: bounded, and found by the exact bytes of the inputs."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from onnxruntime_server.protocol.datatypes import Datatype
from onnxruntime_server.protocol.tensors import to_bytes

if TYPE_CHECKING:
    from onnxruntime_server.engine.work import Work
    from onnxruntime_server.protocol.messages import Array, ModelMetadata

OVERHEAD_BYTES: Final = 512
"""What an answer takes beside its values."""

_SEPARATOR: Final = b"\0"


def key_of(metadata: ModelMetadata, version: str, generation: int, work: Work) -> bytes:
    """A digest of everything an answer depends on: the model's version as it was loaded, inputs, outputs wanted."""
    digest = hashlib.blake2b(digest_size=32)
    head = [metadata.name, version, str(generation), *work.outputs]
    for spec in metadata.inputs:
        array = work.inputs[spec.name]
        head.append(str(array.shape))
        # Texts carry their lengths, so that no two lists of texts have the same bytes.
        digest.update(to_bytes(spec.datatype, array))
    digest.update(_SEPARATOR.join(part.encode() for part in head))
    return digest.digest()


class ResponseCache:
    """The answers used last, up to so many bytes. Safe from any thread."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._answers: OrderedDict[bytes, tuple[Sequence[Array], int]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def used_bytes(self) -> int:
        """How much it holds."""
        return self._bytes

    def get(self, key: bytes) -> Sequence[Array] | None:
        """The answer, if it is still there."""
        with self._lock:
            if (found := self._answers.get(key)) is None:
                return None
            self._answers.move_to_end(key)
            return found[0]

    def put(self, key: bytes, arrays: Sequence[Array]) -> None:
        """Keep an answer, and let go of those not used for longest; none larger than a tenth of the cache."""
        size = OVERHEAD_BYTES + sum(_size(array) for array in arrays)
        if size * 10 > self._most_bytes:
            return
        kept = [array.copy() for array in arrays]  # a row of a batch would hold the whole batch
        with self._lock:
            if (before := self._answers.pop(key, None)) is not None:
                self._bytes -= before[1]
            self._answers[key] = kept, size
            self._bytes += size
            while self._bytes > self._most_bytes:
                _, (_, freed) = self._answers.popitem(last=False)
                self._bytes -= freed


def _size(array: Array) -> int:
    if array.dtype.kind == "O":
        return len(to_bytes(Datatype.BYTES, array)) + array.nbytes
    return array.nbytes
