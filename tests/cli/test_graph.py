"""`falaj graph` on the shipped stacks: drawn without a cluster, an account or a network."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from falaj.cli.graph import graph
from falaj.errors import ConfigurationError

ROOT = Path(__file__).parents[2]
TEXT = "{http://www.w3.org/2000/svg}text"


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, quick_stacks: None) -> Path:
    """A place for pictures; the command runs in the project and keeps its state elsewhere."""
    del quick_stacks
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("FALAJ_STATE_DIRECTORY", str(tmp_path / "state"))
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(graph, arguments)


def texts(picture: str) -> list[str | None]:
    return [text.text for text in ET.fromstring(picture).iter(TEXT)]  # noqa: S314 - written by us


def test_a_tenants_picture_shows_its_endpoint_and_who_reaches_it(drawn: Path) -> None:
    done = run("-s", "local-smb", "-o", str(drawn / "tenant.svg"))

    assert (done.exit_code, done.stdout) == (0, "")
    written = texts((drawn / "tenant.svg").read_text(encoding="utf-8"))
    for expected in ("local-smb", "Clients", "Gateway of the environment", "ONNX Runtime server", "public data"):
        assert expected in written


@pytest.mark.usefixtures("drawn")
def test_without_a_file_the_picture_goes_to_standard_output() -> None:
    done = run("-s", "local")

    assert done.exit_code == 0
    assert {"Kubernetes API", "Certificate authority", "Gateway platform"} <= {*texts(done.stdout)}


def test_a_file_that_cannot_be_written_is_refused_by_name(drawn: Path) -> None:
    target = drawn / "nowhere" / "picture.svg"

    done = run("-s", "local-smb", "-o", str(target))

    assert isinstance(done.exception, ConfigurationError)
    assert str(done.exception) == (
        f"FAL-GRA-001  --output {target}\n"
        "  The picture can not be written: No such file or directory.\n"
        "  Next: name a file in a folder that exists and that you may write to"
    )
