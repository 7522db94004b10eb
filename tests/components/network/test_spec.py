from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from components.network.spec import NetworkSpec
from falaj.catalog.private_access import Feature
from tests.components.network.networks import (
    AWS_TRANSLATED,
    SUBSCRIPTION,
    THROUGH_FIREWALL,
    in_aws,
    in_azure,
    placement,
)


def refusal(make: Any, changes: dict[str, Any]) -> str:  # noqa: ANN401 - either of the two makers
    with pytest.raises(ValidationError) as refused:
        make(**changes)
    (error,) = refused.value.errors()
    return str(error["msg"]).removeprefix("Value error, ")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cidr": "10.20.0.1/16"}, "10.20.0.1/16, allowed: an IPv4 network such as 10.20.0.0/16, its host bits zero"),
        ({"cidr": "house"}, "house, allowed: an IPv4 network such as 10.20.0.0/16, its host bits zero"),
        ({"cidr": "10.0.0.0/8"}, "10.0.0.0/8, allowed: a network of /16 to /20"),
        ({"cidr": "10.0.0.0/24"}, "10.0.0.0/24, allowed: a network of /16 to /20"),
        ({"cidr": "8.8.0.0/16"}, "8.8.0.0/16, allowed: inside 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16"),
        (
            {"cidr": "172.17.0.0/16"},
            "172.17.0.0/16 overlaps 172.17.0.0/16, which Kubernetes nodes use, allowed: any other",
        ),
        (
            {"cidr": "172.31.0.0/16"},
            "172.31.0.0/16 overlaps 172.30.0.0/15, which Kubernetes nodes use, allowed: any other",
        ),
        (
            {"further_cidrs": ["10.20.16.0/20"]},
            "cidr 10.20.0.0/16 overlaps further_cidrs 10.20.16.0/20, allowed: networks that share no address",
        ),
        (
            {"operator_networks": ["10.20.3.0/24"]},
            "cidr 10.20.0.0/16 overlaps operator_networks 10.20.3.0/24, allowed: networks that share no address",
        ),
        (
            {"operator_networks": ["0.0.0.0/0"]},
            "0.0.0.0/0, allowed: a network of /8 to /32",
        ),
        (
            {"further_cidrs": ["192.168.0.0/16"]},
            "further_cidrs 192.168.0.0/16 beside 10.20.0.0/16, allowed: inside 10.0.0.0/8 or 100.64.0.0/10",
        ),
        (
            {"zones": ["euw1-az1", "mec1-az1"]},
            "zones euw1-az1 not in me-central-1, allowed: mec1-az1, mec1-az2, mec1-az3",
        ),
        ({"zones": ["mec1-az1", "mec1-az1"]}, "zones mec1-az1, mec1-az1, allowed: each once"),
        ({"zones": ["mec1-az1"]}, "1 zones, allowed: 2 to 3 of mec1-az1, mec1-az2, mec1-az3"),
        ({"zones": []}, "0 zones, allowed: 2 to 3 of mec1-az1, mec1-az2, mec1-az3"),
        (
            {"egress": "nat"},
            "egress nat in stage prod reaches everyone, allowed: none, firewall; nat in stage dev",
        ),
        ({"allowed_names": ["api.example.ae"]}, "allowed_names with egress none, allowed: with egress firewall"),
        (
            {**AWS_TRANSLATED, "allowed_names": ["api.example.ae"]},
            "allowed_names with egress nat, allowed: with egress firewall",
        ),
        (
            {"egress": "firewall"},
            "egress firewall without allowed_names lets nothing out, allowed: a name, or egress none",
        ),
        (
            {"account": SUBSCRIPTION},
            f"account {SUBSCRIPTION} does not fit me-central-1, allowed: an account of twelve digits",
        ),
    ],
)
def test_a_mistake_is_refused_in_one_sentence(changes: dict[str, Any], message: str) -> None:
    assert refusal(in_aws, changes) == message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"zones": ["1"], "placement": placement("dr", "uaecentral", "dr")},
            "zones 1 not in uaecentral, allowed: none, the region has no zones",
        ),
        ({"zones": []}, "0 zones, allowed: 1 to 3 of 1, 2, 3"),
        (
            {"cidr": "10.64.0.0/16", "pod_cidr": "10.64.0.0/14"},
            "cidr 10.64.0.0/16 overlaps pod_cidr 10.64.0.0/14, allowed: networks that share no address",
        ),
        (
            {"features": [Feature.IDENTITY]},
            (
                "feature identity with egress none: Entra ID has no private endpoint on azure, "
                "allowed: egress firewall, or no feature identity"
            ),
        ),
    ],
)
def test_a_mistake_in_azure_is_refused_in_one_sentence(changes: dict[str, Any], message: str) -> None:
    assert refusal(in_azure, changes) == message


@pytest.mark.parametrize(
    "name", ["*", "*.ae", "ae", "https://api.example.ae", "API.example.ae", "api_1.example.ae", "a*.b.ae"]
)
def test_a_name_that_says_too_much_or_too_little_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="allowed_names"):
        in_aws(egress="firewall", allowed_names=[name])


def test_a_network_without_zones_is_made_where_the_region_has_none() -> None:
    assert in_azure(zones=[], placement=placement("dr", "uaecentral", "dr")).zones == ()


def test_pods_of_aws_may_have_the_addresses_that_pods_of_azure_may_not() -> None:
    assert in_aws(further_cidrs=["100.64.0.0/16"]).cidrs == ("10.20.0.0/16", "100.64.0.0/16")
    with pytest.raises(ValidationError, match=r"further_cidrs 100.64.0.0/16 overlaps pod_cidr 100.64.0.0/14"):
        in_azure(further_cidrs=["100.64.0.0/16"])


def test_what_a_feature_cannot_do_without_is_reachable_without_being_asked_for() -> None:
    features = [Feature.IDENTITY]

    assert in_azure(egress="firewall", features=features).reachable_names == ("login.microsoftonline.com",)
    assert in_azure(**THROUGH_FIREWALL, features=features).reachable_names == (
        "*.bank.ae",
        "api.example.ae",
        "login.microsoftonline.com",
    )
    assert in_aws(**THROUGH_FIREWALL, features=features).reachable_names == ("*.bank.ae", "api.example.ae")


def test_a_misspelt_field_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="egres"):
        NetworkSpec.model_validate({**in_aws().model_dump(), "egres": "none"})
