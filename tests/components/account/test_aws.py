from __future__ import annotations

import pytest
from pydantic import ValidationError

from components.account.aws import AwsAccount
from components.account.spec import AwsAccountSpec
from components.placement import Placement
from falaj.catalog.data_flows import DataClass
from falaj.catalog.tags import Stage
from tests.components.conftest import Run

PLACEMENT = Placement(
    stack="aws-prod",
    region="me-central-1",
    stage=Stage.PRODUCTION,
    owner="platform",
    cost_centre="cc-1001",
    data_class=DataClass.INTERNAL,
)


def account() -> None:
    AwsAccount("account", AwsAccountSpec(placement=PLACEMENT, account="111122223333"))


def test_the_provider_is_pinned_to_one_region_and_one_account(run: Run) -> None:
    (provider,) = run(account).typed("pulumi:providers:aws")

    inputs = {key: value for key, value in provider.inputs.items() if key not in ("version", "__internal")}
    assert inputs == {
        "region": "me-central-1",
        "stsRegion": "me-central-1",
        "allowedAccountIds": '["111122223333"]',
        "skipCredentialsValidation": "false",
        "skipMetadataApiCheck": "true",
        "skipRegionValidation": "true",
    }


def test_the_one_flow_abroad_names_the_global_service_it_goes_to(run: Run) -> None:
    flows = run(account).of("falaj:index:AwsAccount", "account").inputs["dataFlows"]

    assert [(flow["sink"], flow["region"], flow.get("global_service")) for flow in flows] == [
        ("aws/management", "me-central-1", None),
        ("aws/iam", "us-east-1", "aws-iam"),
    ]


def test_an_account_is_twelve_digits() -> None:
    with pytest.raises(ValidationError, match="account"):
        AwsAccountSpec(placement=PLACEMENT, account="1234")
