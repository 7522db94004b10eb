"""Header fields in and out, held to the package hpack, which nobody here wrote."""

from __future__ import annotations

import hpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inference_router.http2 import compression
from inference_router.http2 import fields as remembered
from inference_router.http2.compression import CompressionError, FieldReader, TooManyFieldsError
from inference_router.http2.fields import MOST_REMEMBERED, Fields, FieldsError, check, write

NAMES = st.sampled_from([b"te", b"user-agent", b"x-request-id", b":path", b"content-type", b"a" * 200])
VALUES = st.one_of(st.sampled_from([b"", b"trailers", b"/inference/ModelInfer"]), st.binary(max_size=300))
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=12)


@given(st.lists(st.tuples(FIELDS, st.booleans(), st.sampled_from([None, 0, 100, 4096])), max_size=8))
def test_reads_what_another_encoder_wrote(messages: list[tuple[Fields, bool, int | None]]) -> None:
    encoder, reader = hpack.Encoder(), FieldReader()
    for fields, huffman, size in messages:
        if size is not None:
            encoder.header_table_size = size
        assert reader.read(encoder.encode(fields, huffman=huffman)) == fields


@given(st.lists(FIELDS, max_size=5))
def test_another_decoder_reads_what_is_written(messages: list[Fields]) -> None:
    decoder = hpack.Decoder()
    for fields in messages:
        assert list(decoder.decode(write(fields), raw=True)) == fields


@given(NAMES, st.binary(max_size=300))
def test_nobody_who_passes_a_field_on_may_keep_it(name: bytes, value: bytes) -> None:
    """A client may have said so of its token: section 6.2.3."""
    (read,) = hpack.Decoder().decode(write([(name, value)]), raw=True)
    assert isinstance(read, hpack.NeverIndexedHeaderTuple)


@settings(max_examples=400)
@given(st.lists(st.binary(max_size=60), max_size=5))
def test_any_bytes_are_fields_or_refused_as_by_another_decoder(blocks: list[bytes]) -> None:
    decoder, reader = hpack.Decoder(max_header_list_size=2**30), FieldReader()
    for block in blocks:
        try:
            expected = list(decoder.decode(block, raw=True))
        except hpack.HPACKError:
            with pytest.raises(CompressionError):
                reader.read(block)
            return
        assert reader.read(block) == expected


@pytest.mark.parametrize(
    "block",
    [
        b"\x80",  # index 0
        b"\xff\xff\xff\xff\xff\xff\xff\x0f",  # a number without an end
        b"\x3f\xe2\x1f",  # a table of more than 4096 bytes
        b"\x82\x20",  # another size after a field
        b"\x00\x05abc",  # a string that is cut short
        b"\x00\x81\x00\x00",  # Huffman's code, padded with zeros
    ],
)
def test_a_broken_block_is_refused(block: bytes) -> None:
    with pytest.raises(CompressionError):
        FieldReader().read(block)


def test_a_small_block_does_not_become_many_fields() -> None:
    reader = FieldReader()
    assert reader.read(b"\x40\x01a\x7f\x81\x1e" + b"v" * 3968) != []
    with pytest.raises(TooManyFieldsError):
        reader.read(b"\xbe" * 20)


def test_what_is_remembered_is_bounded() -> None:
    encoder, reader = hpack.Encoder(), FieldReader()
    for number in range(3000):
        fields = [(b"x-request-id", b"%d" % number)]
        assert reader.read(encoder.encode(fields)) == fields
        check(fields, frozenset())
        write(fields)
    assert len(compression._decoded) <= compression.MOST_REMEMBERED
    assert max(len(remembered._checked), len(remembered._written)) <= MOST_REMEMBERED + 4


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([(b":status", b"200"), (b"a", b"b")], None),
        ([(b"a", b"b"), (b":status", b"200")], "field ':status' is not expected there"),
        ([(b":status", b"200"), (b":status", b"200")], "field ':status' is not expected there"),
        ([(b":status", b"200"), (b":path", b"/")], "field ':path' is not expected there"),
        ([(b"a", b"b")], "field ':status' is missing"),
        ([(b":status", b"200"), (b"Upper", b"b")], "field 'Upper' is not allowed"),
        ([(b":status", b"200"), (b"", b"b")], "field '' is not allowed"),
        ([(b":status", b"200"), (b"a", b"b\r\nc: d")], "field 'a' is not allowed"),
        ([(b":status", b"200"), (b"a", b"b\0")], "field 'a' is not allowed"),
        ([(b":status", b"200"), (b"connection", b"close")], "field 'connection' is not allowed"),
        ([(b":status", b"200"), (b"transfer-encoding", b"chunked")], "field 'transfer-encoding' is not allowed"),
        ([(b":status", b"200"), (b"te", b"gzip")], "field 'te' has a value that is not allowed"),
    ],
)
def test_fields_that_http_2_forbids_are_refused(fields: Fields, message: str | None) -> None:
    for _ in range(2):  # what was refused once is not remembered as checked
        if message is None:
            check(fields, frozenset({b":status"}))
        else:
            with pytest.raises(FieldsError) as error:
                check(fields, frozenset({b":status"}))
            assert str(error.value) == message
