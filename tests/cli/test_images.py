"""``falaj images build`` signs what it builds, ``falaj images verify`` proves it or says what is wrong."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from falaj.cli.command import falaj
from falaj.errors import FalajError
from falaj.localcluster.images import buildah
from falaj.localcluster.images.description import ImageFolder
from falaj.localcluster.images.lock import LockedImage
from falaj.signing import new_key_pair
from tests.attestation import archives

FILES = archives.blobs([archives.BASE])
DIGEST = json.loads(FILES["index.json"])["manifests"][0]["digest"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of one image, which a stand-in for buildah builds."""

    def bake(_folder: ImageFolder, _base: LockedImage | None, _work: Path, archive: Path) -> None:
        archives.write(archive, FILES)

    monkeypatch.setattr(buildah, "build", bake)
    monkeypatch.setenv("FALAJ_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "project" / "serving_images" / "example"
    folder.mkdir(parents=True)
    (folder / "image.toml").write_text(f'name = "{archives.NAME}"\n')
    (folder / "Containerfile").write_text("FROM scratch\n")
    (tmp_path / "project" / "Pulumi.yaml").touch()
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def falaj_images(*arguments: str) -> Result:
    return CliRunner().invoke(falaj, ["images", *arguments])


def refusal(*arguments: str) -> str:
    error = falaj_images(*arguments).exception
    assert isinstance(error, FalajError)
    return str(error)


def test_an_image_is_signed_with_the_projects_own_key_and_proven_by_its_public_half(project: Path) -> None:
    assert falaj_images("build").exit_code == 0
    own = project / ".falaj" / "images.key"
    assert stat.S_IMODE(own.stat().st_mode) == 0o600

    done = falaj_images("verify", archives.NAME, "--key", ".falaj/images.pub")
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        f"{archives.NAME}@{DIGEST}",
        "proven: signature, digests, bill of materials and provenance; 0 wheels, 1 Debian packages, 3 other files",
        f"documents: {project}/.falaj/attestations/falaj.local_example",
    ]


def test_the_own_key_stays_and_what_it_signed_is_not_written_again(project: Path) -> None:
    falaj_images("build")
    signature = project / ".falaj/attestations/falaj.local_example/signature.json.sig"
    first = (signature.stat().st_ino, (project / ".falaj/images.key").read_bytes())
    falaj_images("build")
    assert (signature.stat().st_ino, (project / ".falaj/images.key").read_bytes()) == first


def test_a_key_of_ones_own_is_taken_instead(project: Path) -> None:
    pair = new_key_pair()
    (project / "mine.key").write_bytes(pair.private)
    (project / "mine.pub").write_bytes(pair.public)
    assert falaj_images("build", "--key", "mine.key").exit_code == 0
    assert not (project / ".falaj/images.key").exists()
    assert falaj_images("verify", archives.NAME, "--key", "mine.pub").exit_code == 0


def test_a_changed_byte_is_refused_with_one_message(project: Path) -> None:
    falaj_images("build")
    archive = Path(json.loads((project / ".falaj/images.json").read_text())[archives.NAME]["archive"])
    blob = next(name for name, content in FILES.items() if content.startswith(b"\x28\xb5\x2f\xfd"))
    archives.write(archive, FILES | {blob: FILES[blob][:-1] + b"\x00"})

    assert refusal("verify", archives.NAME, "--key", ".falaj/images.pub") == (
        f"FAL-IMG-023  image {archives.NAME}\n"
        f"  It is not proven: {archive.name}: blob sha256:{blob.removeprefix('blobs/sha256/')} was changed.\n"
        "  Next: do not run it; build it again, or ask whoever built it for another copy or for the right key"
    )


def test_another_key_is_refused(project: Path) -> None:
    falaj_images("build")
    (project / "other.pub").write_bytes(new_key_pair().public)
    assert refusal("verify", archives.NAME, "--key", "other.pub").splitlines()[1] == (
        "  It is not proven: signature.json is not signed by the holder of this key, or was changed since."
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file or directory"),
        (b"words", "it is no public key: expected ECDSA on P-256 or Ed25519, in PEM"),
    ],
)
def test_a_key_that_is_none_is_refused(project: Path, content: bytes | None, why: str) -> None:
    falaj_images("build")
    if content is not None:
        (project / "bad.pub").write_bytes(content)
    lines = refusal("verify", archives.NAME, "--key", "bad.pub").splitlines()
    assert lines[:2] == ["FAL-IMG-024  --key bad.pub", f"  The key can't be used: {why}."]


def test_a_name_that_was_not_built_is_refused(project: Path) -> None:
    falaj_images("build")
    assert refusal("verify", "falaj.local/other", "--key", str(project / ".falaj/images.pub")) == (
        "FAL-IMG-005  image falaj.local/other\n"
        f"  No image of that name is in the lock; there are: {archives.NAME}.\n"
        "  Next: run: falaj images build"
    )
