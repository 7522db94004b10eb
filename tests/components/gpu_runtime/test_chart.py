"""The chart itself, rendered by Helm: what its templates make of our values, against the definitions it brings.

The chart is NVIDIA's and lies in no repository of ours. `FALAJ_GPU_CHARTS` names a folder that holds it, unpacked or as
it was pulled, by release: `gpu-operator-v26.3.3` or `gpu-operator-v26.3.3.tgz`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from components.gpu.node_rules import node_rules
from components.gpu.runtime_spec import GpuRuntimeSpec
from components.gpu.values import values
from falaj.catalog.gpu_operator_images import Part
from falaj.catalog.gpus import Sharing
from tests.components.gpu_runtime.examples import REGISTRY, RELEASES, ROWS, gpu, runtime

CHARTS = "FALAJ_GPU_CHARTS"
OUTLINE = Path(__file__).parent / "chart_outline.yaml"
pytestmark = pytest.mark.skipif(
    CHARTS not in os.environ or shutil.which("helm") is None,
    reason=f"needs what CI can't get: {CHARTS} with the operator's charts, and helm",
)


@pytest.fixture(scope="module", params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def chart(release: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked chart of a release."""
    folder = Path(os.environ[CHARTS])
    if (unpacked := folder / f"gpu-operator-v{release}").is_dir():
        return unpacked
    target = tmp_path_factory.mktemp(release)
    shutil.unpack_archive(folder / f"gpu-operator-v{release}.tgz", target, filter="data")
    return target / "gpu-operator"


def rendered(chart: Path, spec: GpuRuntimeSpec, folder: Path) -> list[dict[str, Any]]:
    """The objects that the chart's templates make."""
    given = folder / "values.json"
    given.write_text(json.dumps(values(spec)))
    options = ["--namespace", "gpu-operator", "--skip-crds", "--kube-version", f"{spec.kubernetes}.0"]
    done = subprocess.run(
        ["helm", "template", "gpu-operator", str(chart), "--values", str(given), *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.load_all(done.stdout, yaml.CSafeLoader) if each]


def strict(schema: Any) -> Any:  # noqa: ANN401 - a JSON value
    """A definition's schema that refuses what it does not name, as kubeconform's does."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(value) for key, value in schema.items()}
    if made.pop("x-kubernetes-int-or-string", False):
        made.pop("type", None)
    open_ended = made.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in made
    if isinstance(made.get("properties"), dict) and made.get("type") == "object" and not open_ended:
        made["additionalProperties"] = False
    return made


def definition(folder: Path, kind: str) -> jsonschema_rs.Validator:
    """The definition of a kind among the chart's own."""
    for file in sorted(folder.glob("*.yaml")):
        for each in yaml.load_all(file.read_text(encoding="utf-8"), yaml.CSafeLoader):
            if each and each["spec"]["names"]["kind"] == kind:
                (version,) = each["spec"]["versions"]
                schema = strict(version["schema"]["openAPIV3Schema"])
                schema["properties"]["metadata"] = {"type": "object"}
                return jsonschema_rs.validator_for(schema)
    raise LookupError(f"the chart defines no {kind}")


def sources(tree: Any) -> Iterator[str]:  # noqa: ANN401 - a JSON value
    """Whatever names a registry: folders of images, whole images, and variables that hold one."""
    if isinstance(tree, list):
        for value in tree:
            yield from sources(value)
    elif isinstance(tree, dict):
        if str(tree.get("name", "")).endswith("_IMAGE"):
            yield tree["value"]
        for key, value in tree.items():
            if key == "repository" or (key == "image" and "/" in str(value)):
                yield value
            yield from sources(value)


@pytest.mark.parametrize(("image", "sharing"), ROWS)
def test_what_the_chart_makes_of_a_row_is_what_its_definitions_take(
    chart: Path, release: str, image: str, sharing: Sharing, tmp_path: Path
) -> None:
    made = rendered(chart, runtime({"gpu": gpu(image, sharing)}, release), tmp_path)
    (policy,) = (each for each in made if each["kind"] == "ClusterPolicy")

    faults = [f"{list(fault.instance_path)}: {fault.message}" for fault in policy_definition(chart).iter_errors(policy)]
    assert faults == []
    assert "GPUCluster" not in {each["kind"] for each in made}


def policy_definition(chart: Path) -> jsonschema_rs.Validator:
    return definition(chart / "crds", "ClusterPolicy")


@pytest.mark.parametrize(("image", "sharing"), ROWS)
def test_nothing_that_is_rendered_names_a_registry_abroad_and_every_pod_has_a_digest(
    chart: Path, release: str, image: str, sharing: Sharing, tmp_path: Path
) -> None:
    made = rendered(chart, runtime({"gpu": gpu(image, sharing)}, release), tmp_path)

    found = [source for each in made for source in sources(each)]
    assert len(found) >= 20
    assert [source for source in found if not f"{source}/".startswith(f"{REGISTRY}/")] == []
    pods = [each["spec"]["template"]["spec"] for each in made if each["kind"] in ("Deployment", "DaemonSet", "Job")]
    pulled = [container["image"] for pod in pods for container in pod["containers"]]
    assert len(pulled) >= 4
    assert all(name.startswith(f"{REGISTRY}/") and "@sha256:" in name for name in pulled)


def test_the_outline_of_the_chart_is_the_chart(chart: Path, release: str) -> None:
    outline = yaml.safe_load(OUTLINE.read_text(encoding="utf-8"))
    asked = {**outline["values"], **outline["since"].get(release, {})}
    known = yaml.safe_load((chart / "values.yaml").read_text(encoding="utf-8"))
    inner = chart / "charts" / "node-feature-discovery" / "values.yaml"
    known["node-feature-discovery"] |= yaml.safe_load(inner.read_text(encoding="utf-8"))
    templates = "".join(file.read_text(encoding="utf-8") for file in chart.rglob("templates/*"))

    def missing(tree: dict[str, Any], held: Any, path: str = "") -> Iterator[str]:  # noqa: ANN401 - a YAML value
        for key, value in tree.items():
            here = f"{path}{key}"
            inside = held.get(key) if isinstance(held, dict) else None
            if isinstance(value, dict):
                yield from missing(value, inside, f"{here}.")
            elif not (isinstance(held, dict) and key in held) and f".Values.{local(here)}" not in templates:
                yield here

    assert list(missing(asked, known)) == []


def local(path: str) -> str:
    """A path as the templates of its own chart write it."""
    return path.removeprefix("node-feature-discovery.")


def test_our_rules_for_nodes_are_what_their_definition_takes(chart: Path, release: str) -> None:
    spec = runtime({"a": gpu("eks-bottlerocket-nvidia"), "b": gpu("eks-al2023-nvidia")}, release)
    rules = node_rules(spec)
    rule = {
        "apiVersion": "nfd.k8s-sigs.io/v1alpha1",
        "kind": "NodeFeatureRule",
        "metadata": {"name": "falaj-gpu"},
        "spec": {"rules": rules},
    }
    taken = definition(chart / "charts" / "node-feature-discovery" / "crds", "NodeFeatureRule")

    assert [fault.message for fault in taken.iter_errors(rule)] == []
    rules[0]["lables"] = {}
    assert not taken.is_valid(rule)


def test_the_definitions_in_the_operators_image_are_those_of_the_chart(chart: Path, release: str) -> None:
    files = {file.name for file in (*chart.glob("crds/*.yaml"), *chart.glob("charts/*/crds/*.yaml"))}
    spec = runtime({"a": gpu("eks-al2023-nvidia")}, release)

    assert set(spec.release.definitions) <= files
    hook = (chart / "templates" / "upgrade_crd.yaml").read_text(encoding="utf-8")
    assert all(f"/opt/gpu-operator/{file}" in hook for file in spec.release.definitions)
    assert hook.count("--filepath=") == len(spec.release.definitions)


def test_the_images_are_those_that_the_chart_was_published_with(chart: Path, release: str) -> None:
    held = yaml.safe_load((chart / "values.yaml").read_text(encoding="utf-8"))
    images = runtime({"a": gpu("eks-al2023-nvidia")}, release).release.images
    places = {
        Part.OPERATOR: held["operator"],
        Part.DRIVER: held["driver"],
        Part.DRIVER_MANAGER: held["driver"]["manager"],
        Part.TOOLKIT: held["toolkit"],
        Part.DEVICE_PLUGIN: held["devicePlugin"],
        Part.DCGM_EXPORTER: held["dcgmExporter"],
        Part.MIG_MANAGER: held["migManager"],
    }

    assert {part: images[part].name for part in places} == {part: place["image"] for part, place in places.items()}
    fixed = [part for part in places if part not in (Part.OPERATOR, Part.DRIVER)]
    assert {part: images[part].tag for part in fixed} == {part: places[part]["version"] for part in fixed}
