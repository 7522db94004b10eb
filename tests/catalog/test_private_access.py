"""Endpoints: what a network without internet needs for the features in use."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from falaj.catalog.private_access import Endpoint, EndpointType, Feature, all_endpoints, endpoints
from falaj.catalog.providers import Provider
from falaj.catalog.services import services

SERVICE_OF_ENDPOINT = {"ecr.api": "ecr", "ecr.dkr": "ecr"}


def test_images_come_through_two_interfaces_and_the_gateway_of_their_layers() -> None:
    found = endpoints(Provider.AWS, [Feature.REGISTRY])

    assert [(each.name, str(each.type)) for each in found] == [
        ("ecr.api", "interface"),
        ("ecr.dkr", "interface"),
        ("s3", "gateway"),
    ]


def test_an_endpoint_that_two_features_need_comes_once() -> None:
    found = endpoints(Provider.AWS, [Feature.REGISTRY, Feature.MODEL_STORE, Feature.AUDIT])

    assert [each.name for each in found].count("s3") == 1


def test_no_feature_needs_no_endpoint() -> None:
    assert endpoints(Provider.AWS, []) == ()


@pytest.mark.parametrize("feature", list(Feature))
def test_every_feature_has_an_endpoint_on_aws(feature: Feature) -> None:
    assert endpoints(Provider.AWS, [feature])


def test_all_of_the_controls_endpoints_are_in_the_table() -> None:
    demanded = {"s3", "ecr.api", "ecr.dkr", "sts", "kms", "secretsmanager", "logs", "eks", "eks-auth"}

    assert demanded <= {each.name for each in endpoints(Provider.AWS, Feature)}


def test_every_endpoints_service_is_in_the_region() -> None:
    for each in endpoints(Provider.AWS, Feature):
        assert services("me-central-1")[SERVICE_OF_ENDPOINT.get(each.name, each.name)].available == "yes"


def test_the_name_of_a_vpc_endpoint_holds_the_region() -> None:
    (logs,) = endpoints(Provider.AWS, [Feature.LOGS])

    assert logs.service_name("me-central-1") == "com.amazonaws.me-central-1.logs"


def test_azure_endpoints_have_a_group_and_a_zone() -> None:
    (vault,) = endpoints("azure", [Feature.KEYS])

    assert (vault.group, vault.zones_in("uaenorth")) == ("vault", ("privatelink.vaultcore.azure.net",))


def test_the_zone_of_a_private_cluster_holds_the_region() -> None:
    (cluster,) = endpoints(Provider.AZURE, [Feature.KUBERNETES])

    assert cluster.group is None
    assert cluster.zones_in("uaecentral") == ("private.uaecentral.azmk8s.io",)


@given(st.frozensets(st.sampled_from(list(Feature))), st.frozensets(st.sampled_from(list(Feature))))
def test_more_features_never_need_fewer_endpoints(some: frozenset[Feature], more: frozenset[Feature]) -> None:
    for provider in (Provider.AWS, Provider.AZURE):
        assert set(endpoints(provider, some)) <= set(endpoints(provider, some | more))


@pytest.mark.parametrize(
    ("key", "changes", "message"),
    [
        ("azure-vault", {"dns_zones": ()}, "an Azure endpoint is a private_link with its DNS zones"),
        ("azure-vault", {"type": EndpointType.INTERFACE}, "an Azure endpoint is a private_link with its DNS zones"),
        ("aws-kms", {"group": "vault"}, "an AWS endpoint is a gateway or an interface, without a group"),
    ],
)
def test_an_endpoint_of_the_wrong_kind_is_refused(key: str, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Endpoint.model_validate(all_endpoints()[key].model_dump() | changes)
