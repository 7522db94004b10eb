"""What may be asked of a cluster, and what is refused in plain words."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from components.cluster.spec import AksSpec, EksSpec, MaintenanceSpec
from tests.components.cluster.examples import aks_spec, aws_pool, azure_pool, eks_spec


def refusal(make: Any, **changes: Any) -> str:  # noqa: ANN401 - a maker and any field
    with pytest.raises(ValidationError) as refused:
        make(**changes)
    error = refused.value.errors()[0]
    return f"{'.'.join(map(str, error['loc']))}: {error['msg']}"


@pytest.mark.parametrize("make", [eks_spec, aks_spec])
@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("172.20.0.1/16", "172.20.0.1/16, allowed: an IPv4 network such as 10.1.0.0/16, its host bits zero"),
        ("services", "services, allowed: an IPv4 network such as 10.1.0.0/16, its host bits zero"),
        ("8.8.0.0/16", "8.8.0.0/16, allowed: inside 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16"),
        ("10.0.0.0/8", "10.0.0.0/8, allowed: a network of /12 to /24"),
        ("10.0.0.0/25", "10.0.0.0/25, allowed: a network of /12 to /24"),
        (
            "172.30.0.0/16",
            "172.30.0.0/16 overlaps 172.30.0.0/15, which Kubernetes nodes use, allowed: any other",
        ),
    ],
)
def test_addresses_of_services_that_no_cluster_would_take_are_refused(make: Any, network: str, expected: str) -> None:  # noqa: ANN401 - either maker
    assert refusal(make, service_cidr=network) == f"service_cidr: Value error, {expected}"


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("0.0.0.0/0", "0.0.0.0/0, allowed: inside 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16"),
        ("10.0.0.0/8", "10.0.0.0/8, allowed: a network of /16 to /32"),
        ("203.0.113.7/32", "203.0.113.7/32, allowed: inside 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16"),
    ],
)
def test_nobody_outside_may_be_let_to_the_api_server(network: str, expected: str) -> None:
    assert refusal(eks_spec, api_clients=(network,)) == f"api_clients.0: Value error, {expected}"


@pytest.mark.parametrize("model", [EksSpec, AksSpec])
@pytest.mark.parametrize(
    "flag", ["public", "endpoint_public_access", "public_access_cidrs", "local_accounts", "log_types"]
)
def test_what_would_open_it_has_no_field(model: type[EksSpec] | type[AksSpec], flag: str) -> None:
    assert flag not in model.model_fields


def test_a_misspelt_field_is_refused_by_name() -> None:
    assert refusal(eks_spec, zonal_shfit=False) == "zonal_shfit: Extra inputs are not permitted"


def test_a_cluster_without_administrators_is_refused() -> None:
    assert refusal(eks_spec, administrators=()).startswith("administrators: Tuple should have at least 1 item")


def test_a_user_is_no_administrator() -> None:
    assert refusal(eks_spec, administrators=("arn:aws:iam::111122223333:user/ali",)).startswith("administrators.0: ")


def test_an_account_of_the_other_cloud_is_refused() -> None:
    assert refusal(eks_spec, account="00000000-0000-4000-8000-000000000001") == (
        ": Value error, account 00000000-0000-4000-8000-000000000001 does not fit me-central-1, "
        "allowed: an account of twelve digits"
    )


def test_aks_starts_with_a_system_pool() -> None:
    assert refusal(aks_spec, first_pool=azure_pool()) == (
        ": Value error, first_pool has role cpu, allowed: system; AKS starts with no other"
    )


def test_a_pool_of_the_other_cloud_is_refused() -> None:
    system = aws_pool(pool="system", role="system")

    assert refusal(aks_spec, first_pool=system) == (
        ": Value error, first_pool lies in me-central-1, allowed: uaenorth, where the cluster lies"
    )


def test_pods_and_services_share_no_address() -> None:
    assert refusal(aks_spec, pod_cidr="172.16.0.0/12", service_cidr="172.20.0.0/16").startswith("pod_cidr: ")
    assert refusal(aks_spec, pod_cidr="10.0.0.0/10", service_cidr="10.1.0.0/16") == (
        ": Value error, pod_cidr 10.0.0.0/10 overlaps service_cidr 10.1.0.0/16, allowed: networks that share no address"
    )


@pytest.mark.parametrize(
    "changes", [{"hours": 3}, {"hours": 25}, {"start": "24:00"}, {"start": "1am"}, {"day": "Someday"}]
)
def test_a_window_that_azure_would_not_use_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MaintenanceSpec.model_validate(changes)
