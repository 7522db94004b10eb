"""What the operator vouches for counts: registries, stores, namespaces, Defender's plan elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from policies.controls import named
from policies.controls.pod_001 import TrustedNamespaces, enforcing
from policies.controls.sup_004 import Scanners
from policies.evaluator import Verdict, evaluate
from policies.examples.helm import release
from policies.examples.kubernetes import DIGEST, container, deployment
from policies.examples.model_sources import fetching
from policies.examples.platforms import azure_registry
from policies.models.model_sources import OwnStores
from policies.parameters import Parameters
from policies.resources import Resource
from policies.workloads.registries import OwnRegistries

OURS = OwnRegistries(registries=("harbor.acme.ae",))
STORES = OwnStores(stores=("acme-archive", "models.acme.ae"))


def verdict(control: str, judged: Resource, given: Parameters) -> Verdict:
    (result,) = evaluate([judged], controls=named(control), given={type(given): given})
    return result.verdict


@pytest.mark.parametrize(
    ("control", "judged", "given", "expected"),
    [
        ("POD-001", enforcing("privileged", name="drivers"), TrustedNamespaces(privileged=("drivers",)), Verdict.PASS),
        ("POD-001", enforcing("privileged", name="gpu-operator"), TrustedNamespaces(privileged=()), Verdict.FAIL),
        ("SUP-002", deployment([container(image=f"harbor.acme.ae/iris@{DIGEST}")]), OURS, Verdict.PASS),
        ("SUP-002", deployment([container(image=f"notharbor.acme.ae/iris@{DIGEST}")]), OURS, Verdict.FAIL),
        ("SUP-002", release(values={"image": {"registry": "harbor.acme.ae"}}), OURS, Verdict.PASS),
        ("SUP-004", azure_registry(), Scanners(defender_elsewhere=True), Verdict.NOT_APPLICABLE),
        ("SUP-008", fetching("--model-repository=s3://acme-archive/iris"), STORES, Verdict.PASS),
        ("SUP-008", fetching("--model-repository=s3://other-archive/iris"), STORES, Verdict.FAIL),
        ("SUP-008", fetching(MODEL_URI="https://models.acme.ae/iris"), STORES, Verdict.PASS),
    ],
)
def test_the_operators_word_counts(control: str, judged: Resource, given: Any, expected: Verdict) -> None:  # noqa: ANN401 - parameters of any control
    assert verdict(control, judged, given) is expected
