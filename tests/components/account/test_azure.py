from __future__ import annotations

import pytest

from components.account.azure import AzureSubscription
from components.account.spec import AzureSubscriptionSpec
from components.placement import Placement
from falaj.catalog.data_flows import DataClass
from falaj.catalog.tags import Stage
from tests.components.conftest import Run

SUBSCRIPTION, DIRECTORY = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-00000000000a"


def placement(stage: Stage) -> Placement:
    return Placement(
        stack="azure-prod",
        region="uaenorth",
        stage=stage,
        owner="platform",
        cost_centre="cc-1001",
        data_class=DataClass.INTERNAL,
    )


def subscription(stage: Stage, group: str | None = None) -> None:
    spec = AzureSubscriptionSpec(
        placement=placement(stage), subscription=SUBSCRIPTION, directory=DIRECTORY, resource_group=group
    )
    AzureSubscription("subscription", spec)


def test_the_provider_is_bound_to_one_subscription_and_reports_to_no_partner(run: Run) -> None:
    (provider,) = run(lambda: subscription(Stage.PRODUCTION)).typed("pulumi:providers:azure-native")

    inputs = {key: value for key, value in provider.inputs.items() if key not in ("version", "__internal")}
    assert inputs == {
        "subscriptionId": SUBSCRIPTION,
        "tenantId": DIRECTORY,
        "environment": "public",
        "location": "uaenorth",
        "disablePulumiPartnerId": "true",
    }


@pytest.mark.parametrize(("stage", "protected"), [(Stage.PRODUCTION, True), (Stage.DEVELOPMENT, False)])
def test_the_resource_group_lies_in_the_region_and_is_protected_in_production(
    run: Run, stage: Stage, *, protected: bool
) -> None:
    (group,) = run(lambda: subscription(stage)).typed("azure-native:resources:ResourceGroup")

    assert (group.inputs["resourceGroupName"], group.inputs["location"]) == ("azure-prod-group", "uaenorth")
    assert group.inputs["tags"] == placement(stage).tags()
    assert group.protect is protected


def test_a_group_that_exists_is_used(run: Run) -> None:
    plan = run(lambda: subscription(Stage.PRODUCTION, "given"))

    assert plan.typed("azure-native:resources:ResourceGroup") == []
    assert plan.of("falaj:index:AzureSubscription", "subscription").outputs == {
        "subscription": SUBSCRIPTION,
        "resourceGroup": "given",
    }
