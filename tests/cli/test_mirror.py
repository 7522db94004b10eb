"""`falaj mirror` from a stack's file to a real registry."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from falaj.cli import mirror as verb
from falaj.errors import ConfigurationError
from stacks import settings
from tests.mirror.archives import write_archive
from tests.mirror.registry import Registry, serve

ROOT = Path(__file__).parents[2]
BUILT = (
    "cert-manager",
    "coredns",
    "models/iris",
    "models/iris-next",
    "models/minilm",
    "onnxruntime",
    "pause",
    "traefik",
)
FOR_GPUS = tuple(
    f"registry.example.ae/{name}"
    for name in (
        "charts/gpu-operator",
        "nvidia/gpu-operator",
        "nvidia/k8s-device-plugin",
        "nvidia/dcgm-exporter",
        "nfd/node-feature-discovery",
        "platform/triton",
    )
)
"""What an environment with GPUs names by digest: the operator's chart and images, and Triton."""
BESIDE = {
    "aws-me-central-1-prod": (*FOR_GPUS, "registry.example.ae/autoscaling/cluster-autoscaler"),
    "azure-uaenorth-prod": FOR_GPUS,
}
"""What each environment names by digest; EKS brings no cluster autoscaler."""
PULLED = ("cert-manager", "models/iris", "models/iris-next", "models/minilm", "onnxruntime", "traefik")
"""All but what only the local cluster runs."""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with serve(tmp_path_factory.mktemp("registry")) as served:
        yield served


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the stack files of this one, and small images."""
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    shutil.copytree(ROOT / "stacks" / "config", tmp_path / "stacks" / "config")
    lock = {}
    for name in BUILT:
        archive = tmp_path / f"{name.replace('/', '-')}.tar"
        lock[f"falaj.local/{name}"] = {"digest": write_archive(archive, name), "archive": str(archive)}
    (tmp_path / ".falaj").mkdir()
    (tmp_path / ".falaj" / "images.json").write_text(json.dumps(lock))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    return tmp_path


def mirror(*arguments: str) -> Result:
    return CliRunner().invoke(verb.mirror, list(arguments))


def digests(project: Path) -> dict[str, str]:
    lock = json.loads((project / ".falaj" / "images.json").read_text())
    return {name: entry["digest"] for name, entry in lock.items()}


def test_everything_the_cluster_pulls_is_copied_once(project: Path, registry: Registry) -> None:
    below = f"{registry.host}/{project.name}"
    names = [f"falaj.local/{name}" for name in PULLED]

    first = mirror("-s", "aws-me-central-1-dev", "--registry", below)
    second = mirror("-s", "aws-me-central-1-dev", "--registry", below)

    found = digests(project)
    assert first.stdout.splitlines() == [f"copied   {below}/{name}@{found[name]}" for name in names]
    assert first.stderr.splitlines()[-1] == "6 images: 6 copied"
    assert second.stdout.splitlines() == [f"present  {below}/{name}@{found[name]}" for name in names]
    assert second.stderr.splitlines()[-1] == "6 images: 6 present"


def test_a_dry_run_as_json_lists_every_image_by_digest(project: Path, registry: Registry) -> None:
    below = f"{registry.host}/{project.name}"
    shown = mirror("-s", "azure-smb", "--dry-run", "--json", "--registry", below)

    found = digests(project)
    assert json.loads(shown.stdout) == [
        {
            "name": f"falaj.local/{name}",
            "digest": found[f"falaj.local/{name}"],
            "source": f"oci-archive:{project}/{name.replace('/', '-')}.tar",
            "image": f"{below}/falaj.local/{name}@{found[f'falaj.local/{name}']}",
            "status": "missing",
        }
        for name in PULLED
    ]


@pytest.mark.parametrize(
    ("stack", "prefix"),
    [
        ("aws-me-central-1-prod", r"111122223333\.dkr\.ecr\.me-central-1\.amazonaws\.com/aws-me-central-1-prod"),
        ("aws-smb", r"111122223333\.dkr\.ecr\.me-central-1\.amazonaws\.com/aws-me-central-1-prod"),
        ("azure-uaenorth-prod", r"azureuaenorthprod[a-z]*[0-9a-f]{8}\.azurecr\.io"),
    ],
)
def test_images_go_to_the_environments_own_registry(project: Path, stack: str, prefix: str) -> None:
    images = verb.images_of(stack, None)

    brought = BESIDE.get(stack, ())
    assert [image.name for image in images] == [*(f"falaj.local/{name}" for name in PULLED), *brought]
    for image in images:
        assert re.fullmatch(f"{prefix}/{re.escape(image.name)}", image.repository)
    sources = [image.source.partition("@")[0] for image in images[len(PULLED) :]]
    assert sources == [f"docker://{each}" for each in brought]
    assert project.is_dir()


def test_a_tenants_model_from_elsewhere_is_copied_for_its_environment(project: Path) -> None:
    digest = f"sha256:{'ab' * 32}"
    file = project / "stacks" / "config" / "Pulumi.aws-smb.yaml"
    stack = yaml.safe_load(file.read_text())
    stack["config"]["falaj:tenant"]["endpoints"]["iris"]["model"] = f"models.example.ae/iris:2@{digest}"
    file.write_text(yaml.safe_dump(stack))

    (image,) = [each for each in verb.images_of("aws-me-central-1-prod", "registry.ae") if each.digest == digest]

    assert image.name == "models.example.ae/iris"
    assert image.source == f"docker://models.example.ae/iris@{digest}"
    assert image.reference == f"registry.ae/models.example.ae/iris@{digest}"


def test_a_local_cluster_has_no_registry(project: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        verb.images_of("local", None)

    assert str(raised.value) == (
        "FAL-MIR-012  stack local\n"
        "  A local cluster has no registry: its images are loaded.\n"
        "  Next: run: falaj images load"
    )
    assert project.is_dir()
