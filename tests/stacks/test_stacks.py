from __future__ import annotations

import pytest

from tests.fakes.cluster import CERTIFICATE
from tests.fakes.golden import assert_golden
from tests.stacks.conftest import RunStack, shipped


@pytest.mark.parametrize("preview", [False, True])
@pytest.mark.parametrize("stack", ["local", "local-smb", "local-enterprise"])
def test_the_shipped_stacks_equal_their_snapshots(run_stack: RunStack, stack: str, *, preview: bool) -> None:
    plan = run_stack(stack, shipped(stack), preview=preview)

    if not preview:
        assert_golden(f"stack_{stack}", plan)


def test_an_environment_exports_what_its_tenants_build_on(run_stack: RunStack) -> None:
    assert run_stack("local", shipped("local")).exports == {
        "kubeconfig": "/run/falaj/falaj/kubeconfig",
        "region": "local",
        "domain": "local.falaj.internal",
        "issuer": "falaj",
        "certificate_authority": CERTIFICATE,
        "gateway_class": "falaj",
        "gateway_address": "10.201.0.2",
        "gateway_port": 443,
    }


def test_a_tenant_exports_where_its_endpoints_answer(run_stack: RunStack) -> None:
    assert run_stack("local-smb", shipped("local-smb")).exports == {
        "namespace": "tenant-local-smb",
        "endpoints": {
            "iris": {
                "url": "https://iris.local-smb.local.falaj.internal",
                "host": "iris.local-smb.local.falaj.internal",
                "address": "10.201.0.2",
                "port": 443,
                "model": "iris",
                "model_digest": f"sha256:{3:064x}",
            }
        },
        "certificate_authority": CERTIFICATE,
        "modelRegister": [
            {
                "name": "iris",
                "version": "1",
                "digest": f"sha256:{3:064x}",
                "purpose": "Shows a tabular model served from end to end.",
                "owner": "retail",
                "risk": "low",
                "residency": "AE",
            }
        ],
    }


def test_a_tenant_reads_its_environment_and_makes_nothing_of_it(run_stack: RunStack) -> None:
    plan = run_stack("local-smb", shipped("local-smb"))

    (reference,) = plan.typed("pulumi:pulumi:StackReference")
    namespaces = [each.inputs["metadata"]["name"] for each in plan.typed("kubernetes:core/v1:Namespace")]
    assert reference.inputs["name"] == "organization/falaj/local"
    assert namespaces == ["tenant-local-smb"]


def test_every_object_is_deployed_through_the_stacks_own_provider(run_stack: RunStack) -> None:
    plan = run_stack("local", shipped("local"))

    (provider,) = plan.typed("pulumi:providers:kubernetes")
    used = {each.provider for each in plan.resources.values() if each.type.startswith("kubernetes:")}
    assert used == {provider.urn}


def test_the_enterprise_tier_never_has_fewer_than_one_replica(run_stack: RunStack) -> None:
    plan = run_stack("local-enterprise", shipped("local-enterprise"))

    (deployment,) = plan.typed("kubernetes:apps/v1:Deployment")
    (budget,) = plan.typed("kubernetes:policy/v1:PodDisruptionBudget")
    assert deployment.inputs["spec"]["replicas"] == 2
    assert budget.inputs["spec"]["minAvailable"] == 1


def test_an_image_a_registry_serves_is_pulled(run_stack: RunStack) -> None:
    config = shipped("local-smb")
    config["falaj:tenant"]["endpoints"]["iris"]["model"] = f"registry.ae/models/iris@sha256:{'f' * 64}"

    (deployment,) = run_stack("local-smb", config).typed("kubernetes:apps/v1:Deployment")

    pod = deployment.inputs["spec"]["template"]["spec"]
    assert pod["containers"][0]["imagePullPolicy"] == "Never"
    assert pod["volumes"][0]["image"] == {
        "reference": f"registry.ae/models/iris@sha256:{'f' * 64}",
        "pullPolicy": "IfNotPresent",
    }
