"""Where Pulumi was told to keep state: the environment, the project, the last login, in that order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from falaj.errors import ConfigurationError
from falaj.preflight.pulumi_files import read_state

STACK = "secretsprovider: awskms://alias/falaj?region=me-central-1\nconfig: {}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with one stack file in its own folder."""
    (tmp_path / "Pulumi.yaml").write_text("name: falaj\nruntime: python\nstackConfigDir: stacks/config\n")
    (tmp_path / "stacks" / "config").mkdir(parents=True)
    (tmp_path / "stacks" / "config" / "Pulumi.prod.yaml").write_text(STACK)
    return tmp_path


def login(home: Path, address: str) -> None:
    (home / ".pulumi").mkdir()
    (home / ".pulumi" / "credentials.json").write_text(json.dumps({"current": address}))


def test_the_environment_wins(root: Path) -> None:
    login(root, "https://api.pulumi.com")

    state = read_state(root, "prod", {"PULUMI_BACKEND_URL": "s3://mine?region=me-central-1"}, root)

    assert (state.backend, state.backend_from) == ("s3://mine?region=me-central-1", "PULUMI_BACKEND_URL")


def test_the_project_file_comes_before_the_last_login(root: Path) -> None:
    login(root, "https://api.pulumi.com")
    with (root / "Pulumi.yaml").open("a") as file:
        file.write("backend: {url: 's3://ours?region=me-central-1'}\n")

    state = read_state(root, "prod", {}, root)

    assert (state.backend, state.backend_from) == ("s3://ours?region=me-central-1", "Pulumi.yaml")


def test_the_last_login_is_what_pulumi_takes_otherwise(root: Path) -> None:
    login(root, "https://api.pulumi.com")

    state = read_state(root, "prod", {}, root)

    assert (state.backend, state.backend_from) == ("https://api.pulumi.com", "the last pulumi login")


def test_another_home_of_pulumi_is_looked_up(root: Path) -> None:
    (root / "elsewhere").mkdir()
    (root / "elsewhere" / "credentials.json").write_text(json.dumps({"current": "file://~"}))

    assert read_state(root, "prod", {"PULUMI_HOME": str(root / "elsewhere")}, root).backend == "file://~"


@pytest.mark.parametrize("content", [None, "", "[]", "{}", "not json"])
def test_without_a_login_no_backend_is_chosen(root: Path, content: str | None) -> None:
    if content is not None:
        (root / ".pulumi").mkdir()
        (root / ".pulumi" / "credentials.json").write_text(content)

    state = read_state(root, "prod", {}, root)

    assert (state.backend, state.backend_from) == (None, None)


@pytest.mark.parametrize(
    ("content", "secrets"),
    [
        (STACK, "awskms://alias/falaj?region=me-central-1"),
        ("secretsprovider: passphrase\n", "passphrase"),
        ("encryptionsalt: v1:abc\n", "passphrase"),
        ("config: {}\n", None),
        ("", None),
    ],
)
def test_the_stack_file_names_the_secrets_provider(root: Path, content: str, secrets: str | None) -> None:
    (root / "stacks" / "config" / "Pulumi.prod.yaml").write_text(content)

    state = read_state(root, "prod", {}, root)

    assert state.secrets == secrets
    assert state.secrets_from == (None if secrets is None else "stacks/config/Pulumi.prod.yaml")


@pytest.mark.parametrize("content", ["- a list\n", "key: [unclosed\n"])
def test_a_file_that_is_no_mapping_is_refused_by_name(root: Path, content: str) -> None:
    (root / "Pulumi.yaml").write_text(content)

    with pytest.raises(ConfigurationError, match="It is no mapping of keys to values") as raised:
        read_state(root, "prod", {}, root)

    assert raised.value.code == "FAL-PFL-002"
    assert raised.value.where == str(root / "Pulumi.yaml")
