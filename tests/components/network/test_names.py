from __future__ import annotations

from components.network.names import resolvable_domains, resolvable_names
from falaj.catalog.private_access import Feature
from tests.components.network.networks import THROUGH_FIREWALL, in_aws, in_azure


def test_a_network_without_a_way_out_resolves_its_regions_services_only() -> None:
    assert resolvable_names(in_aws()) == (
        "*.in-addr.arpa",
        "*.me-central-1.amazonaws.com",
        "*.me-central-1.api.aws",
        "*.me-central-1.compute.internal",
        "*.me-central-1.eks.amazonaws.com",
    )


def test_names_behind_the_firewall_and_in_house_are_resolved_too() -> None:
    spec = in_aws(**THROUGH_FIREWALL, internal_domains=["*.corp.example.ae"])

    assert {*resolvable_names(spec)} - {*resolvable_names(in_aws())} == {
        "*.bank.ae",
        "*.corp.example.ae",
        "api.example.ae",
    }


def test_azure_resolves_the_services_in_use_by_the_names_clients_ask_for() -> None:
    assert resolvable_domains(in_azure(features=[Feature.KEYS, Feature.REGISTRY, Feature.KUBERNETES])) == (
        "azurecr.io.",
        "in-addr.arpa.",
        "internal.cloudapp.net.",
        "private.uaenorth.azmk8s.io.",
        "vault.azure.net.",
        "vaultcore.azure.net.",
    )


def test_azure_names_a_domain_with_everything_below_it() -> None:
    spec = in_azure(**THROUGH_FIREWALL, features=[], internal_domains=["*.corp.example.ae"])

    assert resolvable_domains(spec) == (
        "api.example.ae.",
        "bank.ae.",
        "corp.example.ae.",
        "in-addr.arpa.",
        "internal.cloudapp.net.",
    )
