"""Which account is asked, and what is said where its library or its credentials are not there."""

from __future__ import annotations

import sys

import pytest

from falaj.errors import MachineError
from falaj.preflight.accounts import account_of
from falaj.preflight.aws import AwsAccount
from falaj.preflight.azure import AzureAccount
from tests.preflight.stacks import on_a_cluster_of_ones_own, on_aws, on_azure


class Token:
    token = "a-token"


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials of both providers, good for nothing."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "an-id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-key")
    monkeypatch.setattr("azure.identity.DefaultAzureCredential.get_token", lambda *_: Token())


@pytest.mark.usefixtures("credentials")
def test_each_provider_has_its_account() -> None:
    aws, azure = account_of(on_aws()), account_of(on_azure())

    assert isinstance(aws, AwsAccount)
    assert isinstance(azure, AzureAccount)
    assert (aws.name, azure.name) == ("AWS account in me-central-1", "Azure subscription in uaenorth")


def test_a_cluster_of_ones_own_has_no_account() -> None:
    assert account_of(on_a_cluster_of_ones_own()) is None


def test_a_machine_without_the_library_says_which_extra_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.identity", None)

    with pytest.raises(MachineError, match=r"^FAL-PFL-003") as raised:
        account_of(on_azure())

    assert raised.value.hint == "pip install 'falaj[live]'"


def test_a_machine_without_credentials_says_how_to_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Token:
        raise RuntimeError("no credential\nwith a long tail")

    monkeypatch.setattr("azure.identity.DefaultAzureCredential.get_token", fail)

    with pytest.raises(MachineError, match=r"^FAL-PFL-004") as raised:
        account_of(on_azure())

    assert raised.value.message == "No credentials were found: no credential."
    assert raised.value.hint == "az login"
