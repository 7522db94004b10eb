from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from components.keys.spec import KeyRingSpec, Purpose
from tests.components.identities.samples import ACCOUNT
from tests.components.keys.samples import ADMINISTRATOR, GROUP, aws_ring, azure_ring, tenant_ring


def changed(spec: KeyRingSpec, **fields: Any) -> KeyRingSpec:  # noqa: ANN401 - anything a stack file may hold
    return KeyRingSpec.model_validate({**spec.model_dump(), **fields})


@pytest.mark.parametrize(
    "administrator",
    [
        "*",
        f"arn:aws:iam::{ACCOUNT}:root",
        f"arn:aws:iam::{ACCOUNT}:user/layla",
        f"arn:aws:iam::{ACCOUNT}:role/*",
        "arn:aws:iam::999999999999:role/platform-administrators",
        GROUP,
    ],
)
def test_only_roles_of_the_account_keep_keys_in_aws(administrator: str) -> None:
    message = re.escape(f"administrators {administrator!r}, allowed: IAM roles of {ACCOUNT}")
    with pytest.raises(ValidationError, match=message):
        changed(aws_ring(), administrators=(ADMINISTRATOR, administrator))


def test_a_role_of_the_identity_centre_may_keep_keys() -> None:
    role = (
        f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/me-central-1/AWSReservedSSO_Keys_0123456789abcdef"
    )

    assert changed(aws_ring(), administrators=(role,)).administrators == (role,)


@pytest.mark.parametrize("administrator", [ADMINISTRATOR, "platform@example.ae", GROUP.upper()])
def test_only_groups_keep_keys_in_azure(administrator: str) -> None:
    with pytest.raises(ValidationError, match="allowed: object ids of Entra groups"):
        changed(azure_ring(), administrators=(administrator,))


def test_a_ring_that_nobody_keeps_is_refused() -> None:
    with pytest.raises(ValidationError, match="administrators"):
        changed(aws_ring(), administrators=())


def test_a_tenants_key_needs_its_tenant() -> None:
    with pytest.raises(ValidationError, match="purposes 'tenant', allowed: in a placement that names its tenant"):
        changed(aws_ring(), purposes=(Purpose.TENANT,))
    assert tenant_ring().purposes == (Purpose.TENANT,)


def test_each_purpose_is_named_once() -> None:
    with pytest.raises(ValidationError, match="allowed: each purpose once"):
        changed(aws_ring(), purposes=(Purpose.LOGS, Purpose.LOGS))


@pytest.mark.parametrize(
    ("field", "value"),
    [("rotation_days", 366), ("rotation_days", 89), ("deletion_days", 29), ("deletion_days", 91), ("purposes", ())],
)
def test_keys_that_never_change_or_vanish_at_once_are_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError, match=field):
        changed(aws_ring(), **{field: value})


def test_whether_keys_live_in_hardware_has_to_be_said() -> None:
    fields = aws_ring().model_dump()
    del fields["hardware"]

    with pytest.raises(ValidationError, match="hardware"):
        KeyRingSpec.model_validate(fields)
