"""Day two, 6: an environment goes. What its cluster made in the cloud goes first, the network last."""

from __future__ import annotations

import pytest

from falaj.errors import DeploymentError
from falaj.plan import Departure, removal_order
from tests.day_two.conftest import AWS, AWS_DEV, AZURE_DEV, SiteOf, on_aws, on_azure


@pytest.mark.parametrize("stack", [pytest.param(AWS_DEV, marks=on_aws), pytest.param(AZURE_DEV, marks=on_azure)])
def test_the_engine_removes_in_the_derived_order(site: SiteOf, stack: str) -> None:
    where = site(stack)

    gone = where.take_down(stack)

    plan = where.plans[stack]
    waves = {each.resource.urn: each.wave for each in removal_order(plan)}
    order = [waves[urn] for urn in gone if urn in waves]
    assert order == sorted(order)
    assert {*waves} <= {*gone} | {each.urn for each in plan if each.read}
    drained = [each.resource.urn for each in removal_order(plan) if each.departure is Departure.DRAINED]
    pools = [each.urn for each in plan if each.type.endswith((":NodeGroup", ":AgentPool"))]
    assert drained
    assert max(map(gone.index, drained)) < min(map(gone.index, pools))


@on_aws
def test_what_is_protected_is_not_taken_down(site: SiteOf) -> None:
    where = site(AWS)

    with pytest.raises(DeploymentError, match="it is protected"):
        where.take_down(AWS)
