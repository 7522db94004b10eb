"""A control that somebody begins with is whole: it is proven before anything in it is changed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from policies import scaffold
from policies.evaluator import Verdict
from policies.scaffold import ScaffoldError, begin
from tests.policies.mutation import resources, rooms
from tests.policies.proof import judged, unmended


@pytest.fixture
def controls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(scaffold, "CONTROLS", tmp_path)
    return tmp_path


def test_a_new_control_is_proven_from_the_start(controls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = begin("OWN-001")

    specification = importlib.util.spec_from_file_location("own_001", file)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    monkeypatch.setitem(sys.modules, "own_001", module)
    specification.loader.exec_module(module)
    control = module.CONTROL
    assert file == controls / "own_001.py"
    assert (control.id, [str(each) for each in control.references]) == (
        "OWN-001",
        ["ISO/IEC 27001 A.8.9 (supports)", "UAE IA T7.6 (supports)"],
    )
    assert [judged(control, example).verdict for example in control.examples.good] == [Verdict.PASS]
    assert list(unmended(control)) == []
    assert [mutant.name for mutant in resources.tried(control).left] == []
    assert rooms.tried("own_001").left == ()


@pytest.mark.parametrize(
    ("identity", "said"),
    [
        ("own-1", "own-1 is no id; expected three capital letters, a dash and three digits"),
        ("../OWN-001", "../OWN-001 is no id; expected three capital letters, a dash and three digits"),
        ("OWN-002", "own_002.py exists already; ids are never reused"),
    ],
)
def test_what_is_no_id_or_taken_is_refused(controls: Path, identity: str, said: str) -> None:
    (controls / "own_002.py").write_text("mine")

    with pytest.raises(ScaffoldError) as caught:
        begin(identity)

    assert str(caught.value) == said
    assert (controls / "own_002.py").read_text() == "mine"
