"""Day two, 4: addresses run out. More are added beside the first ones; no subnet moves and no node is replaced."""

from __future__ import annotations

import pytest

from falaj.errors import DeploymentError
from tests.day_two.conftest import AWS, AZURE, SiteOf, on_aws, on_azure

MAY_CHANGE = {
    "aws:eks/cluster:Cluster",
    "azure-native:network:NetworkSecurityGroup",
    "azure-native:network:VirtualNetwork",
}
"""What has to learn of the new addresses; all of it in place."""
FURTHER = {AWS: "100.64.0.0/16", AZURE: "10.130.0.0/16"}


@pytest.mark.parametrize("stack", [pytest.param(AWS, marks=on_aws), pytest.param(AZURE, marks=on_azure)])
def test_addresses_are_added_and_none_is_taken_away(site: SiteOf, stack: str) -> None:
    change = site(stack).change(
        stack, lambda file: file["environment"]["network"].update(further_cidrs=[FURTHER[stack]])
    )

    assert {*change.done} <= {"create", "update"}
    touched = {change.type_of(name) for name in change.done.get("update", ())}
    assert touched <= MAY_CHANGE
    assert (change.losses, change.harmed) == ([], [])


@on_aws
def test_another_first_block_would_replace_the_network_and_is_refused(site: SiteOf) -> None:
    with pytest.raises(DeploymentError, match="it is protected and would have to be replaced"):
        site(AWS).change(AWS, lambda file: file["environment"]["network"].update(cidr="10.60.0.0/16"))
