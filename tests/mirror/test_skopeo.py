"""What skopeo's failures mean to the one who has to mend them."""

from __future__ import annotations

from pathlib import Path

import pytest

from falaj.errors import FalajError, ImageError, MachineError
from falaj.mirror.skopeo import Skopeo, login_command
from tests.mirror.registry import Registry

ECR = "111122223333.dkr.ecr.me-central-1.amazonaws.com"
ACR = "falajprod.azurecr.io"


def pretend(monkeypatch: pytest.MonkeyPatch, folder: Path, said: str) -> None:
    """Put a program before skopeo on the path that ends like skopeo with these words."""
    program = folder / "skopeo"
    line = f'time="2026-11-22T10:00:00Z" level=fatal msg="{said}"'
    program.write_text(f"#!/bin/sh\ncat >&2 <<'SAID'\n{line}\nSAID\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def refusal(place: str) -> FalajError:
    with pytest.raises(FalajError) as raised:
        Skopeo().copy("oci-archive:image.tar", place)
    return raised.value


def test_a_repository_that_ecr_does_not_know_is_no_manifest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = "name unknown: The repository with name 'prod/a/b' does not exist in the registry with id '111122223333'"
    pretend(monkeypatch, tmp_path, said)

    assert Skopeo().manifest(f"docker://{ECR}/prod/a/b:tag") is None


def test_a_push_to_a_repository_that_ecr_does_not_know_says_what_to_make_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = "name unknown: The repository with name 'prod/a/b' does not exist in the registry with id '111122223333'"
    pretend(monkeypatch, tmp_path, said)

    assert str(refusal(f"docker://{ECR}/prod/a/b:tag")) == (
        f"FAL-MIR-004  docker://{ECR}/prod/a/b:tag\n"
        "  There is no such repository yet:\n"
        f"  {said}\n"
        "  Next: make the registry first, before its cluster: run `falaj mirror --help` for the command"
    )


@pytest.mark.parametrize(
    "said",
    [
        "unauthorized: authentication required",
        "no basic auth credentials",
        "denied: Your authorization token has expired. Reauthenticate and try again.",
    ],
)
def test_refused_credentials_say_how_to_get_better_ones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str
) -> None:
    pretend(monkeypatch, tmp_path, said)
    refused = refusal(f"docker://{ECR}/prod/a/b:tag")

    assert (refused.code, refused.where, refused.exit_code) == ("FAL-MIR-005", ECR, 9)
    assert refused.hint == (
        "aws ecr get-login-password --region me-central-1 | "
        f"skopeo login --authfile FILE --password-stdin --username AWS {ECR}; then give FILE with --credentials"
    )


@pytest.mark.parametrize(
    "said",
    [
        "pinging container registry: dial tcp: lookup falajprod.azurecr.io: no such host",
        "pinging container registry: dial tcp 10.0.0.9:443: i/o timeout",
        "pinging container registry: x509: certificate signed by unknown authority",
    ],
)
def test_an_unreachable_registry_says_where_it_answers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str
) -> None:
    pretend(monkeypatch, tmp_path, said)
    refused = refusal(f"docker://{ACR}/a/b:tag")

    assert (refused.code, refused.where) == ("FAL-MIR-006", ACR)
    assert refused.hint == "run this inside the environment's network: its registry answers nowhere else"


def test_an_unreadable_archive_is_the_sources_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend(monkeypatch, tmp_path, "initializing source oci-archive:image.tar: unexpected EOF")
    refused = refusal(f"docker://{ACR}/a/b:tag")

    assert (refused.code, refused.where) == ("FAL-MIR-003", "oci-archive:image.tar")


def test_anything_else_is_told_as_skopeo_told_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend(monkeypatch, tmp_path, 'writing blob: \\"quota\\" exceeded')
    refused = refusal(f"docker://{ACR}/a/b:tag")

    assert refused.code == "FAL-MIR-007"
    assert refused.message == 'skopeo ended with:\nwriting blob: "quota" exceeded'


def test_a_machine_without_skopeo_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("falaj.mirror.skopeo.PROGRAM_PATH", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(MachineError) as raised:
        Skopeo().manifest("docker://localhost:1/a/b:c")

    assert raised.value.code == "FAL-MIR-002"
    assert raised.value.hint == "run: apt-get install --no-install-recommends skopeo"


def test_plain_http_is_for_this_machine_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "skopeo").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "skopeo").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def options(place: str) -> bytes:
        return Skopeo(Path("login.json")).manifest(place) or b""

    for host in ("localhost:5000", "127.0.0.1:5000", "[::1]:5000"):
        assert b"--tls-verify=false" in options(f"docker://{host}/a/b:c")
    for host in (ACR, "10.0.0.1:5000", "localhost.example.ae", "127.0.0.1.example.ae:5000"):
        assert options(f"docker://{host}/a/b:c") == (
            b"--insecure-policy --command-timeout=60s inspect --raw --authfile=login.json "
            + f"docker://{host}/a/b:c\n".encode()
        )


def test_nobody_listens_there(registry: Registry) -> None:
    free = f"127.0.0.1:{1 if registry.host.endswith(':2') else 2}"

    with pytest.raises(ImageError) as raised:
        Skopeo().manifest(f"docker://{free}/a/b:c")

    assert (raised.value.code, raised.value.where) == ("FAL-MIR-006", free)


@pytest.mark.parametrize(
    ("host", "begins"),
    [(ECR, "aws ecr get-login-password"), (ACR, "az acr login --name falajprod"), ("a.example.ae", "skopeo login")],
)
def test_no_login_command_shows_a_password(host: str, begins: str) -> None:
    command = login_command(host)

    assert command.startswith(begins)
    assert command.endswith(host)
    assert "--password-stdin" in command
    assert "--password " not in command
