"""Policy packs over the analyzer protocol: asked in the right order, heeded, and never let through when they fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from falaj.engine import EnforcementLevel, PolicyRemediated, StepOp
from falaj.errors import ConfigurationError, DeploymentError, PolicyViolationError
from tests.engine.conftest import Workbench
from tests.engine.packs import write_pack

REFUSE_BAD = """
def analyze(self, request):
    return [verdict(f"{request.name} is bad")] if request.name == "bad" else []
"""


def test_a_pack_is_asked_in_pulumis_order_about_every_resource(bench: Workbench, tmp_path: Path) -> None:
    pack, log = write_pack(tmp_path / "pack")
    bench.packs = (pack,)
    bench.stack_file("config: {test:word: w}\n")
    bench.program('Thing("one")')

    bench.up()

    calls = log.read_text(encoding="utf-8").splitlines()
    opening = ["GetPluginInfo", "GetAnalyzerInfo", "Configure ['T-001']"]
    first = calls[: calls.index("ConfigureStack test dev False {'test:word': 'w'}")]
    second = calls[len(first) :]
    assert first[0] == "ConfigureStack test dev True {'test:word': 'w'}"
    for part in (first, second):
        assert part[1:4] == opening
        asked = ["pulumi:pulumi:Stack test-dev", "pulumi:providers:fake default", "fake:index:Thing one"]
        assert sorted(part[4:7]) == sorted(f"Analyze {name}" for name in asked)
        assert part[7] == "AnalyzeStack 3"
    assert calls[-1] == "Cancel"


def test_a_mandatory_violation_stops_before_anything_is_created(bench: Workbench, tmp_path: Path) -> None:
    bench.packs = (write_pack(tmp_path / "pack", REFUSE_BAD)[0],)
    bench.program('Thing("good")\nThing("bad")')

    planned = bench.preview()
    with pytest.raises(PolicyViolationError) as caught:
        bench.up()

    assert [(item.policy, item.message, item.level, item.severity) for item in planned.stopping] == [
        ("T-001", "bad is bad", EnforcementLevel.MANDATORY, "high")
    ]
    assert str(caught.value) == (
        "FAL-ENG-705  stack dev, 1 policy violations\n"
        "  T-001  urn:pulumi:dev::test::fake:index:Thing::bad\n"
        "    bad is bad\n"
        "  Nothing was created.\n"
        "  Next: change the stack so that it complies, or have a waiver reviewed."
    )
    assert bench.world.things == {}
    assert not bench.store().exists()


def test_an_advisory_violation_is_told_and_lets_through(bench: Workbench, tmp_path: Path) -> None:
    advisory = REFUSE_BAD.replace('is bad")', 'is bad", a.ADVISORY)')
    bench.packs = (write_pack(tmp_path / "pack", advisory)[0],)
    bench.program('Thing("bad")')

    result = bench.up()

    assert [(item.level, item.message) for item in result.violations] == [(EnforcementLevel.ADVISORY, "bad is bad")]
    assert result.stopping == ()
    assert len(bench.world.things) == 1


def test_what_only_the_update_can_know_is_stopped_there(bench: Workbench, tmp_path: Path) -> None:
    behaviour = """
    def analyze(self, request):
        known = request.properties["origin"] == 1 if "origin" in request.properties else False
        return [verdict("origin is one")] if known else []
    """
    bench.packs = (write_pack(tmp_path / "pack", behaviour)[0],)
    bench.program('base = Thing("base")\nThing("bad", origin=base.serial)')

    with pytest.raises(PolicyViolationError, match="What was done before is in the state"):
        bench.up()

    assert sorted(bench.resources()) == ["base", "default", "test-dev"]


def test_a_verdict_on_the_whole_stack_stops_too(bench: Workbench, tmp_path: Path) -> None:
    behaviour = """
    def analyze_stack(self, request):
        return [verdict("no thing is big")]
    """
    bench.packs = (write_pack(tmp_path / "pack", behaviour)[0],)
    bench.program('Thing("one")')

    with pytest.raises(PolicyViolationError, match=r"pulumi:pulumi:Stack::test-dev\n.*no thing is big"):
        bench.up()

    assert bench.world.things == {}


def test_a_remediation_changes_what_is_created(bench: Workbench, tmp_path: Path) -> None:
    behaviour = """
    def info(self):
        return [a.PolicyInfo(name="T-002", enforcementLevel=a.REMEDIATE)]
    def remediate(self, request):
        if request.type != "fake:index:Thing":
            return a.RemediateResponse()
        request.properties["label"] = "mended"
        mended = a.Remediation(policyName="T-002", description="labels", properties=request.properties)
        return a.RemediateResponse(remediations=[mended])
    """
    bench.packs = (write_pack(tmp_path / "pack", behaviour)[0],)
    bench.program('Thing("one")')

    bench.up()

    assert bench.resources()["one"]["inputs"]["label"] == "mended"
    assert {event.policy for event in bench.told(PolicyRemediated)} == {"T-002"}
    assert bench.up().summary == {StepOp.SAME: 2}


def test_a_pack_that_dies_stops_the_run(bench: Workbench, tmp_path: Path) -> None:
    behaviour = """
    def analyze(self, request):
        if request.type == "fake:index:Thing":
            os._exit(3)
        return []
    """
    bench.packs = (write_pack(tmp_path / "pack", behaviour)[0],)
    bench.program('Thing("one")')

    with pytest.raises(DeploymentError) as caught:
        bench.up()

    assert (caught.value.code, caught.value.where) == ("FAL-ENG-703", "policy pack pack")
    assert caught.value.message == "The policy pack died. What it did not judge is not let through."
    assert bench.world.things == {}


def test_a_pack_that_hangs_stops_the_run(bench: Workbench, tmp_path: Path) -> None:
    behaviour = """
    def analyze(self, request):
        time.sleep(60)
    """
    bench.packs = (write_pack(tmp_path / "pack", behaviour)[0],)
    bench.program('Thing("one")')

    with pytest.raises(DeploymentError, match="gave no answer within"):
        bench.up(policy_timeout=6)

    assert bench.world.things == {}


def test_a_check_that_raises_stops_the_run(bench: Workbench, tmp_path: Path) -> None:
    behaviour = """
    def analyze(self, request):
        raise ValueError("a bug in the pack")
    """
    bench.packs = (write_pack(tmp_path / "pack", behaviour)[0],)
    bench.program('Thing("one")')

    with pytest.raises(DeploymentError, match="a bug in the pack"):
        bench.up()

    assert bench.world.things == {}


def test_a_pack_that_does_not_start_stops_the_run(bench: Workbench, tmp_path: Path) -> None:
    pack, _ = write_pack(tmp_path / "pack")
    (pack / "__main__.py").write_text("raise SystemExit('no such module')", encoding="utf-8")
    bench.packs = (pack,)
    bench.program('Thing("one")')

    with pytest.raises(DeploymentError) as caught:
        bench.up()

    assert caught.value.code == "FAL-ENG-702"
    assert bench.world.things == {}


def test_a_directory_that_is_no_pack_is_refused(bench: Workbench, tmp_path: Path) -> None:
    bench.packs = (tmp_path,)
    bench.program("pass")

    with pytest.raises(ConfigurationError) as caught:
        bench.preview()

    assert caught.value.code == "FAL-ENG-701"
