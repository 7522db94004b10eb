"""`falaj policy`: what is asked, and what a plan, a state or manifests answer, by exit code and words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from falaj.cli.policy import policy
from falaj.errors import ConfigurationError, PolicyViolationError
from policies.controls import load

ROOT = Path(__file__).parents[2]
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: shop, namespace: shop}
spec: {type: NodePort, ports: [{port: 8000}]}
"""


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("FALAJ_STATE_DIRECTORY", str(tmp_path / "state"))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(policy, arguments)


def test_every_control_is_listed_as_a_profile_asks_for_it() -> None:
    listed = json.loads(run("list", "--profile", "gov", "--json").stdout)

    assert [row["control"] for row in listed] == [control.id for control in load()]
    assert {row["control"]: row["level"] for row in listed}["RES-021"] == "mandatory"


def test_a_control_is_explained_with_its_harm_remedy_and_examples() -> None:
    lines = run("explain", "key-001").stdout.splitlines()

    assert lines[0] == "## KEY-001"
    assert "- Remedy: Set enableKeyRotation to true and rotationPeriodInDays to 365 or less." in lines
    assert "  - never: `enableKeyRotation: found nothing, expected true`" in lines
    assert lines[-1] == "- Stops a plan of: baseline, smb, cbuae, health, gov, difc_adgm, gdpr"


def test_an_unknown_control_is_refused() -> None:
    done = run("explain", "ZZZ-999")

    assert str(done.exception) == (
        "FAL-POL-001  falaj policy explain\n  No control is named ZZZ-999.\n  Next: `falaj policy list` shows them all"
    )


def test_manifests_that_break_a_control_are_stopped_with_the_finding(tmp_path: Path) -> None:
    (tmp_path / "service.yaml").write_text(SERVICE)

    done = run("check", "--manifests", str(tmp_path))

    assert isinstance(done.exception, PolicyViolationError)
    assert done.exception.exit_code == 5
    assert "mandatory: TLS-003 " in done.stdout
    assert "  Resource: urn:pulumi:manifests::kubernetes::kubernetes:core/v1:Service::shop/shop\n" in done.stdout


def test_what_can_not_be_read_is_no_pass(tmp_path: Path) -> None:
    (tmp_path / "service.yaml").write_text(SERVICE + "---\n{")

    done = run("check", "--manifests", str(tmp_path))

    assert isinstance(done.exception, ConfigurationError)
    assert str(done.exception) == (
        "FAL-POL-002  falaj policy check\n"
        f"  {tmp_path}/service.yaml:7: is no YAML: did not find expected node content; "
        "expected a Kubernetes object with apiVersion, kind and metadata.name\n"
        "  Next: mend it; nothing was judged"
    )
    assert done.stdout == ""


def test_every_result_is_in_the_json_passes_too(tmp_path: Path) -> None:
    (tmp_path / "service.yaml").write_text(SERVICE.replace("NodePort", "ClusterIP"))

    found = json.loads(run("check", "--manifests", str(tmp_path), "--json").stdout)

    assert found["source"]["kind"] == "manifests"
    assert len(found["source"]["digest"]) == 64
    verdicts = {result["control"]: result["verdict"] for result in found["results"]}
    assert verdicts["TLS-003"] == "pass"
    assert set(found["levels"]) == {control.id for control in load()}
    assert "KEY-001" in found["idle"]


@pytest.mark.parametrize("arguments", [(), ("--stack", "local", "--cluster")])
def test_one_thing_is_judged_at_a_time(arguments: tuple[str, ...]) -> None:
    done = run("check", *arguments)

    assert done.exit_code == 2
    assert "Say what to judge: one of --stack, --state, --preview, --manifests, --cluster." in done.output


def test_a_stack_without_resources_has_nothing_to_judge(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text(json.dumps({"version": 3, "deployment": {"resources": []}}))

    done = run("check", "--state", str(tmp_path / "state.json"))

    count = len(load())
    assert done.exception is None
    assert done.stdout == (
        f"{tmp_path}/state.json: 0 resources, {count} controls: nothing to judge; "
        f"{count} controls met nothing of theirs.\n"
    )


def test_a_profile_that_nobody_knows_is_named(tmp_path: Path) -> None:
    file = tmp_path / "preview.json"
    file.write_text(json.dumps({"steps": [], "config": {"falaj:profiles": "piracy"}}))

    done = run("check", "--preview", str(file))

    assert str(done.exception) == (
        "FAL-POL-003  falaj policy check\n"
        "  configuration: no profile is named piracy; "
        "there are baseline, smb, cbuae, health, gov, difc_adgm, gdpr\n"
        "  Next: mend the stack's configuration"
    )


def test_every_movement_of_a_stack_is_proven() -> None:
    done = run("residency", "-s", "azure-smb", "--json")

    found = json.loads(done.stdout)
    assert done.exception is None
    assert {each["proof"] for each in found} == {"allowed"}
    assert ("clients", "falaj-gateway/traefik") in {(each["source"], each["sink"]) for each in found}


def test_a_movement_that_may_not_be_stops_and_names_its_article() -> None:
    done = run("residency", "-s", "aws-sovereign", "--profile", "difc_adgm")

    assert str(done.exception).splitlines()[0] == "FAL-POL-005  falaj policy residency"
    broken = [line for line in done.stdout.splitlines() if line.startswith("broken")]
    assert broken
    assert all("forbidden by DIFC DPL Art 26; forbidden by ADGM DPR s.40" in line for line in broken)


POD = """\
apiVersion: v1
kind: Pod
metadata: {name: shop, namespace: shop}
spec: {containers: [{name: shop, image: "harbor.acme.ae/shop@sha256:%s"}]}
""" % ("a" * 64)


def said_of_a_pod(tmp_path: Path, *options: str) -> dict[str, tuple[str, str]]:
    """The verdict of each control on a pod, and what breaking it does."""
    (tmp_path / "pod.yaml").write_text(POD)
    said = json.loads(run("check", "--manifests", str(tmp_path / "pod.yaml"), "--json", *options).stdout)
    return {each["control"]: (each["verdict"], said["levels"][each["control"]]) for each in said["results"]}


def test_the_operators_configuration_sets_levels_and_parameters(tmp_path: Path) -> None:
    file, pod = tmp_path / "levels.json", str(tmp_path / "pod.yaml")
    file.write_text('{"all": "advisory", "POD-002": "disabled", "SUP-002": {"registries": ["harbor.acme.ae"]}}')

    strict = said_of_a_pod(tmp_path)
    lenient = said_of_a_pod(tmp_path, "--policy-pack-config", str(file))

    assert [strict[name] for name in ("POD-002", "POD-003", "SUP-002")] == [("fail", "mandatory")] * 3
    assert [lenient[name] for name in ("POD-002", "POD-003", "SUP-002")] == [
        ("fail", "disabled"),
        ("fail", "advisory"),
        ("pass", "advisory"),
    ]
    assert isinstance(run("check", "--manifests", pod).exception, PolicyViolationError)
    assert run("check", "--manifests", pod, "--policy-pack-config", str(file)).exception is None


def test_a_profile_tightens_what_the_operator_loosens(tmp_path: Path) -> None:
    file = tmp_path / "levels.json"
    file.write_text('{"all": "advisory"}')

    said = said_of_a_pod(tmp_path, "--policy-pack-config", str(file), "--profile", "gov")

    assert said["SUP-002"] == ("fail", "mandatory")


@pytest.mark.parametrize("verb", ["check", "residency"])
def test_a_configuration_with_a_mistake_judges_nothing(tmp_path: Path, verb: str) -> None:
    (tmp_path / "levels.json").write_text('{\n"SUP-002": "warn"}')

    done = run(verb, "--manifests", str(tmp_path), "--policy-pack-config", str(tmp_path / "levels.json"))

    assert str(done.exception) == (
        f"FAL-POL-002  falaj policy {verb}\n"
        f"  {tmp_path}/levels.json:2: SUP-002: warn is no level; "
        "expected one of advisory, mandatory, disabled, remediate\n"
        "  Next: mend it; nothing was judged"
    )
