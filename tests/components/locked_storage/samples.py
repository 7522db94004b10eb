"""A production environment in each cloud, for the specifications that tests write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from components.placement import Placement
from falaj.catalog.data_flows import DataClass
from falaj.catalog.tags import Stage
from tests.fakes.monitor import Plan, Registration

ACCOUNT = "111122223333"
SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
KEY = f"arn:aws:kms:me-central-1:{ACCOUNT}:key/00000000-0000-4000-8000-00000000000b"
LOG_KEY = f"arn:aws:kms:me-central-1:{ACCOUNT}:key/00000000-0000-4000-8000-00000000000c"
GROUP = "azure-uaenorth-prod-group"
BELOW = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers"
SUBNET = f"{BELOW}/Microsoft.Network/virtualNetworks/net/subnets/endpoints"
S3_OLD_NAMES = "ignore:.*has been deprecated in favor of:DeprecationWarning"
"""The SDK's module for S3 warns of its own old names when it is read."""
TAGS = {
    "owner": "platform",
    "cost-centre": "cc-1001",
    "data-classification": "financial",
    "data-residency": "AE",
    "tenant": "shared",
    "personal-data": "yes",
    "ropa-id": "ropa-2026-014",
}


@dataclass(frozen=True)
class Key:
    """A key of a vault, by its three names."""

    name: str
    versionless_uri: str
    uri: str


@dataclass(frozen=True)
class ManagedIdentity:
    """A managed identity, by its three names."""

    id: str
    principal_id: str
    client_id: str


def zone(name: str) -> str:
    """Id of a private zone."""
    return f"{BELOW}/Microsoft.Network/privateDnsZones/privatelink.{name}"


def vault_key(name: str) -> Any:  # noqa: ANN401 - stands for a key whose names are outputs
    """A key of the environment's vault."""
    uri = f"https://falaj-prod.vault.azure.net/keys/{name}"
    return Key(name=name, versionless_uri=uri, uri=f"{uri}/1")


def identity(name: str) -> Any:  # noqa: ANN401 - stands for an identity whose names are outputs
    """An identity of the environment."""
    return ManagedIdentity(
        id=f"{BELOW}/Microsoft.ManagedIdentity/userAssignedIdentities/{name}",
        principal_id=f"{name}-principal",
        client_id=f"{name}-client",
    )


def placement(region: str, stage: Stage = Stage.PRODUCTION) -> Placement:
    """Where a stack of that region and stage puts what it makes."""
    cloud = "aws" if region == "me-central-1" else "azure"
    return Placement(
        stack=f"{cloud}-{region}-{stage.value}",
        region=region,
        stage=stage,
        owner="platform",
        cost_centre="cc-1001",
        data_class=DataClass.FINANCIAL,
        processing_record="ropa-2026-014",
    )


def aws(stage: Stage = Stage.PRODUCTION) -> dict[str, Any]:
    """The fields every specification in AWS shares."""
    return {"placement": placement("me-central-1", stage), "account": ACCOUNT}


def azure(region: str = "uaenorth", stage: Stage = Stage.PRODUCTION) -> dict[str, Any]:
    """The fields every specification in Azure shares."""
    return {"placement": placement(region, stage), "account": SUBSCRIPTION}


def tags(stack: str, stage: Stage = Stage.PRODUCTION) -> dict[str, str]:
    """The tags everything of that stack carries."""
    return {**TAGS, "stack": stack, "environment": stage.value}


def only(plan: Plan, type_token: str) -> Registration:
    """The one resource of that type."""
    (found,) = plan.typed(type_token)
    return found


def protected(plan: Plan) -> set[str]:
    """Types of what may not be removed."""
    return {each.type for each in plan.resources.values() if each.protect}


def untagged(plan: Plan) -> list[str]:
    """Every resource that could carry tags by its SDK and does not."""
    return [each.urn for each in plan.resources.values() if each.custom and _taggable(each) and not _tags(each)]


def _taggable(resource: Registration) -> bool:
    from falaj.standin.library import resource_type  # noqa: PLC0415 - reads the SDK, which few tests need

    found = resource_type(resource.type)
    return found is not None and bool({"tags", "resourceTags"} & {*found.inputs})


def _tags(resource: Registration) -> object:
    return resource.inputs.get("tags") or resource.inputs.get("resourceTags")
