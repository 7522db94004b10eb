"""The generator that sends at a constant rate."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.serving.open_loop import Generator, complete

REQUEST = b"POST /infer HTTP/1.1\r\nHost: benchmark\r\nContent-Length: 2\r\n\r\n{}"


@contextmanager
def answering(status: HTTPStatus) -> Iterator[int]:
    """The port of a server that gives one answer to all."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"done")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(("status", "right", "wrong"), [(HTTPStatus.OK, 20, 0), (HTTPStatus.BAD_REQUEST, 0, 20)])
def test_every_request_is_counted_as_right_or_wrong(status: HTTPStatus, right: int, wrong: int) -> None:
    with answering(status) as port:
        generator = Generator(port, REQUEST)
        generator.run(rate=100.0, seconds=0.2)
        generator.close()
    assert (len(generator.times), generator.errors) == (right, wrong)
    assert all(0 < each < 5 for each in generator.times)


@pytest.mark.parametrize(
    ("received", "whole"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone", True),
        (b"HTTP/1.1 200 OK\r\nInference-Header-Content-Length: 1\r\ncontent-length:4\r\n\r\ndone", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndon", False),
        (b"HTTP/1.1 200 OK\r\nInference-Header-Content-Length: 1\r\nContent-Length: 4\r\n\r\nd", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", False),
        (b"", False),
    ],
)
def test_an_answer_is_whole_when_all_of_its_body_has_come(received: bytes, whole: bool) -> None:
    assert complete(received) is whole
