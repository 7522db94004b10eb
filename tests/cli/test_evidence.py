"""`falaj evidence`: files that say what was judged, and a proof that nobody touched them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from falaj.cli import evidence as verbs
from falaj.errors import ConfigurationError, PolicyViolationError
from policies.configuration_file import AN_ID
from policies.evidence.document import digest

ROOT = Path(__file__).parents[2]
KEY = ec.generate_private_key(ec.SECP256R1())
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: shop, namespace: shop}
spec: {type: NodePort, ports: [{port: 8000}]}
"""
EVERYTHING = [
    "evidence.html",
    "evidence.json",
    "evidence.json.sig",
    "evidence.junit.xml",
    "evidence.md",
    "evidence.oscal.json",
    "evidence.sarif",
    "manifest.json",
    "manifest.json.sig",
    "residency.svg",
]


@pytest.fixture(autouse=True)
def at_a_fixed_time_in_the_project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("FALAJ_STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.delenv(verbs.PASSWORD, raising=False)
    monkeypatch.setattr(verbs, "now", lambda: datetime(2026, 11, 22, 10, 30, tzinfo=UTC))


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    folder = tmp_path / "manifests"
    folder.mkdir()
    (folder / "service.yaml").write_text(SERVICE)
    return folder


@pytest.fixture
def keys(tmp_path: Path) -> tuple[str, str]:
    return write_keys(tmp_path, KEY)


def write_keys(folder: Path, key: ec.EllipticCurvePrivateKey, password: str = "") -> tuple[str, str]:
    encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "key.pub").write_bytes(public)
    return str(folder / "key.pem"), str(folder / "key.pub")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(verbs.evidence, arguments)


def build(manifests: Path, folder: Path, *more: str) -> Result:
    return run("build", "--manifests", str(manifests), "--output", str(folder), *more)


def refusal(done: Result, kind: type[Exception], exit_code: int) -> str:
    assert isinstance(done.exception, kind), done.output
    assert getattr(done.exception, "exit_code", None) == exit_code
    return str(done.exception)


def test_everything_is_written_even_where_the_plan_is_stopped(
    manifests: Path, tmp_path: Path, keys: tuple[str, str]
) -> None:
    done = build(manifests, tmp_path / "out", "--key", keys[0])

    assert done.exception is None
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == EVERYTHING
    found = json.loads((tmp_path / "out" / "evidence.json").read_text())
    assert (found["format"], found["stops"], found["judged"]["resources"]) == ("falaj-evidence/1", True, 1)
    assert found["judged_at"] == "2026-11-22T10:30:00Z"
    assert f"wrote 10 files into {tmp_path}/out\n" in done.stdout


def test_the_same_source_at_the_same_time_makes_the_same_bytes(
    manifests: Path, tmp_path: Path, keys: tuple[str, str]
) -> None:
    for name in ("one", "two"):
        build(manifests, tmp_path / name, "--key", keys[0])

    for name in EVERYTHING:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_a_stack_names_its_file_for_code_scanning(tmp_path: Path) -> None:
    done = run("build", "-s", "azure-smb", "--output", str(tmp_path / "out"), "--format", "sarif", "--json")

    said = json.loads(done.stdout)
    written = (tmp_path / "out" / "evidence.json").read_bytes()
    assert sorted(said["files"]) == ["evidence.json", "evidence.sarif", "manifest.json"]
    assert (said["signed"], said["files"]["evidence.json"]) == (False, digest(written))
    found = json.loads(written)
    assert found["judged"]["file"] == "stacks/config/Pulumi.azure-smb.yaml"
    assert {each["proof"] for each in found["residency"]} == {"allowed"}


def test_no_rendering_of_the_real_pack_claims_what_it_can_not_know(manifests: Path, tmp_path: Path) -> None:
    build(manifests, tmp_path / "out", "--profile", "cbuae")

    for file in (tmp_path / "out").iterdir():
        text = file.read_text().lower()
        assert "compliant" not in text, file.name
        assert "compliance achieved" not in text, file.name


def test_what_was_signed_is_verified(manifests: Path, tmp_path: Path, keys: tuple[str, str]) -> None:
    build(manifests, tmp_path / "out", "--key", keys[0])

    done = run("verify", str(tmp_path / "out"), "--key", keys[1])

    assert done.exception is None
    assert done.stdout.startswith(f"{manifests}, judged on 2026-11-22 10:30 UTC: 10 files are as they were signed\n")


@pytest.mark.parametrize("name", EVERYTHING)
def test_a_changed_file_is_named_and_stops(manifests: Path, tmp_path: Path, keys: tuple[str, str], name: str) -> None:
    build(manifests, tmp_path / "out", "--key", keys[0])
    file = tmp_path / "out" / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))

    said = refusal(run("verify", str(tmp_path / "out"), "--key", keys[1]), PolicyViolationError, 5)

    first, wrong, hint = said.splitlines()
    assert first == f"FAL-EVI-001  {tmp_path}/out"
    assert name in wrong
    assert hint.startswith("  Next: ask whoever made it for another copy")


def test_another_key_and_no_signature_are_no_proof(manifests: Path, tmp_path: Path, keys: tuple[str, str]) -> None:
    build(manifests, tmp_path / "out", "--key", keys[0])
    (tmp_path / "other").mkdir()
    _, stranger = write_keys(tmp_path / "other", ec.generate_private_key(ec.SECP256R1()))

    said = refusal(run("verify", str(tmp_path / "out"), "--key", stranger), PolicyViolationError, 5)
    assert "manifest.json is not what manifest.json.sig signs with this key" in said

    build(manifests, tmp_path / "out")
    said = refusal(run("verify", str(tmp_path / "out"), "--key", keys[1]), PolicyViolationError, 5)
    assert "manifest.json.sig is missing: nothing proves who made this evidence" in said


def test_a_file_added_later_is_named(manifests: Path, tmp_path: Path, keys: tuple[str, str]) -> None:
    build(manifests, tmp_path / "out", "--key", keys[0])
    (tmp_path / "out" / "notes").mkdir()
    (tmp_path / "out" / "notes" / "summary.html").write_text("all is well")

    said = refusal(run("verify", str(tmp_path / "out"), "--key", keys[1]), PolicyViolationError, 5)

    assert "  notes/summary.html is no part of the evidence" in said


def test_an_encrypted_key_is_opened_by_the_password_of_the_environment(
    manifests: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private, public = write_keys(tmp_path, KEY, "open sesame")

    said = refusal(build(manifests, tmp_path / "out", "--key", private), ConfigurationError, 3)
    assert said.splitlines()[1] == "  The key can't be used: it is encrypted and no password was given."
    assert not (tmp_path / "out").exists()

    monkeypatch.setenv(verbs.PASSWORD, "open sesame")
    assert build(manifests, tmp_path / "out", "--key", private).exception is None
    assert run("verify", str(tmp_path / "out"), "--key", public).exception is None


def test_what_can_not_be_read_is_told_with_its_place(tmp_path: Path, keys: tuple[str, str]) -> None:
    (tmp_path / "empty").mkdir()

    for folder, why in (("gone", "It can't be read: No such folder."), ("empty", "there is no manifest.json.")):
        said = refusal(run("verify", str(tmp_path / folder), "--key", keys[1]), ConfigurationError, 3)
        assert said.splitlines()[1] == f"  {why}"
    said = refusal(run("verify", str(tmp_path / "empty"), "--key", str(tmp_path / "no.pub")), ConfigurationError, 3)
    assert said.splitlines()[0] == f"FAL-EVI-007  {tmp_path}/no.pub"
    said = refusal(run("verify", str(tmp_path / "empty"), "--key", keys[0]), ConfigurationError, 3)
    assert said.splitlines()[1].startswith("  The key can't be used: it is no public key")


def test_the_operators_configuration_counts_in_evidence_as_in_a_check(manifests: Path, tmp_path: Path) -> None:
    (tmp_path / "levels.json").write_text('{"all": "advisory"}')
    (tmp_path / "broken.json").write_text('{"SUP-1": "advisory"}')

    strict = build(manifests, tmp_path / "strict", "--json")
    lenient = build(manifests, tmp_path / "lenient", "--json", "--policy-pack-config", str(tmp_path / "levels.json"))
    broken = build(manifests, tmp_path / "broken", "--policy-pack-config", str(tmp_path / "broken.json"))

    assert [json.loads(done.stdout)["stops"] for done in (strict, lenient)] == [True, False]
    assert refusal(broken, ConfigurationError, 3).splitlines()[:2] == [
        "FAL-POL-002  falaj evidence build",
        f"  {tmp_path}/broken.json:1: SUP-1 is no control of this pack; expected {AN_ID}",
    ]
    assert not (tmp_path / "broken").exists()


def test_a_source_that_can_not_be_read_leaves_nothing_behind(manifests: Path, tmp_path: Path) -> None:
    (manifests / "broken.yaml").write_text("{")

    said = refusal(build(manifests, tmp_path / "out"), ConfigurationError, 3)

    assert said.splitlines()[0] == "FAL-POL-002  falaj evidence build"
    assert not (tmp_path / "out").exists()


def test_a_folder_with_something_else_is_left_alone(manifests: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")

    said = refusal(build(manifests, tmp_path / "out"), ConfigurationError, 3)

    assert said.splitlines()[1] == "  It holds what is no part of any evidence: thesis.txt."
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["thesis.txt"]


def test_an_older_evidence_is_replaced_whole(manifests: Path, tmp_path: Path, keys: tuple[str, str]) -> None:
    build(manifests, tmp_path / "out", "--key", keys[0])

    done = build(manifests, tmp_path / "out", "--format", "markdown")

    assert done.exception is None
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "evidence.json",
        "evidence.md",
        "manifest.json",
    ]
    assert "not signed: nobody can verify it; sign with --key\n" in done.stderr


def test_one_thing_is_judged_at_a_time(tmp_path: Path) -> None:
    done = run("build", "--output", str(tmp_path / "out"))

    assert done.exit_code == 2
    assert "Say what to judge: one of --stack, --state, --preview, --manifests, --cluster." in done.output
