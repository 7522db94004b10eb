"""How simulated devices are made busy, full and ill, without a cluster."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from falaj.cli.cluster import cluster
from falaj.errors import ClusterError, ConfigurationError
from falaj.localcluster import places
from falaj.localcluster.gpu import conditions, devices, parts
from falaj.localcluster.gpu.conditions import Condition
from falaj.localcluster.gpu.request import GpuNode
from falaj.localcluster.places import Places


@pytest.fixture
def mine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A cluster that has the files of two cards and runs nothing."""
    monkeypatch.setenv("FALAJ_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(places, "CLUSTERS", tmp_path / "data")
    monkeypatch.setattr(places, "RUN", tmp_path / "run")
    node = Places("mine").gpu_node
    node.configuration.mkdir(parents=True)
    (node.run / parts.CONDITIONS).parent.mkdir(parents=True)
    (node.configuration / parts.DEVICES).write_text(devices.make(node.node, GpuNode(family="l4", count=2)).text())
    return "mine"


def test_a_device_is_idle_and_well_until_told_otherwise(mine: str) -> None:
    assert conditions.read(mine) == {"GPU-simulated-0": Condition(), "GPU-simulated-1": Condition()}

    conditions.change(mine, "GPU-simulated-1", utilisation=70)
    conditions.change(mine, "GPU-simulated-1", xid=79)

    assert conditions.read(mine) == {
        "GPU-simulated-0": Condition(),
        "GPU-simulated-1": Condition(utilisation=70, xid=79),
    }


def test_a_device_of_another_name_is_refused_with_those_there_are(mine: str) -> None:
    with pytest.raises(ClusterError) as refused:
        conditions.change(mine, "GPU-simulated-2", xid=79)

    assert str(refused.value) == (
        "FAL-CLU-014  simulated device GPU-simulated-2\n"
        "  There is none of that name; there are: GPU-simulated-0, GPU-simulated-1.\n"
        "  Next: `falaj cluster gpu` lists them all"
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"utilisation": 101}, "utilisation: Input should be less than or equal to 100."),
        ({"memory_used": 24577}, "Its memory holds 24576 MiB, not 24577."),
        ({"xid": -1}, "xid: Input should be greater than or equal to 0."),
    ],
)
def test_what_no_device_could_be_is_refused(mine: str, changes: dict[str, int], sentence: str) -> None:
    with pytest.raises(ClusterError) as refused:
        conditions.change(mine, "GPU-simulated-0", **changes)

    assert refused.value.message == sentence
    assert conditions.read(mine)["GPU-simulated-0"] == Condition()


def test_a_cluster_without_such_a_node_is_told_how_to_get_one() -> None:
    with pytest.raises(ClusterError) as refused:
        conditions.read("falaj-test-absent")

    assert str(refused.value) == (
        "FAL-CLU-013  cluster falaj-test-absent\n"
        "  It has no node with simulated GPUs.\n"
        "  Next: run: falaj cluster up --name falaj-test-absent --gpu-node"
    )


def test_the_command_lists_and_changes(mine: str) -> None:
    changed = CliRunner().invoke(cluster, ["gpu", "GPU-simulated-0", "--xid", "79", "--name", mine])
    listed = CliRunner().invoke(cluster, ["gpu", "--name", mine])

    assert changed.stdout == "GPU-simulated-0          utilisation 0 %, memory 0 MiB, XID 79\n"
    assert listed.stdout == (
        "GPU-simulated-0          utilisation 0 %, memory 0 MiB, XID 79\n"
        "GPU-simulated-1          utilisation 0 %, memory 0 MiB, XID 0\n"
    )


def test_a_change_without_a_device_is_a_wrong_usage(mine: str) -> None:
    done = CliRunner().invoke(cluster, ["gpu", "--xid", "79", "--name", mine])

    assert done.exit_code == 2
    assert "Error: name the DEVICE to change; without options the command lists them all" in done.stderr


def test_flags_about_gpus_need_the_node() -> None:
    done = CliRunner().invoke(cluster, ["up", "--gpus", "3", "--time-slices", "2"])

    assert isinstance(done.exception, ConfigurationError)
    assert str(done.exception) == (
        "FAL-CLU-015  falaj cluster up\n"
        "  There is no node for --gpus, --time-slices to be about.\n"
        "  Next: add --gpu-node"
    )
