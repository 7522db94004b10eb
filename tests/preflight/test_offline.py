"""A stack compared with the catalog, without account and network."""

from __future__ import annotations

from datetime import date

import pytest

from falaj.catalog.private_access import Feature
from falaj.catalog.tags import Stage
from falaj.preflight import Finding, Site, Verdict, Wanted, WantedPool, offline
from falaj.preflight.needs import services_needed
from tests.preflight.stacks import on_a_cluster_of_ones_own, on_aws, on_azure

TODAY = date(2026, 11, 22)


def named(wanted: Wanted, what: str, today: date = TODAY) -> list[Finding]:
    return [finding for finding in offline(wanted, today) if finding.what == what]


def pool(*sizes: str) -> tuple[WantedPool, ...]:
    return (WantedPool(name="cpu", sizes=sizes, minimum=2, maximum=4),)


def test_production_on_aws_lacks_nothing_and_has_to_ask() -> None:
    found = offline(on_aws(), TODAY)

    assert {str(finding.verdict) for finding in found} == {"ok", "ask"}
    assert [finding.what for finding in found if finding.verdict is Verdict.ASK] == [
        "region me-central-1",
        "region me-central-1",
        "quota Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
    ]


def test_a_cluster_of_ones_own_asks_nothing_of_a_provider() -> None:
    assert [finding.what for finding in offline(on_a_cluster_of_ones_own(), TODAY)] == [
        "state",
        "secrets",
        "pulumi command",
    ]


@pytest.mark.parametrize("wanted", [on_aws(), on_azure(), on_azure(region="uaecentral", zones=())])
def test_every_finding_has_a_source_and_what_is_not_ok_a_next_step(wanted: Wanted) -> None:
    for finding in offline(wanted, TODAY):
        assert finding.source.startswith("falaj/catalog/data/")
        assert (finding.verdict is Verdict.OK) == (finding.next_step == ""), finding


def test_a_region_that_is_switched_on_first_comes_with_the_command() -> None:
    first, second = named(on_aws(), "region me-central-1")

    assert first.next_step == "aws account enable-region --region-name me-central-1"
    assert (second.needed, second.found) == ("room for new machines", "unknown")


def test_a_restricted_region_is_asked_for_at_support() -> None:
    (finding,) = named(on_azure(region="uaecentral", zones=()), "region uaecentral")

    assert (str(finding.verdict), finding.found) == ("ask", "granted on request")


def test_a_size_of_every_zone_is_ok() -> None:
    (finding,) = named(on_aws(pools=pool("m7i.2xlarge")), "pool cpu, m7i.2xlarge")

    assert (finding.verdict, finding.needed) == (Verdict.OK, "sold in zones mec1-az1, mec1-az2, mec1-az3")
    assert (finding.source, finding.as_of) == ("falaj/catalog/data/offers/me-central-1.yaml", date(2026, 10, 27))


def test_a_size_that_a_zone_lacks_is_missing_and_the_zones_that_have_it_are_said() -> None:
    (finding,) = named(on_aws(pools=pool("g5.xlarge")), "pool cpu, g5.xlarge")

    assert (finding.verdict, finding.found) == (Verdict.MISSING, "not sold in zone mec1-az3")
    assert finding.next_step == "choose a size of every zone, or the zones mec1-az1, mec1-az2 alone"


def test_a_size_that_the_region_lacks_is_missing() -> None:
    (finding,) = named(on_aws(pools=pool("g4dn.xlarge")), "pool cpu, g4dn.xlarge")

    assert finding.verdict is Verdict.MISSING
    assert finding.found == (
        "g4dn.xlarge is not sold in me-central-1 (falaj/catalog/data/offers/me-central-1.yaml, 2026-10-27)."
    )


@pytest.mark.parametrize(
    ("wanted", "what", "next_step"),
    [
        (
            on_azure(),
            "pool cpu, Standard_D8s_v5",
            "az vm list-skus --location uaenorth --size Standard_D8s_v5 --zone --all --output table",
        ),
        (
            on_aws(pools=pool("t3.large")),
            "pool cpu, t3.large",
            (
                "aws ec2 describe-instance-type-offerings --region me-central-1 --location-type availability-zone-id "
                "--filters Name=instance-type,Values=t3.large"
            ),
        ),
    ],
)
def test_unknown_zones_are_a_question_with_its_command(wanted: Wanted, what: str, next_step: str) -> None:
    (finding,) = named(wanted, what)

    assert (finding.verdict, finding.next_step) == (Verdict.ASK, next_step)


def test_a_region_without_zones_is_judged_as_a_whole() -> None:
    (finding,) = named(on_azure(region="uaecentral", zones=()), "pool cpu, Standard_D8s_v5")

    assert (finding.verdict, finding.needed) == (Verdict.OK, "sold in the region")


def test_the_recipes_minor_is_taken_where_the_stack_names_none() -> None:
    (finding,) = named(on_aws(), "Kubernetes 1.36")

    assert (finding.verdict, finding.found) == (Verdict.OK, "standard support ends on 2027-08-02")


@pytest.mark.parametrize(
    ("today", "verdict", "found"),
    [
        (date(2027, 1, 25), "ok", "standard support ends on 2027-03-27"),
        (date(2027, 1, 26), "ask", "standard support ends on 2027-03-27"),
        (date(2027, 3, 27), "ask", "standard support ends on 2027-03-27"),
        (date(2027, 3, 28), "missing", "standard support ended on 2027-03-27"),
    ],
)
def test_the_end_of_support_nears_and_passes(today: date, verdict: str, found: str) -> None:
    (finding,) = named(on_aws(kubernetes="1.35"), "Kubernetes 1.35", today)

    assert (str(finding.verdict), finding.found) == (verdict, found)


@pytest.mark.parametrize(
    ("minor", "found"),
    [
        ("1.34", "The feature gate for image volumes is off by default, and EKS lets nobody switch it on."),
        ("1.20", "unknown to the catalog"),
    ],
)
def test_a_minor_on_which_models_do_not_run_is_missing(minor: str, found: str) -> None:
    (finding,) = named(on_aws(kubernetes=minor), f"Kubernetes {minor}")

    assert (finding.verdict, finding.found) == (Verdict.MISSING, found)
    assert finding.next_step == "set kubernetes to one of 1.35, 1.36"


def test_a_minor_whose_node_images_nobody_looked_at_is_a_question() -> None:
    support, images = named(on_azure(kubernetes="1.35"), "Kubernetes 1.35")

    assert support.verdict is Verdict.OK
    assert (images.verdict, images.needed) == (Verdict.ASK, "pods that mount images as volumes (containerd 2.1)")


def test_services_that_are_there_are_one_line() -> None:
    (finding,) = named(on_aws(features=frozenset({Feature.KUBERNETES, Feature.REGISTRY})), "services")

    assert (finding.needed, finding.found) == ("ecr, eks, s3", "all there")


def test_a_service_that_nobody_knows_of_is_a_question() -> None:
    (finding,) = named(on_azure(egress="firewall"), "service azure-firewall")

    assert (finding.verdict, finding.next_step) == (
        Verdict.ASK,
        "`az provider show -n Microsoft.Network` lists its regions.",
    )


def test_a_service_that_the_region_lacks_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = {on_aws().provider: {Feature.METRICS: ("grafana",)}}
    monkeypatch.setattr("falaj.preflight.needs.NEEDED", needed)

    (finding,) = named(on_aws(), "service grafana")

    assert (finding.verdict, finding.found) == (Verdict.MISSING, "not there")


def test_the_way_out_and_the_zones_decide_services_too() -> None:
    assert "network-firewall" in services_needed(on_aws(egress="firewall"))
    assert "network-firewall" not in services_needed(on_aws(egress="nat"))
    assert "storage-zrs" in services_needed(on_azure())
    assert "storage-zrs" not in services_needed(on_azure(region="uaecentral", zones=()))


def test_a_second_site_is_looked_for_where_a_profile_asks() -> None:
    (finding,) = named(on_aws(profiles=("cbuae",)), "second site")

    assert (finding.verdict, finding.found) == (Verdict.MISSING, "none among the stacks of this project")
    assert finding.next_step == (
        "write the stack file of one, stage dr or prod "
        "(Consumer Protection Standards 6.1.6.3: a backup in a separate location; control BDR-004)"
    )


def test_a_second_site_lies_in_another_region_of_the_country_and_is_no_development() -> None:
    sites = (
        Site(stack="same-region", region="me-central-1", stage=Stage.RECOVERY),
        Site(stack="abroad", region="me-south-1", stage=Stage.RECOVERY),
        Site(stack="toy", region="uaenorth", stage=Stage.DEVELOPMENT),
        Site(stack="azure-dr", region="uaecentral", stage=Stage.RECOVERY),
    )

    (finding,) = named(on_aws(profiles=("cbuae",), sites=sites), "second site")

    assert (finding.verdict, finding.found) == (Verdict.OK, "azure-dr in uaecentral")


@pytest.mark.parametrize(
    "wanted",
    [on_aws(profiles=("baseline",)), on_aws(profiles=("cbuae",), stage=Stage.RECOVERY), on_aws()],
)
def test_nobody_else_is_asked_for_a_second_site(wanted: Wanted) -> None:
    assert named(wanted, "second site") == []
