"""The functions of a provider that the stand-in can answer. It refuses every other by name."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from falaj.errors import ConfigurationError
from falaj.standin.account import Account, stable_uuid

CERTIFICATE_AUTHORITY = base64.b64encode(b"-----BEGIN CERTIFICATE-----\nFALAJ\n-----END CERTIFICATE-----\n").decode()
"""What a cluster that does not exist shows for its authority."""

Function = Callable[[Mapping[str, Any], Account], dict[str, Any]]


def invoke(token: str, arguments: Mapping[str, Any], account: Account) -> dict[str, Any]:
    """What the function returns. Refuses one that it does not know."""
    function = _FUNCTIONS.get(token)
    if function is None:
        raise ConfigurationError(
            f"The stand-in does not know the function {token}; it knows {', '.join(sorted(_FUNCTIONS))}.",
            code="FAL-STD-020",
            where=token,
            hint="give the value as a setting, or use the real provider.",
        )
    return function(arguments, account)


def _caller_identity(_arguments: Mapping[str, Any], account: Account) -> dict[str, Any]:
    arn = f"arn:aws:sts::{account.account}:assumed-role/falaj/stand-in"
    return {"accountId": account.account, "arn": arn, "id": account.account, "userId": "AROASTANDIN:stand-in"}


def _partition(_arguments: Mapping[str, Any], _account: Account) -> dict[str, Any]:
    return {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}


def _region(arguments: Mapping[str, Any], account: Account) -> dict[str, Any]:
    region = str(arguments.get("region") or account.region)
    names = {"id": region, "name": region, "region": region}
    return {**names, "description": "Middle East (UAE)", "endpoint": f"ec2.{region}.amazonaws.com"}


def _client_config(_arguments: Mapping[str, Any], account: Account) -> dict[str, Any]:
    return {
        "clientId": stable_uuid("client"),
        "objectId": stable_uuid("object"),
        "subscriptionId": account.subscription,
        "tenantId": account.directory,
    }


def _user_credentials(arguments: Mapping[str, Any], _account: Account) -> dict[str, Any]:
    """A kubeconfig without a secret: it asks ``kubelogin`` for a token."""
    cluster = arguments["resourceName"]
    login = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "kubelogin",
        "args": ["get-token"],
        "interactiveMode": "Never",
    }
    server = {"server": f"https://{cluster}.invalid:443", "certificate-authority-data": CERTIFICATE_AUTHORITY}
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": cluster,
        "clusters": [{"name": cluster, "cluster": server}],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": cluster}}],
        "users": [{"name": cluster, "user": {"exec": login}}],
    }
    return {
        "kubeconfigs": [{"name": "clusterUser", "value": base64.b64encode(json.dumps(kubeconfig).encode()).decode()}]
    }


_FUNCTIONS: Mapping[str, Function] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getRegion:getRegion": _region,
    "azure-native:authorization:getClientConfig": _client_config,
    "azure-native:containerservice:listManagedClusterUserCredentials": _user_credentials,
}
