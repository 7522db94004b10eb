"""State and secrets stay in the country: every backend and every secrets provider that Pulumi knows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from falaj.catalog.tags import Stage
from falaj.preflight import Finding, State, Verdict
from falaj.preflight.state import state_findings
from tests.preflight.stacks import on_a_cluster_of_ones_own, on_aws, on_azure


def of(*, backend: str | None = None, secrets: str | None = None) -> tuple[Finding, Finding]:
    state, secret = state_findings(on_aws(state=State(backend=backend, secrets=secrets)))
    return state, secret


@pytest.mark.parametrize(
    ("backend", "verdict", "found"),
    [
        ("s3://falaj-state?region=me-central-1&awssdk=v2", "ok", "bucket falaj-state in me-central-1"),
        (
            "s3://state?region=eu-west-1",
            "missing",
            "bucket state in eu-west-1, which lies outside the country",
        ),
        (
            "s3://state?region=me-south-1",
            "missing",
            "bucket state in me-south-1, which lies outside the country",
        ),
        (
            "s3://state?region=uaenorth",
            "missing",
            "bucket state in uaenorth, which lies outside the country",
        ),
        ("s3://falaj-state", "missing", "bucket falaj-state, of no named region"),
        ("s3://state?region=me-central-1&endpoint=minio.example", "ask", "bucket state behind an endpoint of its own"),
        ("azblob://state?storage_account=falaj", "ask", "storage account falaj, which does not say where it lies"),
        ("azblob://state", "missing", "container state of no named account"),
        ("https://api.pulumi.com", "missing", "Pulumi Cloud, which lies outside the country"),
        ("https://app.pulumi.com/acme", "missing", "Pulumi Cloud, which lies outside the country"),
        ("https://pulumi.com.example.ae", "ask", "a service at pulumi.com.example.ae"),
        ("file://~", "missing", "a disk of one machine, which nobody shares, locks or backs up"),
        ("gs://state", "missing", "state at a provider without a region in the country"),
        ("postgres://db/state", "ask", "a backend of kind postgres"),
        ("s3://[state", "missing", "s3://[state, which is no address"),
        (None, "missing", "no backend chosen: Pulumi would take Pulumi Cloud"),
    ],
)
def test_a_backend_is_judged_by_what_its_address_says(backend: str | None, verdict: str, found: str) -> None:
    finding, _ = of(backend=backend)

    assert (str(finding.verdict), finding.found) == (verdict, found)


@pytest.mark.parametrize(
    ("secrets", "verdict", "found"),
    [
        ("awskms://alias/falaj?region=me-central-1", "ok", "key alias/falaj in me-central-1"),
        (
            "awskms:///arn:aws:kms:me-central-1:111122223333:key/1234",
            "ok",
            "key arn:aws:kms:me-central-1:111122223333:key/1234 in me-central-1",
        ),
        (
            "awskms:///arn:aws:kms:us-east-1:111122223333:key/1234",
            "missing",
            "key arn:aws:kms:us-east-1:111122223333:key/1234 in us-east-1, which lies outside the country",
        ),
        ("awskms://alias/falaj", "missing", "key alias/falaj, of no named region"),
        ("azurekeyvault://falaj.vault.azure.net/keys/state", "ask", "vault falaj, which does not say where it lies"),
        ("gcpkms://projects/falaj", "missing", "projects at a provider without a region in the country"),
        ("hashivault://falaj", "ask", "a secrets provider of kind hashivault"),
        ("passphrase", "missing", "a passphrase, of whose use nobody keeps a record"),
        ("default", "missing", "the backend's own: a key of Pulumi Cloud, or a passphrase"),
        (None, "missing", "no secrets provider chosen: Pulumi would ask for a passphrase"),
    ],
)
def test_a_secrets_provider_is_judged_by_what_its_address_says(secrets: str | None, verdict: str, found: str) -> None:
    _, finding = of(secrets=secrets)

    assert (str(finding.verdict), finding.found) == (verdict, found)


def test_what_is_refused_comes_with_the_command_that_mends_it() -> None:
    state, secrets = of(backend="https://api.pulumi.com", secrets="passphrase")

    assert state.next_step.startswith("pulumi login 's3://BUCKET?region=me-central-1&awssdk=v2'")
    assert secrets.next_step.startswith(
        "pulumi stack change-secrets-provider --stack prod 'awskms://alias/NAME?region="
    )


def test_what_can_not_be_seen_comes_with_the_command_that_looks() -> None:
    state, secrets = of(
        backend="azblob://state?storage_account=falaj", secrets="azurekeyvault://falaj.vault.azure.net/keys/state"
    )

    assert state.next_step == "az storage account show --name falaj --query location: uaenorth or uaecentral"
    assert secrets.next_step == "az keyvault show --name falaj --query location: uaenorth or uaecentral"


def test_a_finding_names_where_the_address_was_read() -> None:
    state, secrets = state_findings(on_azure())

    assert state.found == "bucket falaj-state in me-central-1 (PULUMI_BACKEND_URL)"
    assert secrets.found == "key alias/falaj-state in me-central-1 (stacks/config/Pulumi.prod.yaml)"


@pytest.mark.parametrize("backend", ["https://api.pulumi.com", "file://~", None])
def test_anything_will_do_for_development_and_for_a_cluster_of_ones_own(backend: str | None) -> None:
    state = State(backend=backend, secrets="passphrase")

    for wanted in (on_aws(stage=Stage.DEVELOPMENT, state=state), on_a_cluster_of_ones_own(state=state)):
        assert {finding.verdict for finding in state_findings(wanted)} == {Verdict.OK}


def test_recovery_is_held_to_the_same_as_production() -> None:
    state = State(backend="https://api.pulumi.com", secrets="passphrase")

    found = state_findings(on_azure(stage=Stage.RECOVERY, state=state))

    assert {finding.verdict for finding in found} == {Verdict.MISSING}


@given(st.text(max_size=60))
def test_no_address_breaks_the_comparison_or_passes_unseen(address: str) -> None:
    for finding in of(backend=address, secrets=address):
        named = "me-central-1" in address
        assert finding.verdict is not Verdict.OK or named
