"""What a config.toml may say, and what a mistake in it is answered with."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnxruntime_server.errors import RepositoryError
from onnxruntime_server.repository.configuration import Cascade, Ensemble, ModelSettings, Step, parse

FILE = Path("models/iris/config.toml")
ENSEMBLE = """
[ensemble]
inputs = ["x"]
outputs = ["y"]
[[ensemble.steps]]
model = "iris"
inputs = { a = "x" }
outputs = { b = "y" }
"""


def test_every_field_has_a_default() -> None:
    assert parse(b"", FILE) == ModelSettings()
    assert ModelSettings().versions == "all"


def test_reads_every_kind_of_field() -> None:
    text = b"""
        max_batch_size = 8
        latency_budget_ms = 20
        response_cache = true
        versions = [1, 3]
        warm_up = ["first.json"]
        batch_axis = false
    """
    assert parse(text, FILE) == ModelSettings(
        max_batch_size=8,
        latency_budget_ms=20.0,
        response_cache=True,
        versions=(1, 3),
        warm_up=("first.json",),
        batch_axis=False,
    )


def test_reads_an_ensemble_and_a_cascade() -> None:
    step = Step(model="iris", inputs={"a": "x"}, outputs={"b": "y"})
    assert parse(ENSEMBLE.encode(), FILE).ensemble == Ensemble(inputs=("x",), outputs=("y",), steps=(step,))
    text = '[cascade]\ncheap = "a"\ndear = "b"\nconfidence = "p"\nmeasure = "margin"\nthreshold = 0.5'
    cascade = Cascade(cheap="a", dear="b", confidence="p", measure="margin", threshold=0.5)
    assert parse(text.encode(), FILE).cascade == cascade


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max_batch_size = 0", "max_batch_size: expected integer >= 1, got 0"),
        ("max_batch_size = 'many'", "max_batch_size: expected integer, got 'many'"),
        ("max_batch_size = true", "max_batch_size: expected integer, got True"),
        ("latency_budget_ms = nan", "latency_budget_ms: expected float >= 0.0, got nan"),
        ("response_cache = 1", "response_cache: expected boolean, got 1"),
        ("versions = 'newest'", "versions: expected 'all', 'latest' or an array of version numbers, got 'newest'"),
        ("versions = []", "versions: expected 'all', 'latest' or an array of version numbers, got []"),
        ("versions = [0]", "versions[0]: expected integer >= 1, got 0"),
        (
            "max_batchsize = 1",
            (
                "max_batchsize: no such field; expected max_batch_size, latency_budget_ms, max_waiting, "
                "default_timeout_ms, default_priority, response_cache, warm_up, batch_axis, versions, ensemble, cascade"
            ),
        ),
        ("warm_up = ['../a']", "warm_up names '../a'; expected the name of a file in the same folder"),
        ("a = ", "not TOML: Invalid value (at end of document)"),
        (ENSEMBLE.replace('outputs = { b = "y" }', ""), "ensemble.steps[0].outputs: is missing"),
        (
            ENSEMBLE + "rows = 1",
            "ensemble.steps[0].rows: no such field; expected model, version, name, inputs, outputs",
        ),
        (
            ENSEMBLE + ENSEMBLE[ENSEMBLE.index("[[") :],
            "two steps of the ensemble have one name; expected 'name' in each step of the same model",
        ),
        (
            ENSEMBLE + "[cascade]\ncheap = 'a'\ndear = 'b'\nconfidence = 'p'\nthreshold = 0.5",
            "ensemble and cascade exclude each other; expected one of them or none",
        ),
        (
            "[cascade]\ncheap = 'a'\ndear = 'b'\nconfidence = 'p'\nthreshold = 0.5\nmeasure = 'entropy'",
            "cascade.measure: expected 'largest' or 'margin', got 'entropy'",
        ),
    ],
)
def test_a_mistake_is_told_with_file_field_and_what_is_allowed(text: str, message: str) -> None:
    with pytest.raises(RepositoryError) as caught:
        parse(text.encode(), FILE)
    assert str(caught.value) == f"{FILE}: {message}"


@given(st.one_of(st.binary(max_size=100), st.text(alphabet="abc[]{}=.'\"#\n 0123-", max_size=60).map(str.encode)))
def test_any_bytes_are_settings_or_refused(text: bytes) -> None:
    try:
        settings = parse(text, FILE)
    except RepositoryError:
        return
    assert settings.max_batch_size >= 1
