"""Rings of keys that tests ask for."""

from __future__ import annotations

from components.keys.spec import KeyRingSpec, Purpose
from falaj.catalog.tags import Stage
from tests.components.identities.samples import ACCOUNT, AZURE_STACK, SUBSCRIPTION, placement

ADMINISTRATOR = f"arn:aws:iam::{ACCOUNT}:role/platform-administrators"
SECURITY = f"arn:aws:iam::{ACCOUNT}:role/security"
GROUP = "00000000-0000-4000-8000-00000000000a"
ENVIRONMENT = tuple(purpose for purpose in Purpose if purpose is not Purpose.TENANT)


def aws_ring(purposes: tuple[Purpose, ...] = ENVIRONMENT, stage: Stage = Stage.PRODUCTION) -> KeyRingSpec:
    return KeyRingSpec(
        placement=placement(stage=stage),
        account=ACCOUNT,
        administrators=(ADMINISTRATOR,),
        purposes=purposes,
        hardware=True,
    )


def tenant_ring() -> KeyRingSpec:
    return KeyRingSpec(
        placement=placement("aws-sovereign", tenant="vault"),
        account=ACCOUNT,
        administrators=(ADMINISTRATOR,),
        purposes=(Purpose.TENANT,),
        hardware=True,
    )


def azure_ring(
    purposes: tuple[Purpose, ...] = ENVIRONMENT, stage: Stage = Stage.PRODUCTION, *, hardware: bool = True
) -> KeyRingSpec:
    return KeyRingSpec(
        placement=placement(AZURE_STACK, "uaenorth", stage),
        account=SUBSCRIPTION,
        administrators=(GROUP,),
        purposes=purposes,
        hardware=hardware,
    )
