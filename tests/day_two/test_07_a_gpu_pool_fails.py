"""A pool with GPUs that can't be had leaves the environment serving on CPUs, and `falaj up` says so."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from falaj import engine
from falaj.cli.display import Display
from falaj.cli.gpu_failures import FOR_GPUS, reported, serves_on_cpus
from falaj.errors import DeploymentError
from falaj.plan import Plan
from falaj.standin.faults import VARIABLE
from tests.day_two.conftest import AWS, AZURE, Site, on_aws, on_azure
from tests.fakes.forked_python import ForkedPython
from tests.fakes.plans import FOLDER, ROOT

BOTH = pytest.mark.parametrize("stack", [AWS, AZURE])
NODES = {
    AWS: "falaj:index:EksNodePool$aws:eks/nodeGroup:NodeGroup::gpu-pool-gpu-nodes",
    AZURE: "falaj:index:AksNodePool$azure-native:containerservice:AgentPool::gpu-pool-gpu-nodes",
}


@BOTH
def test_nothing_that_serves_on_cpus_needs_anything_of_gpus(stack: str) -> None:
    plan = Plan.from_text((FOLDER / f"{stack}.json").read_text(encoding="utf-8"))
    for_gpus = {each.urn for each in plan if FOR_GPUS.search(each.urn)}

    assert len(for_gpus) > 30
    assert [each.urn for each in plan if each.urn not in for_gpus and each.needs() & for_gpus] == []


@BOTH
def test_pools_with_gpus_come_after_everything_that_serves_on_cpus(stack: str) -> None:
    plan = Plan.from_text((FOLDER / f"{stack}.json").read_text(encoding="utf-8"))
    served = {
        each.urn for each in plan if each.name in {"gateway-service", "gateway-gateway", "certificates-self-signed"}
    }
    pools = [each for each in plan if each.name in {"gpu-pool-gpu", "gpu-pool-gov"}]

    assert len(served) > 1
    assert len(pools) == 2
    assert all(served <= {*each.dependencies} for each in pools)


@pytest.fixture
def shipped(tmp_path: Path, stacks_python: ForkedPython) -> Site:
    """The stack files as they are shipped, but for their secrets, which a passphrase opens."""
    (tmp_path / "config").mkdir()
    for file in (ROOT / "stacks" / "config").glob("Pulumi.*.yaml"):
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = "".join(line for line in lines if not line.startswith("secretsprovider"))
        (tmp_path / "config" / file.name).write_text(kept, encoding="utf-8")
    return Site(tmp_path, stacks_python)


@pytest.mark.parametrize("stack", [pytest.param(AWS, marks=on_aws), pytest.param(AZURE, marks=on_azure)])
def test_an_environment_whose_gpu_pool_is_refused_serves_on_cpus(
    shipped: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stack: str
) -> None:
    monkeypatch.setenv(VARIABLE, "capacity@*::gpu-pool-gpu-nodes")

    with (
        Display(quiet=True) as display,
        shipped.lightly(),
        pytest.raises(DeploymentError) as failed,
        reported(stack, display),
    ):
        engine.up(shipped.project, stack, replace(shipped.options(), listener=display.show))

    assert failed.value.where == f"urn:pulumi:{stack}::falaj::{NODES[stack]}"
    assert " ".join(capsys.readouterr().err.split()) == (
        f"The GPU pool gpu could not be made; everything else of {stack} stands and serves on CPUs, endpoints that ask "
        f"for GPUs wait, and `falaj up -s {stack}` tries again what is missing."
    )
    state = json.loads((shipped.folder / "state" / "falaj" / f"{stack}.json").read_text(encoding="utf-8"))
    made = {each["urn"] for each in state["deployment"]["resources"]}
    planned = {each.urn for each in Plan.from_text((FOLDER / f"{stack}.json").read_text(encoding="utf-8"))}
    missing = {urn.rpartition("::")[2] for urn in planned - made}
    assert missing == {"gpu-pool-gpu-nodes", *(("gpu-pool-gpu-autoscaler-0",) if stack == AWS else ())}


def test_what_else_fails_is_not_made_light_of() -> None:
    pool = f"urn:pulumi:{AWS}::falaj::{NODES[AWS]}"
    cpu = pool.replace("gpu-pool-gpu", "pool-cpu")

    assert serves_on_cpus(AWS, []) is None
    assert serves_on_cpus(AWS, [cpu]) is None
    assert serves_on_cpus(AWS, [pool, cpu]) is None


def test_several_pools_and_the_operator_have_a_sentence_each() -> None:
    pool = f"urn:pulumi:{AWS}::falaj::{NODES[AWS]}"
    operator = f"urn:pulumi:{AWS}::falaj::falaj:index:GpuRuntime$kubernetes:helm.sh/v3:Release::gpu-runtime-operator"

    both = serves_on_cpus(AWS, [pool, pool.replace("gpu-pool-gpu", "gpu-pool-gov"), operator]) or ""
    alone = serves_on_cpus(AWS, [operator]) or ""

    assert both.startswith("The GPU pools gov and gpu could not be made; ")
    assert alone.startswith("What makes GPUs usable could not be made; ")
