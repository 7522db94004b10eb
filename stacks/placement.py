"""Where a stack's resources lie and who answers for them, from its settings."""

from __future__ import annotations

from components.placement import Placement
from stacks.environment_settings import AwsEnvironment, AzureEnvironment
from stacks.tenant_settings import TenantSettings


def environment_placement(stack: str, environment: AwsEnvironment | AzureEnvironment) -> Placement:
    """Return the placement of everything an environment makes."""
    return Placement(
        stack=stack,
        region=environment.region,
        stage=environment.stage,
        owner=environment.owner,
        cost_centre=environment.cost_centre,
        data_class=environment.data_class,
        processing_record=environment.processing_record,
    )


def tenant_placement(stack: str, tenant: TenantSettings, environment: AwsEnvironment | AzureEnvironment) -> Placement:
    """Return the placement of what a tenant makes in its environment's cloud."""
    return Placement(
        stack=stack,
        region=environment.region,
        stage=environment.stage,
        owner=tenant.owner,
        cost_centre=tenant.cost_centre or environment.cost_centre,
        data_class=environment.data_class,
        tenant=stack,
        processing_record=tenant.processing_record or environment.processing_record,
    )
