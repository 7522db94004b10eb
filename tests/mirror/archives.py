"""OCI archives as buildah writes them, small and made without it."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass
class Blobs:
    """Content by digest."""

    content: dict[str, bytes] = field(default_factory=dict)

    def put(self, content: bytes, media_type: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON values
        digest = hashlib.sha256(content).hexdigest()
        self.content[digest] = content
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content), **more}

    def image(self, text: str, architecture: str) -> dict[str, Any]:
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w") as tar:
            member = tarfile.TarInfo("content")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
        layer = self.put(gzip.compress(raw.getvalue(), mtime=0), LAYER)
        rootfs = {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(raw.getvalue()).hexdigest()}"]}
        config = self.put(_json({"architecture": architecture, "os": "linux", "config": {}, "rootfs": rootfs}), CONFIG)
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]}
        return self.put(_json(manifest), MANIFEST, platform={"architecture": architecture, "os": "linux"})


def write_archive(path: Path, text: str, *, architectures: tuple[str, ...] = ("amd64",)) -> str:
    """Write an archive whose image holds that text, for each architecture; return the image's digest."""
    blobs = Blobs()
    images = [blobs.image(f"{text} for {architecture}", architecture) for architecture in architectures]
    top = images[0]
    if len(images) > 1:
        top = blobs.put(_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": images}), INDEX)
    files = {
        "oci-layout": _json({"imageLayoutVersion": "1.0.0"}),
        "index.json": _json({"schemaVersion": 2, "manifests": [top]}),
        **{f"blobs/sha256/{digest}": content for digest, content in blobs.content.items()},
    }
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return str(top["digest"])


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
