"""A profile is measured, kept beside its model, and refused when it is not of it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from falaj.errors import ConfigurationError
from falaj.placement import measure as module
from falaj.placement.measure import measure
from falaj.placement.profile import profile_file, read_profile
from tests.placement.examples import layered, point, profile

TODAY = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS_OF_A_POINT", 0.0)


def test_every_batch_and_thread_is_measured(tmp_path: Path) -> None:
    model, told = layered(tmp_path), list[str]()

    found = measure(model, TODAY, threads=(1, 2), progress=told.append)

    assert [(each.batch, each.threads) for each in found.points] == [
        (batch, threads) for threads in (1, 2) for batch in (1, 2, 4, 8, 16, 32)
    ]
    assert told[0] == "1 rows, 1 threads"
    assert all(each.runs == 30 and each.median_ms <= each.p99_ms for each in found.points)
    assert found.machine.cores >= 1
    assert found.runtime.startswith("onnxruntime 1.")
    assert found.work.operations == 2 * 64 * 64 * 2 + 64


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    model = layered(tmp_path)
    found = measure(model, TODAY, threads=(1,))
    profile_file(model).write_text(found.as_json())

    assert read_profile(model) == found


def test_a_model_without_a_profile_is_told_how_to_get_one(tmp_path: Path) -> None:
    model = layered(tmp_path)

    with pytest.raises(ConfigurationError) as caught:
        read_profile(model)
    assert (caught.value.message, caught.value.hint) == (
        "The model has no CPU profile.",
        f"measure it: falaj place profile {model}",
    )


def test_a_profile_of_another_file_is_refused(tmp_path: Path) -> None:
    model = layered(tmp_path)
    profile_file(model).write_text(profile().as_json())

    with pytest.raises(ConfigurationError, match="of another file"):
        read_profile(model)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "Invalid JSON"),
        ("[]", "object"),
        (json.dumps({**json.loads(profile().as_json()), "format": "falaj-cpu-profile/9"}), "format"),
        (json.dumps({**json.loads(profile().as_json()), "points": []}), "points"),
        (profile(point(1.0), point(2.0, batch=2)).as_json().replace('"batch": 2', '"batch": 1'), "two points"),
        (profile(point(1.0)).as_json().replace('"threads": 1', '"threads": 2'), "no point of one row and one thread"),
    ],
)
def test_a_damaged_profile_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    model = layered(tmp_path)
    profile_file(model).write_text(text)

    with pytest.raises(ConfigurationError) as caught:
        read_profile(model)
    assert caught.value.code == "FAL-PLC-002"
    assert reason in caught.value.message


def test_no_model_and_no_onnx_are_refused(tmp_path: Path) -> None:
    text = tmp_path / "model.onnx"
    text.write_text("no model")

    for file, message in ((tmp_path / "absent.onnx", "can't be read"), (text, "can't load it")):
        with pytest.raises(ConfigurationError, match=message) as caught:
            measure(file, TODAY)
        assert caught.value.code == "FAL-PLC-003"
