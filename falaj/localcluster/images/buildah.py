"""Builds a context with buildah and packs the image, leaving nothing of buildah's own behind."""

from __future__ import annotations

from pathlib import Path

from falaj.errors import ImageError
from falaj.localcluster.images.description import ImageFolder
from falaj.localcluster.images.lock import LockedImage
from falaj.localcluster.run import run

ACCEPT_LOCAL = '{"default": [{"type": "insecureAcceptAnything"}]}'
REPRODUCIBLE = ("--isolation=chroot", "--timestamp=0", "--format=oci", "--layers=false")
# Layers are unpacked more often than they are packed, and zstd unpacks some four times faster than gzip.
BASE_NAME = "org.opencontainers.image.base.name"
BASE_DIGEST = "org.opencontainers.image.base.digest"
COMPRESSION = ("--compression-format=zstd", "--compression-level=1")


def build(folder: ImageFolder, base: LockedImage | None, work: Path, archive: Path) -> None:
    """Build ``work/context`` as the folder's Containerfile says and write the image to an OCI archive, whole or not."""
    name = folder.description.name
    (work / "policy.json").write_text(ACCEPT_LOCAL)
    arguments, labels = dict(folder.description.arguments), list[str]()
    if base is not None:
        arguments["BASE"] = f"oci-archive:{base.archive}"
        labels = [f"--label={BASE_NAME}={folder.description.base}", f"--label={BASE_DIGEST}={base.digest}"]
    given = [f"--build-arg={key}={value}" for key, value in arguments.items()]
    containerfile = folder.path / "Containerfile"
    _buildah(
        work,
        ["bud", *REPRODUCIBLE, *given, *labels, f"--tag={name}", f"--file={containerfile}", str(work / "context")],
        code="FAL-IMG-014",
        where=str(containerfile),
        hint="mend it, then run the same command again",
    )
    unfinished = work / "image.tar"
    _buildah(
        work,
        ["push", *COMPRESSION, name, f"oci-archive:{unfinished}:{name}:latest"],
        code="FAL-IMG-015",
        where=str(archive),
        hint="free disk space if it is short (`falaj doctor`), then run the same command again",
    )
    unfinished.replace(archive)


def _buildah(work: Path, command: list[str], *, code: str, where: str, hint: str) -> None:
    """In a mount namespace of its own and with storage of its own, both gone when the build is done."""
    verb, *rest = command
    storage = [f"--root={work / 'storage'}", f"--runroot={work / 'run'}", "--storage-driver=vfs"]
    run(
        ["unshare", "--mount", "buildah", *storage, verb, f"--signature-policy={work / 'policy.json'}", *rest],
        environment={"TMPDIR": str(work)},
        error=ImageError,
        code=code,
        where=where,
        hint=hint,
    )
