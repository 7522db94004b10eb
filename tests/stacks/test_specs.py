"""What is asked of the parts of a stack, worked out from its settings."""

from __future__ import annotations

import json
from datetime import date

import pytest

from components.keys.spec import Purpose
from stacks.environment_settings import AwsEnvironment, AzureEnvironment
from stacks.specs import key_ring_spec, tenant_place
from stacks.tenant_settings import TenantSettings
from tests.stacks.conftest import shipped

STACK = "aws-enterprise"


@pytest.mark.parametrize(("further", "hardware"), [([], False), (["gdpr"], False), (["gov"], True)])
def test_a_tenants_own_profile_decides_where_its_key_lies(further: list[str], hardware: bool) -> None:
    written = shipped("aws-me-central-1-prod")["falaj:environment"] | {"profiles": ["health"]}
    home = AwsEnvironment.model_validate_json(json.dumps(written))
    tenant = TenantSettings.model_validate_json(json.dumps(shipped(STACK)["falaj:tenant"] | {"profiles": further}))

    place = tenant_place(STACK, tenant, home)
    ring = key_ring_spec(place, home, (Purpose.TENANT,), further=tenant.profiles)

    assert ring.hardware is hardware


def test_a_restore_that_somebody_tried_can_be_written_down() -> None:
    written = shipped("azure-uaenorth-prod")["falaj:environment"] | {"last_verified_restore": "2026-11-01"}

    home = AzureEnvironment.model_validate_json(json.dumps(written))

    assert home.last_verified_restore == date(2026, 11, 1)
