"""A kubeconfig without a secret, and addresses known before the cluster exists."""

from __future__ import annotations

import base64
import json
from ipaddress import IPv4Address, IPv4Network

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from components.cluster.addresses import api_server_end, dns_address, service_address
from components.cluster.kubeconfig import aks_token, authority_of, eks_token, kubeconfig
from tests.components.cluster.examples import DIRECTORY

SECRETS = ("token", "password", "client-key-data", "client-certificate-data", "client-key", "auth-provider")


@pytest.mark.parametrize("token", [eks_token("prod", "me-central-1"), aks_token(DIRECTORY)])
def test_no_field_that_could_hold_a_secret_is_in_it(token: object) -> None:
    text = kubeconfig("prod", server="https://10.0.0.1", authority="Y2E=", token=token)  # type: ignore[arg-type]  # parametrised

    (user,) = yaml.safe_load(text)["users"]
    assert [*user["user"]] == ["exec"]
    assert [secret for secret in SECRETS if f'"{secret}"' in text] == []


def test_it_names_one_cluster_and_uses_it() -> None:
    found = json.loads(
        kubeconfig("prod", server="https://10.0.0.1", authority="Y2E=", token=eks_token("prod", "me-central-1"))
    )

    assert found["clusters"] == [
        {"name": "prod", "cluster": {"server": "https://10.0.0.1", "certificate-authority-data": "Y2E="}}
    ]
    assert found["contexts"] == [{"name": "prod", "context": {"cluster": "prod", "user": "prod"}}]
    assert found["current-context"] == "prod"


def test_the_authority_is_taken_from_what_the_cloud_answers_and_nothing_else() -> None:
    answer = yaml.safe_dump(
        {
            "clusters": [{"name": "x", "cluster": {"server": "https://x", "certificate-authority-data": "Y2E="}}],
            "users": [{"name": "x", "user": {"token": "secret"}}],
        }
    )

    assert authority_of(base64.b64encode(answer.encode()).decode()) == "Y2E="


@pytest.mark.parametrize("answer", ["{}", "clusters: []", "clusters: [{cluster: {}}]", "text"])
def test_an_answer_without_authority_is_refused(answer: str) -> None:
    with pytest.raises(ValueError, match=r"^the cloud's kubeconfig names no certificate authority$"):
        authority_of(base64.b64encode(answer.encode()).decode())


@given(st.integers(0, 255), st.integers(12, 24))
def test_the_clusters_own_addresses_lie_in_its_services_network(octet: int, prefix: int) -> None:
    network = IPv4Network(f"10.{octet}.0.0/{prefix}", strict=False)

    first, resolver = service_address(str(network)), dns_address(str(network))
    assert IPv4Address(first) == network.network_address + 1
    assert IPv4Address(resolver) == network.network_address + 10
    assert IPv4Address(first) in network
    assert IPv4Address(resolver) in network


def test_the_api_server_is_its_subnets_and_its_services_one_address() -> None:
    end = api_server_end("172.20.0.0/16", ["10.20.0.0/28"])

    assert end.port == 443
    assert end.peers == [{"ip_block": {"cidr": "10.20.0.0/28"}}, {"ip_block": {"cidr": "172.20.0.1/32"}}]
