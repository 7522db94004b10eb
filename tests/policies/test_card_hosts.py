"""Where a card lies is told from the name of its host, or by the operator; never guessed."""

from __future__ import annotations

import pytest

from falaj.catalog.model_annotations import ModelAnnotation
from policies.controls.aig_001 import CONTROL, CardPlaces
from policies.evaluator import Verdict, evaluate
from policies.examples.served_models import server
from policies.geography.card_hosts import host_of, lies_in_the_uae, registry_of
from policies.parameters import Parameters

SCHEMES = ("https", "oci", "s3")


@pytest.mark.parametrize(
    ("host", "at_home"),
    [
        ("cards.s3.me-central-1.amazonaws.com", True),
        ("cards.s3.eu-west-1.amazonaws.com", False),
        ("s3-eu-west-1.amazonaws.com", False),
        ("111122223333.dkr.ecr.me-central-1.amazonaws.com", True),
        ("vpce-1.s3.me-central-1.vpce.amazonaws.com", True),
        ("backup.me-central-1.s3.eu-west-1.amazonaws.com", False),
        ("me-central-1.amazonaws.com.example.org", None),
        ("cards.s3.amazonaws.com", None),
        ("registry.uaenorth.data.azurecr.io", True),
        ("registry.westeurope.data.azurecr.io", False),
        ("registry.azurecr.io", None),
        ("cards.blob.core.windows.net", None),
        ("cards.registers.svc", True),
        ("cards.registers.svc.cluster.local", True),
        ("cards.bank.ae", None),
    ],
)
def test_a_host_tells_its_region_or_nothing(host: str, at_home: bool | None) -> None:
    assert lies_in_the_uae(host) is at_home


def test_the_operator_says_where_a_host_stands_and_all_below_it() -> None:
    own = ("bank.ae", "cards-bucket")

    assert [lies_in_the_uae(host, own) for host in ("bank.ae", "cards.bank.ae", "cards-bucket")] == [True] * 3
    assert lies_in_the_uae("notbank.ae", own) is None


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://Cards.Bank.AE:8443/credit", "cards.bank.ae"),
        ("oci://registry.bank.ae/models/credit@sha256:aa", "registry.bank.ae"),
        ("s3://cards-bucket/credit.yaml", "cards-bucket"),
        ("http://cards.bank.ae/credit", None),
        ("https:///credit", None),
        ("https://[broken/credit", None),
        ("cards.bank.ae/credit", None),
        (None, None),
        (7, None),
    ],
)
def test_only_an_address_with_a_known_scheme_has_a_host(address: object, host: str | None) -> None:
    assert host_of(address, SCHEMES) == host


@pytest.mark.parametrize(
    ("image", "host"),
    [
        ("registry.bank.ae/models/credit@sha256:aa", "registry.bank.ae"),
        ("Registry.bank.ae:5000/credit", "registry.bank.ae"),
        ("localhost/credit", "localhost"),
        ("library/credit", None),
        ("credit:3", None),
        (None, None),
    ],
)
def test_an_image_names_its_registry_or_none(image: object, host: str | None) -> None:
    assert registry_of(image) == host


def test_a_host_that_the_policy_configuration_lists_is_no_longer_unknown() -> None:
    found = server({ModelAnnotation.CARD: "https://cards.bank.ae/credit/3"})
    listed: dict[type[Parameters], Parameters] = {CardPlaces: CardPlaces(hosts=("bank.ae",))}

    (unlisted,) = evaluate([found], controls=[CONTROL])
    assert unlisted.verdict is Verdict.UNKNOWN
    assert str(unlisted.undecided[0]) == (
        'metadata.annotations["falaj.dev/model-card"]: not known, '
        "parameter hosts of AIG-001 has to list cards.bank.ae where it stands in the UAE"
    )
    assert [result.verdict for result in evaluate([found], controls=[CONTROL], given=listed)] == [Verdict.PASS]
