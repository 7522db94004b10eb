"""Day two, 5: a tenant moves to the next tier. Its room, address and model stay; only sizes and guarantees change."""

from __future__ import annotations

import pytest

from falaj import engine
from tests.day_two.conftest import AWS, AZURE, SiteOf, on_aws, on_azure

each_cloud = pytest.mark.parametrize(
    ("environment", "tenant"),
    [pytest.param(AWS, "aws-smb", marks=on_aws), pytest.param(AZURE, "azure-smb", marks=on_azure)],
)


@each_cloud
def test_from_smb_to_enterprise_only_sizes_change(site: SiteOf, environment: str, tenant: str) -> None:
    change = site(environment, tenant).change(tenant, lambda file: file["tenant"].update(tier="enterprise"))

    assert "delete" not in change.done
    assert "replace" not in change.done
    assert {f"{tenant}-quota", f"{tenant}-iris-server"} <= {*change.done["update"]}
    assert (change.losses, change.harmed) == ([], [])
    assert change.result.outputs["namespace"] == f"tenant-{tenant}"
    assert change.settles()


@each_cloud
def test_from_smb_to_sovereign_machines_and_keys_of_its_own_are_added(
    site: SiteOf, environment: str, tenant: str
) -> None:
    change = site(environment, tenant).change(tenant, lambda file: file["tenant"].update(tier="sovereign"))

    made = change.types(engine.StepOp.CREATE)
    assert made & {"aws:eks/nodeGroup:NodeGroup", "azure-native:containerservice:AgentPool"}
    assert made & {"aws:kms/key:Key", "azure-native:keyvault:Key"}
    assert "delete" not in change.done
    assert "replace" not in change.done
    assert (change.losses, change.harmed) == ([], [])
