"""A kubeconfig without a secret in it: a program asks for a token whenever one is needed."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ENTRA_SERVER = "6dae42f8-4368-4678-94ff-3960e28e3630"
"""The application in Entra ID that stands for every AKS API server."""


@dataclass(frozen=True, slots=True)
class TokenCommand:
    """The program that knows who is asking, and what it is told."""

    command: str
    arguments: Sequence[str]
    environment: Mapping[str, str]


def eks_token(cluster: str, region: str) -> TokenCommand:
    """Return how an IAM role signs in to an EKS cluster, asking the region's own STS."""
    return TokenCommand(
        "aws",
        ("eks", "get-token", "--cluster-name", cluster, "--region", region, "--output", "json"),
        {"AWS_STS_REGIONAL_ENDPOINTS": "regional"},
    )


def aks_token(tenant: str) -> TokenCommand:
    """Return how a user or workload signs in to an AKS cluster.

    kubelogin takes another way than the Azure CLI's from AAD_LOGIN_METHOD, such as `workloadidentity` in a pipeline.
    """
    return TokenCommand(
        "kubelogin", ("get-token", "--login", "azurecli", "--server-id", ENTRA_SERVER, "--tenant-id", tenant), {}
    )


def kubeconfig(cluster: str, *, server: str, authority: str, token: TokenCommand) -> str:
    """Return a kubeconfig as JSON, which is YAML too. `authority` is the certificate in base64."""
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": token.command,
            "args": list(token.arguments),
            "env": [{"name": name, "value": value} for name, value in token.environment.items()],
            "interactiveMode": "Never",
            "provideClusterInfo": False,
        }
    }
    found = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster, "cluster": {"server": server, "certificate-authority-data": authority}}],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": cluster}}],
        "current-context": cluster,
        "users": [{"name": cluster, "user": user}],
    }
    return json.dumps(found)


def authority_of(answer: str) -> str:
    """Return the authority, in base64, of a kubeconfig that a cloud answered with, itself in base64.

    Refuses an answer that names no authority: a client would trust whoever answers.
    """
    document = yaml.safe_load(base64.b64decode(answer))
    try:
        return str(document["clusters"][0]["cluster"]["certificate-authority-data"])
    except (KeyError, IndexError, TypeError):
        raise ValueError("the cloud's kubeconfig names no certificate authority") from None
