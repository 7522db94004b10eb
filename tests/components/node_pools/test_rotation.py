"""A pool that has to be another one, through the engine and the stand-ins: the new one first, counts left alone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from falaj import engine
from falaj.engine import passphrase

PROGRAM = """
import pulumi
import pulumi_aws as aws
import pulumi_azure_native as azure_native

from components.node_pools.aws import EksNodePool
from components.node_pools.azure import AksNodePool
from tests.components.cluster.examples import aws_pool, azure_pool

config = pulumi.Config("pools")
changes = {"disk_gib": config.require_int("disk"), "minimum": config.require_int("minimum")}
EksNodePool(
    "aws",
    aws_pool(**changes),
    cluster_name="cluster",
    role="arn:aws:iam::111122223333:role/nodes",
    subnets=["subnet-1"],
    security_group="sg-1",
    disk_key="arn:aws:kms:me-central-1:111122223333:key/disks",
    opts=pulumi.ResourceOptions(provider=aws.Provider("aws", region="me-central-1")),
)
AksNodePool(
    "azure",
    azure_pool(**changes),
    resource_group="group",
    cluster_name="cluster",
    subnet="/subscriptions/x/subnets/nodes",
    opts=pulumi.ResourceOptions(provider=azure_native.Provider("azure", location="uaenorth")),
)
"""
STOOD_IN = {package: (sys.executable, "-m", "falaj.standin", package) for package in ("aws", "azure-native")}
ROOT = Path(__file__).parents[3]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> engine.Project:
    """A project of one pool on each cloud."""
    (tmp_path / "Pulumi.yaml").write_text("name: pools\nruntime: python\n", encoding="utf-8")
    (tmp_path / "Pulumi.day.yaml").write_text("config: {}\n", encoding="utf-8")
    (tmp_path / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "for tests")
    monkeypatch.setattr(passphrase, "ITERATIONS", 1000)
    return engine.Project.load(tmp_path)


def up(project: engine.Project, *, disk: int, minimum: int) -> dict[str, engine.Step]:
    """What was done to which resource; those left as they are left out."""
    options = engine.Options(
        config={"pools:disk": str(disk), "pools:minimum": str(minimum)},
        providers=STOOD_IN,
        state_directory=project.root / "state",
    )
    steps = engine.up(project, "day", options).steps
    return {step.name: step for step in steps if step.op is not engine.StepOp.SAME}


@pytest.mark.slow
@pytest.mark.usefixtures("quick_stacks")
def test_a_bound_is_changed_in_place_and_a_disk_by_a_pool_of_another_name(project: engine.Project) -> None:
    up(project, disk=100, minimum=3)

    raised = up(project, disk=100, minimum=4)
    assert {name: (step.op, step.changed) for name, step in raised.items()} == {
        "aws-nodes": (engine.StepOp.UPDATE, ("scalingConfig",)),
        "azure-nodes": (engine.StepOp.UPDATE, ("minCount",)),
    }

    rebuilt = up(project, disk=200, minimum=4)
    assert {name: (step.op, step.replaced_by) for name, step in rebuilt.items()} == {
        "aws-template": (engine.StepOp.REPLACE, ("name",)),
        "aws-nodes": (engine.StepOp.REPLACE, ("nodeGroupName",)),
        "azure-nodes": (engine.StepOp.REPLACE, ("agentPoolName", "osDiskSizeGB")),
    }
