"""Stacks to compare: plain data, as the command builds it."""

from __future__ import annotations

from falaj.catalog.private_access import Feature
from falaj.catalog.providers import Provider
from falaj.catalog.tags import Stage
from falaj.preflight import State, Wanted, WantedPool

IN_THE_COUNTRY = State(
    backend="s3://falaj-state?region=me-central-1&awssdk=v2",
    backend_from="PULUMI_BACKEND_URL",
    secrets="awskms://alias/falaj-state?region=me-central-1",
    secrets_from="stacks/config/Pulumi.prod.yaml",
)
CPU = WantedPool(name="cpu", sizes=("m7i.2xlarge", "m6i.2xlarge"), minimum=3, maximum=12)


def on_aws(**changes: object) -> Wanted:
    """A production environment in me-central-1, with changes."""
    fields: dict[str, object] = {
        "stack": "prod",
        "region": "me-central-1",
        "provider": Provider.AWS,
        "stage": Stage.PRODUCTION,
        "account": "111122223333",
        "zones": ("mec1-az1", "mec1-az2", "mec1-az3"),
        "pools": (CPU,),
        "features": frozenset(Feature),
        "state": IN_THE_COUNTRY,
    }
    return Wanted.model_validate(fields | changes)


def on_azure(**changes: object) -> Wanted:
    """A production environment in uaenorth, with changes."""
    fields: dict[str, object] = {
        "stack": "prod",
        "region": "uaenorth",
        "provider": Provider.AZURE,
        "stage": Stage.PRODUCTION,
        "account": "00000000-0000-4000-8000-000000000001",
        "zones": ("1", "2", "3"),
        "pools": (WantedPool(name="cpu", sizes=("Standard_D8s_v5",), minimum=3, maximum=12),),
        "features": frozenset(Feature),
        "state": IN_THE_COUNTRY,
    }
    return Wanted.model_validate(fields | changes)


def on_a_cluster_of_ones_own(**changes: object) -> Wanted:
    """An environment on a cluster that runs already, with changes."""
    fields: dict[str, object] = {"stack": "local", "region": "local", "provider": Provider.LOCAL}
    return Wanted.model_validate(fields | changes)
