"""Every movement is proven, or named with what forbids it; what is not known is never allowed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from falaj.catalog.data_flows import Channel, DataClass, Encryption
from falaj.catalog.regions import regions
from policies.controls import named
from policies.evaluator import Verdict
from policies.examples.kubernetes import component, data_flow
from policies.examples.stacks import environment
from policies.judgement import Judgement, judge
from policies.readers.source import Source, SourceKind
from policies.residency.proof import Proof, Proven, walk
from policies.residency.report import as_json, rows
from policies.resources import Resource, resource
from policies.values import UNKNOWN

TODAY = date(2026, 11, 22)

THE_ID = "expected the id of that document in the stack file"
CONTROLS = ("RES-021", "RES-022")


def judged(*resources: Resource, config: dict[str, str] | None = None, also: tuple[str, ...] = ()) -> Judgement:
    return judge(
        Source(SourceKind.PREVIEW, "a stack", resources, config=config or {}), named(*CONTROLS, *also), today=TODAY
    )


def proven(*flows: dict[str, object], config: dict[str, str] | None = None) -> list[Proven]:
    return list(walk(judged(component(list(flows)), config=config)))


def test_a_flow_that_may_be_is_allowed_with_its_reasons() -> None:
    (found,) = proven(data_flow(key="requests"))

    assert (found.proof, found.articles) == (Proof.ALLOWED, ())
    assert found.grounds == ("uaenorth: onshore, UAE North", "personal data, protected by tls, key requests")


@pytest.mark.parametrize(
    ("flow", "config", "grounds", "articles"),
    [
        (
            data_flow(region="me-south-1"),
            {},
            "found me-south-1 for gateway/traefik, expected a region in the UAE: me-central-1, uaecentral, uaenorth",
            ("PDPL Art 22", "PDPL Art 23", "UAE IA T6.3", "ISO/IEC 27001 A.5.23"),
        ),
        (
            data_flow(data_class="financial", region="me-south-1"),
            {},
            "found me-south-1 for gateway/traefik, expected a region in the UAE: me-central-1, uaecentral, uaenorth",
            ("CBUAE CPS 6.1.6.3", "CBUAE OutsourcingReg 6.3", "UAE IA T6.3", "ISO/IEC 27001 A.5.23"),
        ),
        (
            data_flow(data_class="health", encryption="none", channel="grpc"),
            {},
            "found none, expected mutual_tls, tls",
            ("UAE health ICT law CabDec 32/2020", "PDPL Art 20"),
        ),
        (
            data_flow(),
            environment(profiles=["difc_adgm"]),
            f"found uaenorth without a transfer-assessment, {THE_ID} (difc_adgm asks for it)",
            ("DIFC DPL Art 26", "ADGM DPR s.40"),
        ),
        (
            data_flow(),
            environment(profiles=["gdpr"]),
            f"found uaenorth without a transfer-tool, {THE_ID} (gdpr asks for it)",
            ("GDPR Art 44", "GDPR Art 46"),
        ),
    ],
)
def test_a_flow_that_may_not_be_is_named_with_what_forbids_it(
    flow: dict[str, object], config: dict[str, str], grounds: str, articles: tuple[str, ...]
) -> None:
    (found,) = proven(flow, config=config)

    assert (found.proof, found.grounds, found.articles) == (Proof.BROKEN, (grounds,), articles)


def test_a_documented_transfer_is_allowed_and_names_its_document() -> None:
    documents = {"transfer-assessment": "TIA-7"}
    (found,) = proven(data_flow(), config=environment(profiles=["difc_adgm"], documents=documents))

    assert found.proof is Proof.ALLOWED
    assert found.grounds[-1] == "transfer-assessment TIA-7"


def test_a_backup_called_less_than_it_holds_breaks_on_its_own_edge() -> None:
    stored = data_flow(sink="store", channel="object", data_class="financial")
    backup = data_flow(source="store", sink="vault", channel="backup", data_class="internal")

    allowed, broken = proven(backup, stored)

    assert (allowed.edge.sink, allowed.proof) == ("store", Proof.ALLOWED)
    assert (broken.edge.sink, broken.proof) == ("vault", Proof.BROKEN)
    assert broken.grounds == ("found internal, expected financial, as what is copied",)


def test_what_is_not_known_is_not_allowed() -> None:
    (found,) = proven(data_flow(region=UNKNOWN))

    assert (found.proof, found.grounds) == (Proof.UNKNOWN, ("dataFlows[0].region: not known yet",))


def test_a_waived_flow_is_shown_as_waived() -> None:
    judgement = judged(component([data_flow(region="me-south-1")]))
    results = tuple(
        replace(result, verdict=Verdict.WAIVED, waiver="W-1") if result.verdict is Verdict.FAIL else result
        for result in judgement.results
    )

    (found,) = walk(replace(judgement, results=results))

    assert found.proof is Proof.WAIVED


def test_a_setting_that_carries_data_away_is_a_broken_movement() -> None:
    carried = resource("aws:kms/key:Key", {"multiRegion": True})

    (found,) = walk(judged(carried, also=("RES-006",)))

    assert (found.edge.source, found.edge.control, found.proof) == ("example", "RES-006", Proof.BROKEN)
    assert found.edge.at == "multiRegion"
    assert found.articles


def test_tables_and_json_say_the_same_with_what_is_broken_first() -> None:
    found = proven(data_flow(), data_flow(sink="abroad", region="me-south-1"))

    assert [row[:3] for row in rows(found)] == [
        ("broken", "clients", "abroad"),
        ("allowed", "clients", "gateway/traefik"),
    ]
    assert [(each["proof"], each["sink"]) for each in as_json(found)] == [
        ("broken", "abroad"),
        ("allowed", "gateway/traefik"),
    ]


@given(
    region=st.sampled_from([*regions(), "atlantis"]),
    data_class=st.sampled_from(list(DataClass)),
    channel=st.sampled_from(list(Channel)),
    encryption=st.sampled_from(list(Encryption)),
)
def test_nothing_is_allowed_out_of_the_country_or_against_its_control(
    region: str, data_class: DataClass, channel: Channel, encryption: Encryption
) -> None:
    flow = data_flow(region=region, data_class=data_class.value, channel=channel.value, encryption=encryption.value)
    judgement = judged(component([flow]))
    (found,) = walk(judgement)

    passes = all(result.verdict is Verdict.PASS for result in judgement.results)
    assert (found.proof is Proof.ALLOWED) == passes
    assert found.proof is not Proof.ALLOWED or regions()[region].jurisdiction.country == "AE"
