"""A control that somebody begins with is whole: it is proven before anything in it is changed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from policies import scaffold
from policies.evaluator import Verdict
from policies.scaffold import ScaffoldError, begin
from tests.policies.proof import judged, unmended
from tests.policies.test_code_mutants import mutants, survives
from tests.policies.test_mutants import mutants as resource_mutants
from tests.policies.test_mutants import survived


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
    specification.loader.exec_module(module)
    control = module.CONTROL
    assert file == controls / "own_001.py"
    assert (control.id, [str(each) for each in control.references]) == (
        "OWN-001",
        ["ISO/IEC 27001 A.8.9 (supports)", "UAE IA T7.6 (supports)"],
    )
    assert [judged(control, example).verdict for example in control.examples.good] == [Verdict.PASS]
    assert list(unmended(control)) == []
    assert [mutant.name for mutant in resource_mutants(control) if survived(mutant)] == []
    assert [name for name, tree in mutants(file.read_text(encoding="utf-8")) if survives(tree, monkeypatch)] == []


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
