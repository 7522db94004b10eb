"""What is kept of the figures, as JSON and as a picture."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks.figure import Figure
from benchmarks.serving import environments, plot, record
from benchmarks.serving.finding import Finding
from benchmarks.serving.plot import Standing
from benchmarks.serving.process import counted
from benchmarks.serving.record import Record
from benchmarks.serving.surroundings import Bench
from benchmarks.serving.table import ROWS, Row

SVG = "{http://www.w3.org/2000/svg}"
MACHINE: dict[str, str | int] = {"processor": "one", "cores": 2}


def nothing(_: Bench) -> Finding:
    raise AssertionError("a record measures nothing")


@pytest.fixture(autouse=True)
def _no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "used_versions", lambda: {"wrk": "4.1.0"})


def keep(file: Path, name: str, run: float, machine: dict[str, str | int] = MACHINE, others: float = 0.0) -> None:
    finding = Finding([Figure(f"figure of {name}", 2.0, [run], "x", at_least=True)], {"rounds": [run]})
    Record(file, machine).keep(Row(name, "title", nothing), finding, 5, others)


def test_a_row_takes_the_place_of_its_older_self_and_leaves_the_others(tmp_path: Path) -> None:
    file = tmp_path / "serving.json"
    keep(file, "rest-many", 1.0)
    keep(file, "departed", 1.0)
    keep(file, "rest-many", 3.0, others=0.5)
    keep(file, "start", 1.0)
    kept = json.loads(file.read_text())
    assert (kept["machine"], kept["versions"], list(kept["rows"])) == (
        MACHINE,
        {"wrk": "4.1.0"},
        ["rest-many", "start", "departed"],
    )
    first = kept["rows"]["rest-many"]
    assert (first["quiet"], first["usedByOthers"], first["rounds"]) == (False, 0.5, 5)
    assert first["figures"] == [
        {
            "name": "figure of rest-many",
            "unit": "x",
            "goal": 2.0,
            "atLeast": True,
            "median": 3.0,
            "runs": [3.0],
            "met": True,
        }
    ]
    assert kept["rows"]["departed"]["quiet"] is True
    assert kept["rows"]["departed"]["figures"][0]["met"] is False


def test_a_row_that_the_table_no_longer_has_is_dropped(tmp_path: Path) -> None:
    file = tmp_path / "serving.json"
    keep(file, "start", 1.0)
    file.write_text(file.read_text().replace('"start"', '"an older row"'))
    keep(file, "departed", 1.0)
    assert list(json.loads(file.read_text())["rows"]) == ["departed"]


def test_rows_of_another_machine_are_dropped(tmp_path: Path) -> None:
    file = tmp_path / "serving.json"
    keep(file, "start", 1.0)
    keep(file, "departed", 1.0, {"processor": "another", "cores": 2})
    assert list(json.loads(file.read_text())["rows"]) == ["departed"]


@pytest.mark.parametrize(("at_least", "middle", "met"), [(True, 1.25, True), (False, 0.8, False)])
def test_right_of_one_is_better_whichever_way_a_goal_points(at_least: bool, middle: float, met: bool) -> None:
    figure = Figure("x", 4.0, [2.0, 8.0], "ms", at_least=at_least)
    standing = Standing.of(figure.as_record() | {"met": figure.met})
    assert (standing.low, standing.middle, standing.high) == (0.5, middle, 2.0)
    assert standing.met is met
    assert standing.text == f"5 ms ({'≥' if at_least else '≤'} 4)"


def test_less_than_nothing_is_as_good_as_it_can_be() -> None:
    figure = Figure("memory", 30.0, [-2.0], "MB")
    assert Standing.of(figure.as_record() | {"met": True}).middle == 100.0


def test_the_picture_names_every_figure_and_every_server(tmp_path: Path) -> None:
    file = tmp_path / "serving.svg"
    figure = Figure("beside <B>", 2.0, [3.0], "x", at_least=True).as_record() | {"met": True}
    details = {"onnxruntime-server": [{"rate": 3000.0}], "<B>": [{"rate": 1000.0}]}
    plot.write(file, {"rest-many": {"quiet": False, "figures": [figure], "details": details}})
    texts = {each.text for each in ET.parse(file).iter(f"{SVG}text")}  # noqa: S314 - our own
    assert {
        "beside <B> *",
        "* taken while others used the machine",
        "3 x (≥ 2)",
        "<B>",
        "onnxruntime-server",
        "3,000",
        "1,000",
    } <= texts


def test_nothing_is_drawn_of_nothing(tmp_path: Path) -> None:
    plot.write(tmp_path / "serving.svg", {})
    assert list(tmp_path.iterdir()) == []


def test_rows_have_names_of_their_own() -> None:
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names)
    assert set(plot.THROUGHPUT) <= set(names)


def test_requests_are_counted_over_all_models() -> None:
    text = (
        "# TYPE nv_inference_request_success counter\n"
        'nv_inference_request_success{model="a",version="1"} 12.0\n'
        'nv_inference_request_success{model="b",version="1"} 30.0\n'
        'nv_inference_request_failure{model="a",reason="OTHER",version="1"} 7.0\n'
    )
    assert counted(text) == 42.0


@pytest.mark.parametrize("peer", ["fastapi", "kserve", "mlserver", "pytriton"])
def test_every_package_of_a_peer_has_a_version_and_a_hash(peer: str) -> None:
    lock = (environments.LOCKS / f"{peer}.txt").read_text()
    pins = [block for block in lock.split("\n") if block and not block.startswith(" ")]
    assert len(environments.versions(lock)) == len(pins)
    assert lock.count("==") == len(pins)
    blocks = lock.replace("\\\n    ", "").strip().split("\n")
    assert [block for block in blocks if "--hash=sha256:" not in block] == []


def test_all_peers_run_the_onnxruntime_of_the_server() -> None:
    server = (environments.SERVER / "pyproject.toml").read_text()
    for lock in environments.LOCKS.glob("*.txt"):
        assert f'"onnxruntime=={environments.versions(lock.read_text())["onnxruntime"]}"' in server
