"""An AWS account, asked with the user's own credentials through boto3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from falaj.preflight.allowances import QuotaNeed
from falaj.preflight.live import Allowance, UnansweredError

PATIENCE = Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard", "max_attempts": 3})
USE_OVER = timedelta(hours=1)
US_EAST_1 = "us-east-1"
"""The region that S3 calls by no name."""


class Session(Protocol):
    """What of boto3 is used: a maker of clients."""

    def client(self, service_name: str, *, region_name: str, config: Config) -> Any:  # noqa: ANN401 - boto3's have no types
        """Return a client of a service."""

    def get_credentials(self) -> object | None:
        """Return the credentials found, or None."""


class AwsAccount:
    """One AWS account in one region. Reads only; asks the region's own endpoints."""

    def __init__(self, region: str, *, session: Session | None = None) -> None:
        self.name = f"AWS account in {region}"
        self._region = region
        self._session: Session = session or boto3.session.Session()

    def require_credentials(self) -> None:
        """Refuse with `UnansweredError` where boto3 finds no credentials."""
        with _answered():
            if self._session.get_credentials() is None:
                raise UnansweredError("none in the environment, in AWS's own files or of this machine")

    def may_use_region(self) -> bool:
        """Return whether the region is switched on for the account."""
        with _answered():
            found = self._client("ec2").describe_regions(RegionNames=[self._region], AllRegions=True)
        return any(each["OptInStatus"] != "not-opted-in" for each in found["Regions"])

    def zones_selling(self, sizes: Iterable[str]) -> Mapping[str, frozenset[str]]:
        """Return for each size the ids of the zones that offer it."""
        sold: dict[str, set[str]] = {size: set() for size in sizes}
        with _answered():
            pages = (
                self._client("ec2")
                .get_paginator("describe_instance_type_offerings")
                .paginate(
                    LocationType="availability-zone-id",
                    Filters=[{"Name": "instance-type", "Values": sorted(sold)}],
                )
            )
            for page in pages:
                for offering in page["InstanceTypeOfferings"]:
                    sold.setdefault(offering["InstanceType"], set()).add(offering["Location"])
        return {size: frozenset(zones) for size, zones in sold.items()}

    def allowance(self, need: QuotaNeed) -> Allowance:
        """Return the applied quota, and its use where AWS measures it."""
        with _answered():
            quota = self._client("service-quotas").get_service_quota(ServiceCode=need.service, QuotaCode=need.code)[
                "Quota"
            ]
            metric = quota.get("UsageMetric")
            return Allowance(limit=quota["Value"], used=self._used(metric) if metric else None)

    def kubernetes_minors(self) -> frozenset[str]:
        """Return the minors on which EKS makes clusters here."""
        with _answered():
            pages = self._client("eks").get_paginator("describe_cluster_versions").paginate()
            return frozenset(each["clusterVersion"] for page in pages for each in page["clusterVersions"])

    def add_ons(self, minor: str, names: Iterable[str]) -> Mapping[str, frozenset[str]]:
        """Return the versions of each add-on that EKS has for a minor."""
        found: dict[str, set[str]] = {name: set() for name in names}
        with _answered():
            paginator = self._client("eks").get_paginator("describe_addon_versions")
            for page in paginator.paginate(kubernetesVersion=minor):
                for add_on in page["addons"]:
                    versions = {each["addonVersion"] for each in add_on["addonVersions"]}
                    found.setdefault(add_on["addonName"], set()).update(versions)
        return {name: frozenset(versions) for name, versions in found.items()}

    def home_of_state(self, backend: str) -> str | None:
        """Return the region of the backend's bucket; None for a backend of another kind."""
        place = urlsplit(backend)
        if place.scheme != "s3":
            return None
        with _answered():
            found = self._client("s3").get_bucket_location(Bucket=place.netloc)["LocationConstraint"]
        return found or US_EAST_1

    def _used(self, metric: Mapping[str, Any]) -> float | None:
        now = datetime.now(tz=UTC)
        statistic = metric.get("MetricStatisticRecommendation", "Maximum")
        found = self._client("cloudwatch").get_metric_statistics(
            Namespace=metric["MetricNamespace"],
            MetricName=metric["MetricName"],
            Dimensions=[{"Name": name, "Value": value} for name, value in sorted(metric["MetricDimensions"].items())],
            StartTime=now - USE_OVER,
            EndTime=now,
            Period=int(USE_OVER.total_seconds()),
            Statistics=[statistic],
        )["Datapoints"]
        return max((point[statistic] for point in found), default=None)

    def _client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes clients without types
        return self._session.client(service, region_name=self._region, config=PATIENCE)


@contextmanager
def _answered() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {})
        raise UnansweredError(f"{said.get('Code', 'unknown')}: {said.get('Message', error)}") from error
    except BotoCoreError as error:
        raise UnansweredError(" ".join(str(error).split())) from error
