from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from components.gateway.certificates import CertificateAuthority
from components.gateway.definitions import Definitions
from components.gateway.kubernetes import GatewayPlatform
from components.gateway.spec import CertificateAuthoritySpec, GatewayPlatformSpec, TenantGatewaySpec
from components.gateway.tenant import TenantGateway
from components.zero_trust.edges import End
from tests.components.conftest import Run
from tests.fakes.cluster import CERTIFICATE
from tests.fakes.golden import assert_golden
from tests.fakes.monitor import Plan

API_SERVER = End(peers=[{"ip_block": {"cidr": "10.201.0.2/32"}}], port=6443)
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
IMAGE = f"falaj.local/traefik@sha256:{'a' * 64}"


def gateway() -> None:
    spec = GatewayPlatformSpec(owner="platform", region="local", image=IMAGE, pull_policy="Never")
    GatewayPlatform("gateway", spec, api_server=API_SERVER)


def authority() -> None:
    spec = CertificateAuthoritySpec(
        owner="platform",
        region="local",
        common_name="Falaj local",
        image=f"falaj.local/cert-manager@sha256:{'b' * 64}",
        pull_policy="Never",
    )
    CertificateAuthority("certificates", spec, api_server=API_SERVER)


def tenant_gateway() -> None:
    TenantGateway(
        "acme-door",
        TenantGatewaySpec(tenant="acme", tier="smb", owner="retail"),
        namespace="tenant-acme",
        domain="local.falaj.internal",
        issuer="falaj",
        gateway_class="falaj",
    )


@pytest.mark.parametrize("preview", [False, True])
@pytest.mark.parametrize(
    ("name", "program"), [("gateway", gateway), ("authority", authority), ("tenant_gateway", tenant_gateway)]
)
def test_equals_its_snapshot(run: Run, name: str, program: Callable[[], None], *, preview: bool) -> None:
    assert_golden(f"{name}_preview" if preview else name, run(program, preview=preview))


def test_traefik_reaches_the_api_server_and_model_servers_and_is_reached_on_https_alone(run: Run) -> None:
    spec = run(gateway).of("kubernetes:networking.k8s.io/v1:NetworkPolicy", "gateway-edges").inputs["spec"]

    model_servers = {
        "namespaceSelector": {"matchLabels": {"falaj.dev/role": "tenant"}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/component": "model-server"}},
    }
    assert spec == {
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "traefik"}},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [
            {"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"protocol": "TCP", "port": 8443}]},
        ],
        "egress": [
            *({"to": [model_servers], "ports": [{"protocol": "TCP", "port": port}]} for port in (8080, 8081)),
            {"to": [{"ipBlock": {"cidr": "10.201.0.2/32"}}], "ports": [{"protocol": "TCP", "port": 6443}]},
        ],
    }


def test_the_one_load_balancer_offers_https_and_opens_no_node_port(run: Run) -> None:
    (service,) = run(gateway).typed("kubernetes:core/v1:Service")

    assert service.inputs["spec"]["type"] == "LoadBalancer"
    assert service.inputs["spec"]["allocateLoadBalancerNodePorts"] is False
    assert [port["port"] for port in service.inputs["spec"]["ports"]] == [443]
    assert service.inputs["metadata"]["labels"]["app.kubernetes.io/component"] == "gateway"


def test_the_address_is_that_of_the_load_balancer_once_it_has_one(run: Run) -> None:
    made, planned = run(gateway), run(gateway, preview=True)

    assert _outputs(made, "GatewayPlatform", "gateway") == {
        "gatewayClass": "falaj",
        "address": "10.201.0.2",
        "port": 443,
    }
    assert _outputs(planned, "GatewayPlatform", "gateway")["address"] == UNKNOWN


def test_the_gateway_class_waits_for_its_definition_and_for_traefik(run: Run) -> None:
    dependencies = run(gateway).of("kubernetes:gateway.networking.k8s.io/v1:GatewayClass", "gateway-class").dependencies

    names = {urn.rpartition("::")[2] for urn in dependencies}
    assert {"gatewayclasses.gateway.networking.k8s.io", "gateway-traefik"} <= names


def test_the_authority_gives_out_its_certificate_and_never_reads_a_secret(run: Run) -> None:
    plan = run(authority)

    assert _outputs(plan, "CertificateAuthority", "certificates") == {"issuer": "falaj", "certificate": CERTIFICATE}
    assert plan.typed("kubernetes:core/v1:Secret") == []
    assert [each for each in plan.resources.values() if each.read] == []


def test_the_certificate_comes_with_the_answer_to_a_request_that_nobody_holds_the_key_of(run: Run) -> None:
    (witness,) = run(authority).typed("kubernetes:cert-manager.io/v1:CertificateRequest")

    assert witness.inputs["spec"]["issuerRef"] == {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": "falaj"}
    assert base64.b64decode(witness.inputs["spec"]["request"]).startswith(b"-----BEGIN CERTIFICATE REQUEST-----")
    assert witness.inputs["spec"]["duration"] == "1h"


def test_the_certificate_is_unknown_in_a_preview(run: Run) -> None:
    assert _outputs(run(authority, preview=True), "CertificateAuthority", "certificates")["certificate"] == UNKNOWN


def test_a_tenants_listener_takes_https_for_its_own_names_from_its_own_namespace(run: Run) -> None:
    spec = run(tenant_gateway).of("kubernetes:gateway.networking.k8s.io/v1:Gateway", "acme-door-gateway").inputs["spec"]

    assert spec["listeners"] == [
        {
            "name": "https",
            "hostname": "*.acme.local.falaj.internal",
            "port": 8443,
            "protocol": "HTTPS",
            "tls": {
                "mode": "Terminate",
                "certificateRefs": [{"group": "", "kind": "Secret", "name": "gateway-certificate"}],
            },
            "allowedRoutes": {"namespaces": {"from": "Same"}},
        }
    ]


def test_an_image_without_digest_is_refused() -> None:
    with pytest.raises(ValidationError, match="image"):
        GatewayPlatformSpec(owner="platform", region="local", image="falaj.local/traefik:3.7", pull_policy="Never")


def test_a_group_without_vendored_definitions_is_refused(run: Run) -> None:
    with pytest.raises(ValueError, match=r"^no definitions are vendored for the group argoproj\.io$"):
        run(lambda: _definitions("argoproj.io"))


def _definitions(group: str) -> None:
    Definitions("definitions", group)


def _outputs(plan: Plan, kind: str, name: str) -> dict[str, object]:
    return plan.of(f"falaj:index:{kind}", name).outputs or {}
