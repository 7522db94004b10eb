"""Pools with GPUs as the components make them, alone and beside the operator, keep the controls that isolate GPUs."""

from __future__ import annotations

import pytest

from components.gpu.runtime import GpuRuntime
from components.gpu.spec import GpuPool
from components.zero_trust.edges import End
from policies.controls import named
from policies.evaluator import Verdict, evaluate
from policies.node import Node
from policies.resources import Resource
from tests.components.conftest import Run
from tests.components.gpu.wishes import aws_wish, azure_wish, h200_wish
from tests.components.gpu_runtime.examples import runtime
from tests.components.node_pools.gpu_examples import make

ISOLATION = [control for number in range(7, 16) for control in named(f"TEN-{number:03}")]
API_SERVER = End(peers=[{"ip_block": {"cidr": "10.20.0.0/24"}}], port=443)
WISHES: dict[str, GpuPool] = {
    "the image brings the driver": aws_wish(),
    "divided by the operator": h200_wish({"sharing": "mig", "mig_layout": {"1g.18gb": 7}}),
    "the image brings the device plugin": aws_wish({"image": "eks-bottlerocket-nvidia"}),
    "divided by the image": h200_wish(
        {"image": "eks-bottlerocket-nvidia", "sharing": "mig", "mig_layout": {"1g.18gb": 7}}
    ),
    "the operator brings all": aws_wish(
        {"image": "eks-ubuntu-2404", "driver_owner": "operator", "image_id": "ami-0123456789abcdef0"}
    ),
    "AKS installs the driver": azure_wish(),
    "divided by AKS": azure_wish({"sharing": "mig", "mig_layout": {"1g.12gb": 7}}),
    "AKS installs nothing": azure_wish({"image": "aks-ubuntu-driver-none", "driver_owner": "operator"}),
    "Azure Linux": azure_wish(
        {"image": "aks-azure-linux-driver-install", "acknowledge_experimental": True},
        sizes=("Standard_ND96amsr_A100_v4",),
    ),
}


def made(wish: GpuPool, *, beside_the_operator: bool) -> None:
    make(wish)
    if beside_the_operator:
        GpuRuntime("gpu", runtime({"gpu": wish.gpu}), api_server=API_SERVER)


def verdicts(run: Run, wish: GpuPool, *, beside_the_operator: bool) -> dict[str, set[Verdict]]:
    plan = run(lambda: made(wish, beside_the_operator=beside_the_operator), preview=True)
    found = [Resource(each.type, each.urn, Node(each.inputs)) for each in plan.resources.values()]
    judged: dict[str, set[Verdict]] = {}
    for result in evaluate(found, controls=ISOLATION):
        judged.setdefault(result.control.id, set()).add(result.verdict)
    return judged


def of(judged: dict[str, set[Verdict]], *verdict: Verdict) -> set[str]:
    return {control for control, found in judged.items() if found.intersection(verdict)}


@pytest.mark.parametrize("called", WISHES)
def test_pools_keep_what_they_decide_alone(run: Run, called: str) -> None:
    judged = verdicts(run, WISHES[called], beside_the_operator=False)
    hidden_by_another = {"TEN-010"} if WISHES[called].gpu.image.endswith("driver-install") else set()

    assert of(judged, Verdict.FAIL, Verdict.ERROR, Verdict.UNKNOWN) == hidden_by_another
    assert of(judged, Verdict.PASS) >= {"TEN-013"} | ({"TEN-014"} if called.startswith("divided") else set())


@pytest.mark.parametrize("called", WISHES)
def test_pools_and_the_operator_keep_all(run: Run, called: str) -> None:
    judged = verdicts(run, WISHES[called], beside_the_operator=True)

    assert of(judged, Verdict.FAIL, Verdict.ERROR, Verdict.UNKNOWN) == set()
    assert of(judged, Verdict.PASS) >= {"TEN-007", "TEN-008", "TEN-012", "TEN-013"}
