from __future__ import annotations

import pytest
from pydantic import ValidationError

from components.audit.flows import audit_flows
from components.audit.spec import AuditSpec, audit_archive_name, audit_log_group, trail_arn, workspace_days
from components.identities.names import names_of
from tests.components.locked_storage.samples import aws, azure

DAYS = {"retention_days": 1827, "immutable_days": 365}


def test_the_record_outlives_its_lock() -> None:
    with pytest.raises(ValidationError) as raised:
        AuditSpec(**aws(), retention_days=100, immutable_days=365)

    assert raised.value.errors()[0]["msg"] == (
        "Value error, retention_days 100 ends before the lock of 365 days, allowed: that or more"
    )


def test_names_are_those_that_the_roles_are_bound_to() -> None:
    spec, names = AuditSpec(**aws(), **DAYS), names_of("aws-me-central-1-prod")

    assert trail_arn(spec) == f"arn:aws:cloudtrail:me-central-1:111122223333:trail/{names.trail}"
    assert audit_log_group(spec) == names.audit_log_group
    assert audit_archive_name(spec) == "aws-me-central-1-prod-audit-56170cd0"


@pytest.mark.parametrize(("kept", "ready"), [(90, 90), (365, 365), (730, 730), (1827, 730)])
def test_queries_reach_as_far_back_as_log_analytics_can(kept: int, ready: int) -> None:
    assert workspace_days(AuditSpec(**azure(), retention_days=kept, immutable_days=30)) == ready


def test_only_sizes_that_are_sold_are_taken() -> None:
    with pytest.raises(ValidationError, match="dedicated_capacity"):
        AuditSpec.model_validate({**azure(), **DAYS, "dedicated_capacity": 50})


def test_flows_say_whose_key_the_workspace_has() -> None:
    def keys(spec: AuditSpec) -> list[str | None]:
        return [flow.key for flow in audit_flows(spec)]

    assert keys(AuditSpec(**azure(), **DAYS)) == ["audit", "logs"]
    assert keys(AuditSpec(**azure(), **DAYS, dedicated_capacity=None)) == ["audit", None]
    assert keys(AuditSpec(**aws(), **DAYS)) == ["audit", "logs"]


def test_what_comes_from_other_regions_comes_into_the_country() -> None:
    flows = audit_flows(AuditSpec(**aws(), **DAYS, every_region=True))

    assert [(flow.source, flow.sink, flow.region) for flow in flows] == [
        ("aws/management", "audit-archive", "me-central-1"),
        ("aws/management", "audit-trail", "me-central-1"),
        ("aws/iam", "audit-archive", "me-central-1"),
    ]
    paired = audit_flows(AuditSpec(**azure(), **DAYS, copy_to_pair=True))
    assert paired[-1].region == "uaecentral"
