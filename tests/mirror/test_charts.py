"""A Helm chart is an artefact like an image: it is copied as it is, its media types and digests unchanged."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

from falaj.mirror import Image, Skopeo, Status, copy_all
from tests.mirror.archives import MANIFEST, Blobs
from tests.mirror.registry import Registry

CONFIG = "application/vnd.cncf.helm.config.v1+json"
CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
METADATA = {"name": "gpu-operator", "version": "v26.3.3", "apiVersion": "v2"}


def test_a_chart_arrives_with_the_digest_and_the_media_types_that_helm_asks_for(
    registry: Registry, tmp_path: Path
) -> None:
    blobs = Blobs()
    content = blobs.put(b"a chart as Helm packs it", CHART)
    config = blobs.put(json.dumps(METADATA).encode(), CONFIG)
    parts = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [content], "annotations": METADATA}
    top = blobs.put(json.dumps(parts).encode(), MANIFEST)
    archive = tmp_path / "chart.tar"
    _write(archive, blobs, top)
    chart = Image(
        "upstream.example/charts/gpu-operator",
        top["digest"],
        f"oci-archive:{archive}",
        f"{registry.host}/{tmp_path.name}/upstream.example/charts/gpu-operator",
    )

    assert [outcome.status for outcome in copy_all([chart], Skopeo())] == [Status.COPIED]
    repository = chart.repository.partition("/")[2]
    served = registry.get(f"{repository}/manifests/{chart.digest}", MANIFEST)
    assert f"sha256:{hashlib.sha256(served).hexdigest()}" == chart.digest
    assert json.loads(served) == parts
    assert registry.get(f"{repository}/blobs/{content['digest']}", "*/*") == b"a chart as Helm packs it"


def _write(archive: Path, blobs: Blobs, top: dict[str, object]) -> None:
    files = {
        "oci-layout": json.dumps({"imageLayoutVersion": "1.0.0"}).encode(),
        "index.json": json.dumps({"schemaVersion": 2, "manifests": [top]}).encode(),
        **{f"blobs/sha256/{digest}": content for digest, content in blobs.content.items()},
    }
    with tarfile.open(archive, "w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
