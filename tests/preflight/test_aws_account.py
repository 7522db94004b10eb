"""An AWS account behind boto3's own stubber, which checks each question and each answer against the service's model."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.stub import ANY, Stubber

from falaj.preflight.allowances import quota_needs
from falaj.preflight.aws import AwsAccount
from falaj.preflight.live import Allowance, UnansweredError
from tests.preflight.stacks import on_aws

REGION = "me-central-1"
METRIC = {
    "MetricNamespace": "AWS/Usage",
    "MetricName": "ResourceCount",
    "MetricDimensions": {"Service": "EC2", "Class": "Standard/OnDemand"},
    "MetricStatisticRecommendation": "Maximum",
}


class Stubs:
    """Clients that answer what a test has laid ready, in order, and refuse every other question."""

    def __init__(self) -> None:
        self._clients: dict[str, BaseClient] = {}
        self._stubbers: dict[str, Stubber] = {}

    def client(self, service_name: str, *, region_name: str, config: Config) -> BaseClient:
        assert region_name == REGION
        assert config.connect_timeout == 5
        return self._clients[service_name]

    def get_credentials(self) -> object | None:
        return None

    def of(self, service: str) -> Stubber:
        if service not in self._clients:
            session = botocore.session.Session()
            session.set_credentials("an-id", "a-key")
            self._clients[service] = session.create_client(service, region_name=REGION)
            self._stubbers[service] = Stubber(self._clients[service])
            self._stubbers[service].activate()
        return self._stubbers[service]

    def assert_all_asked(self) -> None:
        for stubber in self._stubbers.values():
            stubber.assert_no_pending_responses()


@pytest.fixture
def stubs() -> Stubs:
    return Stubs()


@pytest.fixture
def account(stubs: Stubs) -> AwsAccount:
    return AwsAccount(REGION, session=stubs)


@pytest.mark.parametrize(
    ("status", "open_to_it"), [("opted-in", True), ("not-opted-in", False), ("opt-in-not-required", True)]
)
def test_the_region_is_open_once_it_is_opted_in(
    stubs: Stubs, account: AwsAccount, status: str, open_to_it: bool
) -> None:
    answer = {"Regions": [{"RegionName": REGION, "OptInStatus": status}]}
    stubs.of("ec2").add_response("describe_regions", answer, {"RegionNames": [REGION], "AllRegions": True})

    assert account.may_use_region() is open_to_it


def test_sizes_are_asked_for_by_zone_id_over_all_pages(stubs: Stubs, account: AwsAccount) -> None:
    question: dict[str, Any] = {
        "LocationType": "availability-zone-id",
        "Filters": [{"Name": "instance-type", "Values": ["g5.xlarge", "m7i.large"]}],
    }
    pages = [
        {"InstanceTypeOfferings": [{"InstanceType": "m7i.large", "Location": "mec1-az1"}], "NextToken": "more"},
        {"InstanceTypeOfferings": [{"InstanceType": "m7i.large", "Location": "mec1-az2"}]},
    ]
    stubs.of("ec2").add_response("describe_instance_type_offerings", pages[0], question)
    stubs.of("ec2").add_response("describe_instance_type_offerings", pages[1], question | {"NextToken": "more"})

    assert account.zones_selling(["m7i.large", "g5.xlarge"]) == {
        "m7i.large": frozenset({"mec1-az1", "mec1-az2"}),
        "g5.xlarge": frozenset(),
    }
    stubs.assert_all_asked()


def test_a_quota_comes_with_its_measured_use(stubs: Stubs, account: AwsAccount) -> None:
    need = next(need for need in quota_needs(on_aws()) if need.code == "L-1216C47A")
    stubs.of("service-quotas").add_response(
        "get_service_quota",
        {"Quota": {"Value": 256.0, "UsageMetric": METRIC}},
        {"ServiceCode": "ec2", "QuotaCode": "L-1216C47A"},
    )
    stubs.of("cloudwatch").add_response(
        "get_metric_statistics",
        {"Datapoints": [{"Timestamp": datetime.now(tz=UTC), "Maximum": 48.0}]},
        {
            "Namespace": "AWS/Usage",
            "MetricName": "ResourceCount",
            "Dimensions": [{"Name": "Class", "Value": "Standard/OnDemand"}, {"Name": "Service", "Value": "EC2"}],
            "StartTime": ANY,
            "EndTime": ANY,
            "Period": 3600,
            "Statistics": ["Maximum"],
        },
    )

    assert account.allowance(need) == Allowance(limit=256, used=48)


def test_a_quota_whose_use_aws_does_not_measure_says_so(stubs: Stubs, account: AwsAccount) -> None:
    need = next(need for need in quota_needs(on_aws()) if need.code == "L-F678F1CE")
    stubs.of("service-quotas").add_response("get_service_quota", {"Quota": {"Value": 5.0}})

    assert account.allowance(need) == Allowance(limit=5, used=None)


def test_the_minors_are_those_eks_names(stubs: Stubs, account: AwsAccount) -> None:
    answer = {"clusterVersions": [{"clusterVersion": "1.35"}, {"clusterVersion": "1.36"}]}
    stubs.of("eks").add_response("describe_cluster_versions", answer)

    assert account.kubernetes_minors() == {"1.35", "1.36"}


def test_add_ons_are_asked_for_by_minor(stubs: Stubs, account: AwsAccount) -> None:
    answer = {"addons": [{"addonName": "coredns", "addonVersions": [{"addonVersion": "v1.14.3-eksbuild.16"}]}]}
    stubs.of("eks").add_response("describe_addon_versions", answer, {"kubernetesVersion": "1.36"})

    assert account.add_ons("1.36", ["coredns", "vpc-cni"]) == {
        "coredns": frozenset({"v1.14.3-eksbuild.16"}),
        "vpc-cni": frozenset(),
    }


@pytest.mark.parametrize(("constraint", "region"), [("me-central-1", "me-central-1"), ("", "us-east-1")])
def test_a_bucket_says_where_it_lies(stubs: Stubs, account: AwsAccount, constraint: str, region: str) -> None:
    stubs.of("s3").add_response("get_bucket_location", {"LocationConstraint": constraint}, {"Bucket": "falaj-state"})

    assert account.home_of_state("s3://falaj-state?region=me-central-1") == region


def test_a_backend_of_another_kind_is_not_asked_for(account: AwsAccount) -> None:
    assert account.home_of_state("azblob://state?storage_account=falaj") is None


def test_a_refusal_is_the_providers_own_word(stubs: Stubs, account: AwsAccount) -> None:
    stubs.of("eks").add_client_error("describe_cluster_versions", "AccessDeniedException", "not authorized")

    with pytest.raises(UnansweredError, match=r"^AccessDeniedException: not authorized$"):
        account.kubernetes_minors()


def test_a_session_without_credentials_is_refused(account: AwsAccount) -> None:
    with pytest.raises(UnansweredError, match=r"^none in the environment"):
        account.require_credentials()


def test_without_credentials_the_answer_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")

    with pytest.raises(UnansweredError, match="Unable to locate credentials"):
        AwsAccount(REGION).may_use_region()
