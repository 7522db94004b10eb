"""Quotas: how much a stack can come to use, upgrades and replacements included, and the request for it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from falaj.preflight import Verdict, Wanted, WantedPool
from falaj.preflight.allowances import machines_at_once, quota_findings, quota_needs
from tests.preflight.stacks import on_a_cluster_of_ones_own, on_aws, on_azure

STANDARD = "L-1216C47A"


def pool(size: str, *, name: str = "cpu", minimum: int = 1, maximum: int = 10, **changes: object) -> WantedPool:
    return WantedPool.model_validate(
        {"name": name, "sizes": (size,), "minimum": minimum, "maximum": maximum, **changes}
    )


def amounts(wanted: Wanted) -> Mapping[str, int]:
    return {need.code: need.amount for need in quota_needs(wanted)}


def test_an_upgrade_on_aws_starts_twice_as_many_machines_as_zones() -> None:
    assert machines_at_once(pool("m7i.large", surge_percent=10), on_aws()) == 10 + 6


def test_an_upgrade_starts_the_surge_where_that_is_more() -> None:
    assert machines_at_once(pool("m7i.large", maximum=100, surge_percent=33), on_aws()) == 100 + 33
    assert machines_at_once(pool("Standard_D8s_v5", maximum=10, surge_percent=33), on_azure()) == 10 + 4


def test_a_pool_that_is_replaced_stands_beside_its_successor() -> None:
    assert machines_at_once(pool("Standard_D8s_v5", minimum=8, surge_percent=10), on_azure()) == 10 + 8


def test_vcpus_of_all_pools_count_together() -> None:
    wanted = on_aws(pools=(pool("m7i.2xlarge"), pool("m7i.large", name="system", maximum=4)))

    assert amounts(wanted)[STANDARD] == 16 * 8 + 10 * 2


def test_the_largest_size_of_a_pool_counts() -> None:
    mixed = WantedPool(name="cpu", sizes=("m7i.large", "m7i.4xlarge"), minimum=1, maximum=1)

    assert amounts(on_aws(pools=(mixed,)))[STANDARD] == 7 * 16


def test_spot_counts_against_its_own_quota() -> None:
    found = amounts(on_aws(pools=(pool("m7i.large", capacity="spot"),)))

    assert found["L-34B43A08"] == 16 * 2
    assert STANDARD not in found


def test_graphics_count_against_their_own_quota() -> None:
    assert amounts(on_aws(pools=(pool("g6.xlarge"),)))["L-DB2E81BA"] == 16 * 4


def test_azure_counts_the_family_and_the_region() -> None:
    found = amounts(on_azure())

    assert found["standardDSv5Family"] == found["cores"] == 16 * 8


def test_spot_on_azure_counts_in_one_quota_for_all_families() -> None:
    found = amounts(on_azure(pools=(pool("Standard_D8s_v5", capacity="spot"),)))

    assert found["lowPriorityCores"] == 14 * 8
    assert "cores" not in found


def test_the_network_counts_too() -> None:
    found = amounts(on_aws(pools=(), egress="firewall"))

    assert found == {"L-1194D53C": 1, "L-F678F1CE": 1, "L-29B6F2EB": 14, "L-0263D0A3": 3}


def test_a_tenant_counts_its_machines_alone() -> None:
    assert amounts(on_aws(features=frozenset())) == {STANDARD: 18 * 8}


def test_a_size_that_nobody_sells_counts_nowhere() -> None:
    assert amounts(on_aws(pools=(pool("g4dn.xlarge"),), features=frozenset())) == {}


def test_a_cluster_of_ones_own_uses_no_quota() -> None:
    assert quota_needs(on_a_cluster_of_ones_own()) == ()


def test_a_request_is_a_command_to_copy() -> None:
    (finding,) = [each for each in quota_findings(on_aws()) if each.verdict is Verdict.ASK]

    assert finding.needed == "144 (vCPUs: cpu 18 x 8)"
    assert finding.found == "a new account starts with 5"
    assert finding.next_step == (
        "aws service-quotas request-service-quota-increase --region me-central-1 --service-code ec2 "
        "--quota-code L-1216C47A --desired-value 144"
    )


def test_a_request_on_azure_names_the_subscription() -> None:
    (finding,) = [each for each in quota_findings(on_azure()) if "standardDSv5Family" in each.what]

    assert finding.next_step == (
        "az quota update --scope /subscriptions/00000000-0000-4000-8000-000000000001/providers/Microsoft.Compute"
        '/locations/uaenorth --resource-name "standardDSv5Family" '
        "--limit-object value=128 limit-object-type=LimitValue"
    )


@pytest.mark.parametrize("capacity", ["on_demand", "spot"])
def test_what_a_new_account_has_of_spot_is_unknown(capacity: str) -> None:
    found = {each.what: each.found for each in quota_findings(on_aws(pools=(pool("m7i.large", capacity=capacity),)))}

    spot = "quota All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests"
    assert (found.get(spot) == "a new account's default is unknown") is (capacity == "spot")


@given(
    minimum=st.integers(0, 50),
    more=st.integers(1, 50),
    surge=st.integers(1, 100),
    wanted=st.sampled_from([on_aws(), on_azure(), on_azure(region="uaecentral", zones=())]),
)
def test_a_pool_always_has_room_for_an_upgrade_and_for_its_successor(
    minimum: int, more: int, surge: int, wanted: Wanted
) -> None:
    asked = WantedPool(name="cpu", sizes=("m7i.large",), minimum=minimum, maximum=minimum + more, surge_percent=surge)

    count = machines_at_once(asked, wanted)

    assert count >= asked.maximum + max(1, minimum)
    assert count <= 2 * asked.maximum + 6
