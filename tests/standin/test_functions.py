from __future__ import annotations

import base64

import pytest
import yaml

from falaj.errors import ConfigurationError
from falaj.standin.account import Account
from falaj.standin.functions import invoke

ACCOUNT = Account.of(
    {
        "allowedAccountIds": '["210987654321"]',
        "region": "me-central-1",
        "subscriptionId": "s",
        "tenantId": {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "t"},
        "location": "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    }
)


def test_the_account_is_the_one_the_provider_is_configured_for() -> None:
    assert Account("210987654321", "me-central-1", "s", "t", "uaenorth") == ACCOUNT
    assert Account.of({}) == Account()


@pytest.mark.parametrize(
    ("token", "name", "value"),
    [
        ("aws:index/getCallerIdentity:getCallerIdentity", "accountId", "210987654321"),
        ("aws:index/getPartition:getPartition", "partition", "aws"),
        ("aws:index/getRegion:getRegion", "region", "me-central-1"),
        ("azure-native:authorization:getClientConfig", "tenantId", "t"),
    ],
)
def test_says_who_asks_and_where(token: str, name: str, value: str) -> None:
    assert invoke(token, {}, ACCOUNT)[name] == value


def test_a_kubeconfig_holds_no_secret() -> None:
    token = "azure-native:containerservice:listManagedClusterUserCredentials"

    (given,) = invoke(token, {"resourceName": "prod", "resourceGroupName": "g"}, ACCOUNT)["kubeconfigs"]

    kubeconfig = yaml.safe_load(base64.b64decode(given["value"]))
    assert kubeconfig["current-context"] == "prod"
    assert kubeconfig["clusters"][0]["cluster"]["server"] == "https://prod.invalid:443"
    assert base64.b64decode(kubeconfig["clusters"][0]["cluster"]["certificate-authority-data"]).startswith(
        b"-----BEGIN"
    )
    assert kubeconfig["users"][0]["user"]["exec"]["command"] == "kubelogin"


def test_a_function_it_does_not_know_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError) as caught:
        invoke("aws:ec2/getAmi:getAmi", {}, ACCOUNT)

    assert caught.value.message == (
        "The stand-in does not know the function aws:ec2/getAmi:getAmi; it knows "
        "aws:index/getCallerIdentity:getCallerIdentity, aws:index/getPartition:getPartition, "
        "aws:index/getRegion:getRegion, azure-native:authorization:getClientConfig, "
        "azure-native:containerservice:listManagedClusterUserCredentials."
    )
