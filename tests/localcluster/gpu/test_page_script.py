"""What the page makes of metrics that no cluster need be asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from falaj.localcluster.pins import SIMULATED_GPU
from tests.browser import Browser
from tests.localcluster.gpu.workloads import until

pytestmark = pytest.mark.slow

PAGE = SIMULATED_GPU.directory / "page.html"
CARD = 'gpu="0",UUID="GPU-simulated-0",device="nvidia0",modelName="NVIDIA L4 24GB SIMULATED",Hostname="node"'
FREE = 'container="",namespace="",pod=""'
VALUES = {
    "DCGM_FI_DEV_GPU_UTIL": 12,
    "DCGM_FI_DEV_FB_USED": 6144,
    "DCGM_FI_DEV_FB_FREE": 18432,
    "DCGM_FI_DEV_GPU_TEMP": 35,
    "DCGM_FI_DEV_POWER_USAGE": 100.8,
    "DCGM_FI_DEV_XID_ERRORS": 0,
}


def metrics(*holders: str) -> str:
    lines = [f"{name}{{{CARD},{holder}}} {value}" for name, value in VALUES.items() for holder in holders]
    return "\n".join(["# HELP DCGM_FI_DEV_GPU_UTIL Simulated.", *lines, ""])


class Exporter(ThreadingHTTPServer):
    """Serves the page and whatever metrics it was told."""

    status, text = 200, ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.page = f"http://127.0.0.1:{self.server_port}/"

    def tell(self, text: str, status: int = 200) -> None:
        self.status, self.text = status, text


class Answer(BaseHTTPRequestHandler):
    server: Exporter

    def do_GET(self) -> None:
        drawn = self.path == "/"
        body = PAGE.read_bytes() if drawn else self.server.text.encode()
        self.send_response(200 if drawn else self.server.status)
        self.send_header("Content-Type", "text/html" if drawn else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the library's own name
        """Say nothing."""


@pytest.fixture
def exporter() -> Iterator[Exporter]:
    with Exporter() as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield server
        server.shutdown()
        serving.join()


def texts(browser: Browser, query: str) -> list[str]:
    found: Any = browser.evaluate(f"[...document.querySelectorAll('{query}')].map((one) => one.textContent)")
    return list(found)


def test_a_card_in_turns_names_each_pod_that_has_one(browser: Browser, exporter: Exporter) -> None:
    exporter.tell(metrics('container="a",namespace="bank",pod="one"', 'container="a",namespace="clinic",pod="two"'))
    browser.open(exporter.page)
    shown = partial(texts, browser, ".holders li")

    assert until(lambda: shown() or None) == ["one in bank", "two in clinic"]
    assert texts(browser, "article h2") == ["GPU-simulated-0"]
    assert texts(browser, ".value") == ["12 %", "6 of 24 GiB"]

    exporter.tell(metrics(FREE))

    until(lambda: shown() == ["no pod holds it"])
    assert texts(browser, "#totals dd")[:2] == ["0 of 1", "none is held"]


def test_a_name_is_text_whatever_is_in_it(browser: Browser, exporter: Exporter) -> None:
    exporter.tell(metrics(r'container="a",namespace="b",pod="<img src=x onerror=alert(1)> \"}\\ 1"'))
    browser.open(exporter.page)

    shown = until(lambda: texts(browser, ".holders li") or None)

    assert shown == ['<img src=x onerror=alert(1)> "}\\ 1 in b']
    assert texts(browser, "main img") == []


def test_what_the_exporter_says_instead_of_metrics_is_shown_above_the_older_ones(
    browser: Browser, exporter: Exporter
) -> None:
    exporter.tell(metrics(FREE))
    browser.open(exporter.page)
    until(lambda: texts(browser, "article h2") or None)

    exporter.tell("the kubelet does not say which pod holds which device: it is away\n", status=503)

    failure = until(lambda: shown if (shown := texts(browser, "#failure")) != [""] else None)
    said = "the kubelet does not say which pod holds which device: it is away"
    assert failure == [f"No measurements at the moment; what is below is older. {said}"]
    assert texts(browser, "article h2") == ["GPU-simulated-0"]
