"""What the load generators print, and what is made of it."""

from __future__ import annotations

import pytest

from benchmarks.serving.errors import MeasurementError
from benchmarks.serving.load import Load, from_h2load, from_open_loop, from_wrk

WRK = """Running 2s test @ http://127.0.0.1:8080/v2/models/tiny/infer
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
JSON {"requests":6220,"seconds":2.000000,"p50_ms":9.496,"p99_ms":38.578,"errors":3}
"""
H2LOAD = """finished in 1.00s, 4.00 req/s, 172.51KB/s
requests: 4 total, 6 started, 4 done, 4 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 4 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 172.51KB (176654) total, 3.79KB (3885) headers (space savings 96.22%), 104.18KB ({data}) data
"""
LOG = ["1795370283006834\t200\t1000", "1795370283008314\t200\t2000", "1\t200\t3000", "2\t200\t4000"]


def test_the_script_of_wrk_is_read() -> None:
    found = from_wrk(WRK)
    assert found == Load(requests=6220, seconds=2.0, p50_ms=9.496, p99_ms=38.578, errors=3)
    assert found.rate == 3110.0
    assert found.as_record() == {
        "requests": 6220,
        "seconds": 2.0,
        "p50_ms": 9.496,
        "p99_ms": 38.578,
        "errors": 3,
        "rate": 3110.0,
    }


def test_a_wrk_without_figures_is_told_with_what_it_said() -> None:
    with pytest.raises(MeasurementError, match=r"^wrk printed no figures:\nunable to connect$"):
        from_wrk("unable to connect")


def test_the_log_of_h2load_is_read() -> None:
    found = from_h2load(LOG, H2LOAD.replace("{data}", "336"), 2.0, 84)
    assert found == Load(requests=4, seconds=2.0, p50_ms=2.0, p99_ms=4.0, errors=0)


def test_an_answer_without_a_message_is_an_error_of_grpc() -> None:
    found = from_h2load(LOG, H2LOAD.replace("{data}", "252"), 2.0, 84)
    assert (found.requests, found.errors) == (3, 1)


def test_another_status_is_an_error() -> None:
    found = from_h2load([*LOG, "3\t503\t10"], H2LOAD.replace("{data}", "336"), 2.0, 84)
    assert (found.requests, found.errors, found.p50_ms) == (4, 1, 2.0)


@pytest.mark.parametrize(("log", "output"), [([], H2LOAD), (LOG, "connection refused"), (["1\t-1\t5"], H2LOAD)])
def test_an_h2load_without_an_answer_is_told(log: list[str], output: str) -> None:
    with pytest.raises(MeasurementError, match=r"^h2load got no answer:\n"):
        from_h2load(log, output, 1.0, 84)


def test_the_constant_rate_generator_is_read() -> None:
    found = from_open_loop('{"requests": 900, "seconds": 3.0, "p50_ms": 0.4, "p99_ms": 1.5, "errors": 0}')
    assert found == Load(requests=900, seconds=3.0, p50_ms=0.4, p99_ms=1.5, errors=0)
