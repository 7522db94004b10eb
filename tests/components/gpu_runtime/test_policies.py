"""The policy pack judges the whole runtime: what it breaks is known, and one waiver is all it needs."""

from __future__ import annotations

import json

import pytest

from components.gpu.runtime import GpuRuntime
from components.gpu.runtime_spec import GpuRuntimeSpec
from components.zero_trust.edges import End
from falaj.catalog.gpus import Sharing
from policies.controls import load
from policies.evaluator import Result, Verdict, evaluate
from policies.examples.platforms import azure_registry
from policies.node import Node
from policies.parameters import Parameters
from policies.resources import Resource
from policies.workloads.registries import OwnRegistries
from tests.components.conftest import Run
from tests.components.gpu_runtime.examples import REGISTRY, gpu, runtime

API_SERVER = End(peers=[{"ip_block": {"cidr": "10.20.0.0/24"}}], port=443)
OWN: dict[type[Parameters], Parameters] = {OwnRegistries: OwnRegistries(registries=(REGISTRY.partition("/")[0],))}


def judged(run: Run, spec: GpuRuntimeSpec, *beside: Resource) -> list[Result]:
    plan = run(lambda: _make(spec), preview=True)
    found = [*beside, *(Resource(each.type, each.urn, Node(each.inputs)) for each in plan.resources.values())]
    return [result for result in evaluate(found, controls=list(load()), given=OWN) if result.verdict != Verdict.PASS]


def _make(spec: GpuRuntimeSpec) -> None:
    GpuRuntime("gpu", spec, api_server=API_SERVER)


def broken(results: list[Result]) -> list[tuple[str, str]]:
    return sorted(
        (result.control.id, result.urn.rpartition("::")[2])
        for result in results
        if result.verdict in (Verdict.FAIL, Verdict.ERROR)
    )


@pytest.mark.parametrize(
    "image", ["eks-al2023-nvidia", "eks-bottlerocket-nvidia", "eks-ubuntu-2404", "aks-ubuntu-driver-none"]
)
@pytest.mark.parametrize("sharing", [Sharing.WHOLE, Sharing.MIG])
def test_where_the_image_or_the_toolkit_hides_gpus_no_control_is_broken(run: Run, image: str, sharing: Sharing) -> None:
    assert broken(judged(run, runtime({"gpu": gpu(image, sharing)}))) == []


def test_what_writes_to_the_node_breaks_two_controls_and_needs_a_waiver(run: Run) -> None:
    results = judged(run, runtime({"gpu": gpu("aks-ubuntu-driver-install")}))

    assert broken(results) == [("POD-002", "gpu-hardening"), ("POD-006", "gpu-hardening")]


def test_sharing_between_tenants_is_found_in_the_plan(run: Run) -> None:
    results = judged(run, runtime({"gpu": gpu("eks-al2023-nvidia", Sharing.MPS)}))

    assert broken(results) == [("TEN-003", "gpu-sharing")]


def moved(image: str, registry: str) -> GpuRuntimeSpec:
    """The same runtime, all of it in another registry."""
    spec = runtime({"gpu": gpu(image)}).model_dump(mode="json")
    return GpuRuntimeSpec.model_validate_json(json.dumps(spec).replace(REGISTRY, registry))


def test_a_registry_abroad_is_found_in_the_values(run: Run) -> None:
    results = judged(run, moved("eks-al2023-nvidia", "registry.example.com/prod"))

    assert {name for name, _ in broken(results)} == {"SUP-002", "SUP-010"}


def test_a_registry_on_azure_is_at_home_where_the_stack_makes_it(run: Run) -> None:
    spec = moved("aks-ubuntu-driver-none", "acmeuae.azurecr.io/prod")

    assert {name for name, _ in broken(judged(run, spec))} == {"SUP-002", "SUP-010"}
    on_azure = [each for each in broken(judged(run, spec, azure_registry())) if each[0] in ("SUP-002", "SUP-010")]
    assert on_azure == []
