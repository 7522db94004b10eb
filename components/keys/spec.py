"""What may be asked of a ring of keys."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from components.cloud_spec import AZURE_SUBSCRIPTION, CloudSpec
from falaj.catalog.providers import Provider


class Purpose(StrEnum):
    """What a key encrypts. One key for one purpose: who may open one can't open another."""

    CLUSTER_SECRETS = "cluster_secrets"
    """Secrets in the cluster's own store."""
    NODE_DISKS = "node_disks"
    """Disks of machines and volumes of pods."""
    REGISTRY = "registry"
    """Images."""
    MODEL_STORE = "model_store"
    """Model files."""
    LOGS = "logs"
    """Logs."""
    AUDIT = "audit"
    """The audit trail."""
    BACKUP = "backup"
    """Backups."""
    TENANT = "tenant"
    """Model files of one tenant."""


def _distinct(purposes: tuple[Purpose, ...]) -> tuple[Purpose, ...]:
    if len({*purposes}) < len(purposes):
        raise ValueError("allowed: each purpose once")
    return purposes


Purposes = Annotated[tuple[Purpose, ...], AfterValidator(_distinct)]


class KeyRingSpec(CloudSpec):
    """Keys by purpose. Rotation and the time in which a removed key can be brought back are not optional.

    Refuses administrators of another account, a ring that nobody keeps, and a tenant's key without its tenant.
    """

    administrators: tuple[str, ...] = Field(
        min_length=1,
        max_length=10,
        description="Who rotates and disables keys and sets their policies, never uses them; on AWS the IAM role that "
        "deploys must be among them. IAM roles by ARN, Entra groups by object id.",
    )
    purposes: Purposes = Field(min_length=1, description="What keys are made for.")
    hardware: bool = Field(
        description="Azure: whether keys never leave a hardware module. On AWS none ever does, whatever is asked."
    )
    rotation_days: int = Field(default=365, ge=90, le=365, description="How often key material is replaced.")
    deletion_days: int = Field(
        default=30, ge=30, le=90, description="Least days in which a removed key can be brought back; AWS offers 30."
    )

    @model_validator(mode="after")
    def _administrators_are_the_accounts(self) -> Self:
        if self.region.provider is Provider.AWS:
            pattern, allowed = rf"arn:aws:iam::{self.account}:role/[\w+=,.@/-]{{1,128}}", f"IAM roles of {self.account}"
        else:
            pattern, allowed = AZURE_SUBSCRIPTION, "object ids of Entra groups"
        for administrator in self.administrators:
            if re.fullmatch(pattern, administrator) is None:
                raise ValueError(f"administrators {administrator!r}, allowed: {allowed}")
        return self

    @model_validator(mode="after")
    def _tenants_keys_name_their_tenant(self) -> Self:
        if Purpose.TENANT in self.purposes and self.placement.tenant is None:
            raise ValueError("purposes 'tenant', allowed: in a placement that names its tenant")
        return self
