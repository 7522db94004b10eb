"""Networks as tests ask for them."""

from __future__ import annotations

from typing import Any

from components.network.spec import NetworkSpec
from falaj.catalog.private_access import Feature

ACCOUNT = "123456789012"
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
THROUGH_FIREWALL: dict[str, Any] = {"egress": "firewall", "allowed_names": ["api.example.ae", "*.bank.ae"]}


def placement(stack: str, region: str, stage: str = "prod") -> dict[str, Any]:
    """Where an environment lies that holds customers' data."""
    return {
        "stack": stack,
        "region": region,
        "stage": stage,
        "owner": "platform",
        "cost_centre": "CC-100",
        "data_class": "financial",
        "processing_record": "ropa-7",
    }


def in_aws(**changes: object) -> NetworkSpec:
    """A production network in AWS, without a way out unless asked for."""
    return NetworkSpec.model_validate(
        {
            "placement": placement("aws-me-central-1-prod", "me-central-1"),
            "account": ACCOUNT,
            "cidr": "10.20.0.0/16",
            "zones": ["mec1-az1", "mec1-az2", "mec1-az3"],
            "features": frozenset(Feature),
            "retention_days": 1826,
            **changes,
        }
    )


def in_azure(**changes: object) -> NetworkSpec:
    """A production network in Azure, without a way out unless asked for."""
    return NetworkSpec.model_validate(
        {
            "placement": placement("azure-uaenorth-prod", "uaenorth"),
            "account": SUBSCRIPTION,
            "cidr": "10.40.0.0/16",
            "zones": ["1", "2", "3"],
            "features": frozenset(Feature) - {Feature.IDENTITY},
            "retention_days": 1826,
            **changes,
        }
    )


AWS_TRANSLATED: dict[str, Any] = {"egress": "nat", "placement": placement("aws-dev", "me-central-1", "dev")}
AZURE_TRANSLATED: dict[str, Any] = {"egress": "nat", "placement": placement("azure-dev", "uaenorth", "dev")}
