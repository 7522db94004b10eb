"""What an ONNX file asks for, read from its bytes before anything else reads them.

ONNX is a protobuf message. Only the few fields that name operators, operator sets and other files are looked at, and
everything else is stepped over, so that a file of any size is read in one pass, in little memory and bounded time.
The field numbers are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from mmap import mmap
from typing import Final, TypeAlias

from onnxruntime_server.errors import RepositoryError

DEEPEST: Final = 32
"""Graphs within graphs; protobuf itself reads no deeper."""

MOST_FIELDS: Final = 20_000_000
"""Fields that are looked at one by one; a few seconds' worth."""

SUPPORTED_OPSETS: Final = {
    "": 26,
    "ai.onnx.ml": 5,
    "com.microsoft": 1,
    "com.microsoft.nchwc": 1,
    "com.ms.internal.nhwc": 26,
}
"""The newest operator set of each domain that the pinned ONNX Runtime computes; a test asks it."""

UNBOUNDED: Final = {
    "": {
        *("If", "Loop", "Scan", "SequenceMap"),
        *("AffineGrid", "CenterCropPad", "Col2Im", "ConstantOfShape", "DFT", "Expand", "MaxUnpool", "OneHot", "Pad"),
        *("Range", "Resize", "STFT", "Tile", "Upsample"),
        *("BlackmanWindow", "HammingWindow", "HannWindow", "MelWeightMatrix"),
    },
    "com.microsoft": {
        *("BeamSearch", "GreedySearch", "Sampling", "WhisperBeamSearch"),
        *("CropAndResize", "MaxpoolWithMask", "Pad", "Range", "Tokenizer"),
    },
}
"""Operators, by domain, whose work may follow the values they are given: how often to go round, how large to grow."""

_ONNX_ITSELF: Final = "ai.onnx"
"""The other name of the domain without a name."""

_ORT_FORMAT: Final = b"ORTM"
"""Where bytes 4 to 8 read so, ONNX Runtime takes the file for its own format, whatever it is called."""

_VARINT: Final = 0
_LENGTH: Final = 2
_FIXED: Final = {1: 8, 5: 4}
"""The wire's kinds of fields; kind and size of those of fixed size."""

_LONGEST_VARINT: Final = 10
_MORE_FOLLOWS: Final = 0x80
"""The bit of a number's byte that says that another byte follows."""

_EXTERNAL_DATA: Final = 13

_SCALAR: Final = rb"|".join(
    (
        rb"[\x08\x10\x18\x20\x28\x30\x38\x40\x48\x50\x58\x60\x68\x70\x78][\x80-\xff]{0,9}[\x00-\x7f]",
        rb"[\x0d\x15\x1d\x25\x2d\x35\x3d\x45\x4d\x55\x5d\x65\x6d\x75\x7d].{4}",
        rb"[\x09\x11\x19\x21\x29\x31\x39\x41\x49\x51\x59\x61\x69\x71\x79].{8}",
    )
)
"""A number of a field from 1 to 15, of any kind."""

_SHORT_STRING: Final = rb"(?:%s)" % b"|".join(b"\\x%02x.{%d}" % (length, length) for length in range(48))
_ATTRIBUTE_VALUES: Final = re.compile(rb"(?:%s|\x4a%s){1,4096}+" % (_SCALAR, _SHORT_STRING), re.DOTALL)
"""A run of an attribute's numbers and strings: forests of trees have millions of them."""

_TENSOR_VALUES: Final = re.compile(rb"(?:%s|\x32%s){1,4096}+" % (_SCALAR, _SHORT_STRING), re.DOTALL)
"""A run of a tensor's numbers and strings."""

Span: TypeAlias = tuple[int, int]
"""Where a message begins and ends."""


class MalformedError(RepositoryError):
    """The bytes are no ONNX model."""


@dataclass(slots=True)
class Inspection:
    """What a model asks for."""

    opsets: dict[str, int] = field(default_factory=dict)
    """The newest version asked for, by domain."""

    operators: dict[str, set[str]] = field(default_factory=dict)
    """The operators that nodes ask for, by domain, in graphs at any depth and in functions."""

    functions: dict[str, set[str]] = field(default_factory=dict)
    """The operators that the file defines itself, by domain."""

    external_files: set[str] = field(default_factory=set)
    """Files with the values of tensors of the main graph, as the model names them."""

    nested_external_files: set[str] = field(default_factory=set)
    """The same for tensors of inner graphs, functions and training, and for sparse ones."""

    @property
    def is_bounded(self) -> bool:
        """Whether a run's cost follows the size of its inputs, whatever their values are."""
        return not any(self.operators.get(domain, set()) & names for domain, names in UNBOUNDED.items())


def inspect(model: bytes | mmap) -> Inspection:
    """What the model asks for. Refuses bytes that are no ONNX model, or one that is nested beyond reason."""
    if model[4:8] == _ORT_FORMAT:
        raise MalformedError("it is in ONNX Runtime's own format; expected ONNX")
    reader = _Reader(model)
    reader.model()
    if not reader.found.opsets:
        raise MalformedError("it is no ONNX model: it names no operator set")
    return reader.found


def check(found: Inspection) -> None:
    """Refuse operators and operator sets that this server's ONNX Runtime has not."""
    for domain, version in sorted(found.opsets.items()):
        newest = SUPPORTED_OPSETS.get(domain)
        if newest is not None and not 1 <= version <= newest:
            raise RepositoryError(
                f"it asks for operator set {version} of domain '{domain or _ONNX_ITSELF}'; "
                f"expected 1 to {newest}, which this ONNX Runtime has"
            )
    for domain, operators in sorted(found.operators.items()):
        if domain in SUPPORTED_OPSETS:
            continue
        if unknown := sorted(operators - found.functions.get(domain, set())):
            known = ", ".join(f"'{each or _ONNX_ITSELF}'" for each in SUPPORTED_OPSETS)
            raise RepositoryError(
                f"it uses operator '{unknown[0]}' of domain '{domain}'; expected one of {known} or a function of the "
                "model: custom operators are not loaded"
            )


class _Reader:
    """Walks the parts of a model. A method takes where its message begins and ends.

    A message may come in pieces and a field more than once. Every piece is looked at: what ONNX Runtime makes of them
    is never more than what is found here.
    """

    def __init__(self, data: bytes | mmap) -> None:
        self.found = Inspection()
        self._data = data
        self._fields_left = MOST_FIELDS

    def model(self) -> None:
        for number, part in self._fields((0, len(self._data))):
            match number:
                case 7:
                    self._graph(part, 0, self.found.external_files)
                case 8:
                    self._opset(part)
                case 20:
                    self._training(part)
                case 25:
                    self._function(part)

    def _training(self, message: Span) -> None:
        for number, part in self._fields(message):
            if number in {1, 2}:
                self._graph(part, 1, self.found.nested_external_files)

    def _function(self, message: Span) -> None:
        name = domain = ""
        for number, part in self._fields(message):
            match number:
                case 1:
                    name = self._text(part)
                case 7:
                    self._node(part, 1, self.found.nested_external_files)
                case 9:
                    self._opset(part)
                case 10:
                    domain = self._domain(part)
                case 11:
                    self._attribute(part, 1, self.found.nested_external_files)
        self.found.functions.setdefault(domain, set()).add(name)

    def _opset(self, message: Span) -> None:
        domain, version = "", 0
        for number, part in self._fields(message):
            match number:
                case 1:
                    domain = self._domain(part)
                case -2:
                    version, _ = self._number(*part)
        self.found.opsets[domain] = max(version, self.found.opsets.get(domain, 0))

    def _graph(self, message: Span, depth: int, external: set[str]) -> None:
        if depth > DEEPEST:
            raise MalformedError(f"its graphs are nested more than {DEEPEST} deep")
        for number, part in self._fields(message):
            match number:
                case 1:
                    self._node(part, depth, external)
                case 5:
                    external.update(self._tensor(part))
                case 15:
                    self._sparse_tensor(part)

    def _node(self, message: Span, depth: int, external: set[str]) -> None:
        operator = domain = ""
        named: set[str] = set()
        for number, part in self._fields(message):
            match number:
                case 4:
                    operator = self._text(part)
                case 5:
                    self._attribute(part, depth, named)
                case 7:
                    domain = self._domain(part)
        self.found.operators.setdefault(domain, set()).add(operator)
        is_constant = operator == "Constant" and not domain  # ONNX Runtime makes it an initializer of its graph
        (external if is_constant else self.found.nested_external_files).update(named)

    def _attribute(self, message: Span, depth: int, external: set[str]) -> None:
        for number, part in self._fields(message, skip=_ATTRIBUTE_VALUES):
            match number:
                case 5:
                    external.update(self._tensor(part))
                case 10:
                    self.found.nested_external_files.update(self._tensor(part))
                case 6 | 11:
                    self._graph(part, depth + 1, self.found.nested_external_files)
                case 22 | 23:
                    self._sparse_tensor(part)

    def _sparse_tensor(self, message: Span) -> None:
        for number, part in self._fields(message):
            if number in {1, 2}:
                self.found.nested_external_files.update(self._tensor(part))

    def _tensor(self, message: Span) -> Iterator[str]:
        """The files that hold its values."""
        for number, part in self._fields(message, skip=_TENSOR_VALUES):
            if number == _EXTERNAL_DATA:
                key, value = "", ""
                for entry, text in self._fields(part):
                    match entry:
                        case 1:
                            key = self._text(text)
                        case 2:
                            value = self._text(text)
                if key == "location":
                    yield value

    def _domain(self, message: Span) -> str:
        domain = self._text(message)
        return "" if domain == _ONNX_ITSELF else domain

    def _text(self, message: Span) -> str:
        start, end = message
        try:
            return self._data[start:end].decode()
        except UnicodeDecodeError:
            raise MalformedError(f"it is no ONNX model: the name at byte {start} is no text") from None

    def _fields(self, message: Span, skip: re.Pattern[bytes] | None = None) -> Iterator[tuple[int, Span]]:
        """Number and place of each field; negative numbers are those of whole numbers. Leaves out fixed sizes."""
        data = self._data
        position, stop = message
        while position < stop:
            if skip is not None and (run := skip.match(data, position, stop)) is not None:
                position = run.end()
                continue
            self._fields_left -= 1
            if self._fields_left < 0:
                raise MalformedError(f"it has more than {MOST_FIELDS} fields")
            tag, position = self._number(position, stop)
            wire = tag & 7
            if wire == _LENGTH:
                length, position = self._number(position, stop)
                if length > stop - position:
                    raise MalformedError(f"it is no ONNX model: the field at byte {position} is cut off")
                yield tag >> 3, (position, position + length)
                position += length
            elif wire == _VARINT:
                start = position
                _, position = self._number(position, stop)
                yield -(tag >> 3), (start, position)
            elif wire in _FIXED:
                position += _FIXED[wire]
            else:
                raise MalformedError(f"it is no ONNX model: the field before byte {position} has no known kind")
        if position > stop:
            raise MalformedError(f"it is no ONNX model: the field before byte {position} is cut off")

    def _number(self, position: int, stop: int) -> tuple[int, int]:
        """The whole number at a place and where it ends."""
        data = self._data
        if position < stop and (byte := data[position]) < _MORE_FOLLOWS:
            return byte, position + 1
        value = shift = 0
        for at in range(position, min(position + _LONGEST_VARINT, stop)):
            byte = data[at]
            value |= (byte & ~_MORE_FOLLOWS) << shift
            if byte < _MORE_FOLLOWS:
                return value, at + 1
            shift += 7
        raise MalformedError(f"it is no ONNX model: the number at byte {position} has no end")
