"""Specifications that the tests of identities and keys share."""

from __future__ import annotations

from components.identities.spec import IdentitiesSpec
from components.placement import Placement
from falaj.catalog.data_flows import DataClass
from falaj.catalog.tags import Stage

ACCOUNT = "123456789012"
ADDON_REGISTRY = "210987654321"
SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
AWS_STACK, AZURE_STACK = "aws-me-central-1-prod", "azure-uaenorth-prod"


def placement(
    stack: str = AWS_STACK,
    region: str = "me-central-1",
    stage: Stage = Stage.PRODUCTION,
    tenant: str | None = None,
) -> Placement:
    return Placement(
        stack=stack,
        region=region,
        stage=stage,
        owner="platform",
        cost_centre="cc-1001",
        data_class=DataClass.FINANCIAL,
        tenant=tenant,
        processing_record="ropa-2026-014",
    )


def aws_identities(stage: Stage = Stage.PRODUCTION, addon_registry: str | None = ADDON_REGISTRY) -> IdentitiesSpec:
    return IdentitiesSpec(placement=placement(stage=stage), account=ACCOUNT, addon_registry=addon_registry)


def azure_identities(stage: Stage = Stage.PRODUCTION) -> IdentitiesSpec:
    return IdentitiesSpec(placement=placement(AZURE_STACK, "uaenorth", stage), account=SUBSCRIPTION)
