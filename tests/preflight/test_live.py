"""The account's own answers: what fits, what is missing, and what it does not say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

import pytest

from falaj.catalog.tags import Stage
from falaj.preflight import Finding, Verdict, Wanted, live
from falaj.preflight.allowances import QuotaNeed
from falaj.preflight.live import Allowance, UnansweredError
from tests.preflight.stacks import on_aws, on_azure

ZONES = frozenset({"mec1-az1", "mec1-az2", "mec1-az3"})
ADD_ONS = {
    "vpc-cni": frozenset({"v1.22.4-eksbuild.3"}),
    "kube-proxy": frozenset({"v1.36.0-eksbuild.21", "v1.36.0-eksbuild.25"}),
    "coredns": frozenset({"v1.14.3-eksbuild.16"}),
    "eks-pod-identity-agent": frozenset({"v1.3.10-eksbuild.3"}),
}


@dataclass
class Obliging:
    """An account that has everything, but for what a test says."""

    name: str = "the account"
    enabled: bool = True
    zones: frozenset[str] = ZONES
    limit: float = 1000
    used: float | None = 0
    minors: frozenset[str] = frozenset({"1.35", "1.36"})
    offered: Mapping[str, frozenset[str]] = field(default_factory=lambda: ADD_ONS)
    home: str | None = "me-central-1"

    def may_use_region(self) -> bool:
        return self.enabled

    def zones_selling(self, sizes: Iterable[str]) -> Mapping[str, frozenset[str]]:
        return dict.fromkeys(sizes, self.zones)

    def allowance(self, need: QuotaNeed) -> Allowance:
        assert need.amount > 0
        return Allowance(self.limit, self.used)

    def kubernetes_minors(self) -> frozenset[str]:
        return self.minors

    def add_ons(self, minor: str, names: Iterable[str]) -> Mapping[str, frozenset[str]]:
        assert minor == "1.36"
        return {name: self.offered[name] for name in names}

    def home_of_state(self, backend: str) -> str | None:
        assert backend.startswith("s3://")
        return self.home


class Silent(Obliging):
    """An account whose credentials may read nothing."""

    def may_use_region(self) -> bool:
        return refuse()

    def zones_selling(self, sizes: Iterable[str]) -> Mapping[str, frozenset[str]]:  # noqa: ARG002 - the protocol's
        return refuse()

    def allowance(self, need: QuotaNeed) -> Allowance:  # noqa: ARG002 - the protocol's
        return refuse()

    def kubernetes_minors(self) -> frozenset[str]:
        return refuse()

    def add_ons(self, minor: str, names: Iterable[str]) -> Mapping[str, frozenset[str]]:  # noqa: ARG002 - the protocol's
        return refuse()

    def home_of_state(self, backend: str) -> str | None:  # noqa: ARG002 - the protocol's
        return refuse()


def refuse() -> NoReturn:
    raise UnansweredError("AccessDenied: not authorized")


def named(found: list[Finding], what: str) -> Finding:
    (finding,) = [finding for finding in found if finding.what == what]
    return finding


def test_an_account_that_has_everything_lacks_nothing() -> None:
    found = live(on_aws(), Obliging())

    assert {finding.verdict for finding in found} == {Verdict.OK}
    assert {finding.source for finding in found} == {"the account"}
    assert {finding.as_of for finding in found} == {None}
    assert [finding.what for finding in found][:3] == ["region me-central-1", "state", "Kubernetes 1.36"]


def test_a_region_that_is_off_is_missing() -> None:
    finding = named(live(on_aws(), Obliging(enabled=False)), "region me-central-1")

    assert (finding.verdict, finding.found) == (Verdict.MISSING, "closed")
    assert finding.next_step == "aws account enable-region --region-name me-central-1"


def test_a_bucket_that_lies_elsewhere_than_its_address_says_is_missing() -> None:
    finding = named(live(on_aws(), Obliging(home="eu-west-1")), "state")

    assert (finding.verdict, finding.found) == (Verdict.MISSING, "lies in eu-west-1")


@pytest.mark.parametrize("wanted", [on_aws(stage=Stage.DEVELOPMENT), on_aws(state={"backend": None})])
def test_the_state_of_development_is_not_looked_for(wanted: Wanted) -> None:
    assert [finding for finding in live(wanted, Obliging(home="eu-west-1")) if finding.what == "state"] == []


def test_state_that_another_provider_holds_is_not_judged() -> None:
    assert [finding for finding in live(on_aws(), Obliging(home=None)) if finding.what == "state"] == []


def test_a_minor_that_is_not_offered_is_missing() -> None:
    finding = named(live(on_aws(), Obliging(minors=frozenset({"1.35"}))), "Kubernetes 1.36")

    assert (finding.verdict, finding.found) == (Verdict.MISSING, "offered: 1.35")


def test_an_add_on_version_that_is_gone_is_missing() -> None:
    offered = ADD_ONS | {"coredns": frozenset({"v1.14.9-eksbuild.1"})}

    finding = named(live(on_aws(), Obliging(offered=offered)), "add-on coredns")

    assert (finding.verdict, finding.found) == (Verdict.MISSING, "offered: v1.14.9-eksbuild.1")
    assert finding.next_step == "read falaj/catalog/data/kubernetes.yaml again: set one of the versions offered"


def test_a_zone_in_which_the_account_may_not_buy_is_missing() -> None:
    finding = named(live(on_aws(), Obliging(zones=ZONES - {"mec1-az3"})), "pool cpu, m7i.2xlarge")

    assert (finding.verdict, finding.found) == (Verdict.MISSING, "sold in mec1-az1, mec1-az2")


def test_a_region_without_zones_sells_as_a_whole() -> None:
    account = Obliging(zones=frozenset({"uaecentral"}), home="me-central-1")

    found = live(on_azure(region="uaecentral", zones=()), account)

    assert named(found, "pool cpu, Standard_D8s_v5").verdict is Verdict.OK


def test_a_quota_is_short_by_what_is_already_used() -> None:
    what = "quota Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances"

    finding = named(live(on_aws(), Obliging(limit=200, used=100)), what)

    assert (finding.verdict, finding.found) == (Verdict.MISSING, "200, 100 used")
    assert finding.next_step.endswith("--quota-code L-1216C47A --desired-value 244")


def test_a_use_that_nobody_measures_is_said() -> None:
    what = "quota Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances"

    finding = named(live(on_aws(), Obliging(limit=144, used=None)), what)

    assert (finding.verdict, finding.found) == (Verdict.OK, "144, use unknown")


def test_what_the_credentials_may_not_read_is_a_question_each_time() -> None:
    found = live(on_aws(), Silent())

    assert {finding.verdict for finding in found} == {Verdict.ASK}
    assert {finding.found for finding in found} == {"no answer: AccessDenied: not authorized"}
    assert len(found) == len(live(on_aws(), Obliging()))
