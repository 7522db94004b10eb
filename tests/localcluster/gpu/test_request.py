"""What may be asked of a node with simulated GPUs, and what it comes to."""

from __future__ import annotations

from pathlib import Path

import pytest

from falaj.catalog.gpus import gpu_families
from falaj.errors import ConfigurationError
from falaj.localcluster import places
from falaj.localcluster.gpu import devices, labels, request
from falaj.localcluster.gpu.request import GpuNode
from falaj.localcluster.places import Places

FAMILIES = "a10, a10g, l4, l40s, a100-80gb, h100-80gb, h100-nvl-94gb, h200-141gb, gb200, m60"
PROFILES = "1g.10gb, 1g.10gb+me, 1g.20gb, 2g.20gb, 3g.40gb, 4g.40gb, 7g.80gb"
SLICES = "7 slices of computing and 8 of memory"


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"family": "a11"}, f"There is no family a11, allowed: {FAMILIES}."),
        ({"family": "mi300x"}, f"There is no family mi300x, allowed: {FAMILIES}."),
        ({"family": "l4", "mig": {"1g.10gb": 7}}, "Family l4 can't be shared by mig, allowed: whole, time_slicing."),
        ({"family": "m60", "time_slices": 2}, "Family m60 can't be shared by time_slicing, allowed: whole."),
        (
            {"family": "h100-80gb", "mig": {"1g.5gb": 7}},
            f"Family h100-80gb has no profile 1g.5gb, allowed: {PROFILES}.",
        ),
        (
            {"family": "h100-80gb", "mig": {"3g.40gb": 2, "1g.10gb": 2}},
            f"Family h100-80gb can't be divided into 3g.40gb=2, 1g.10gb=2: a card has {SLICES}.",
        ),
        (
            {"family": "h100-80gb", "mig": {"1g.10gb": 7}, "time_slices": 2},
            "A divided card is not shared in turns as well; leave out one of mig and time_slices.",
        ),
        (
            {"family": "h100-80gb", "divided": 1},
            "No card is divided unless its parts are named; name them in mig, for example 1g.10gb=7.",
        ),
        (
            {"family": "h100-80gb", "count": 2, "divided": 3, "mig": {"1g.10gb": 7}},
            "3 cards can't be divided where there are 2.",
        ),
        ({"family": "l4", "count": 9}, "count: Input should be less than or equal to 8."),
        ({"family": "l4", "gpus": 1}, "gpus: Extra inputs are not permitted."),
    ],
)
def test_what_no_card_could_be_is_refused_with_what_could(wanted: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        request.ask(**wanted)

    assert str(refused.value) == (
        f"FAL-CLU-011  node with simulated GPUs\n  {sentence}\n"
        "  Next: falaj/catalog/data/gpus.yaml has the cards and what each can be divided into"
    )


@pytest.mark.parametrize("text", ["1g.10gb", "1g.10gb=", "=7", "1g.10gb=many"])
def test_a_part_on_the_command_line_has_a_count(text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        request.parts_of((text,))

    assert refused.value.code == "FAL-CLU-012"
    assert request.parts_of(("1g.10gb=3", "3g.40gb=1")) == {"1g.10gb": 3, "3g.40gb": 1}


def test_what_was_asked_for_is_remembered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(places, "CLUSTERS", tmp_path)
    cluster = Places("mine")
    cluster.data.mkdir()
    wanted = GpuNode(family="a100-80gb", mig={"1g.10gb": 7})

    assert request.recall(cluster) is None
    request.remember(cluster, wanted)
    assert request.recall(cluster) == wanted


def test_whole_cards_and_parts_are_resources_of_their_own() -> None:
    made = devices.make("node", GpuNode(family="h100-80gb", count=2, mig={"1g.10gb+me": 1, "3g.40gb": 1}, divided=1))

    assert {resource.name: [unit.id for unit in resource.units] for resource in made.resources} == {
        "nvidia.com/gpu": ["GPU-simulated-0"],
        "nvidia.com/mig-3g.40gb": ["MIG-simulated-1-1"],
        "nvidia.com/mig-1g.10gb.me": ["MIG-simulated-1-2"],
    }
    assert made.memory() == {
        "GPU-simulated-0": 81920,
        "GPU-simulated-1": 81920,
        "MIG-simulated-1-1": 40960,
        "MIG-simulated-1-2": 10240,
    }


def test_turns_on_a_card_are_units_of_one_device() -> None:
    made = devices.make("node", GpuNode(family="l4", count=1, time_slices=2))

    (resource,) = made.resources
    assert [(unit.id, unit.uuid) for unit in resource.units] == [
        ("GPU-simulated-0::0", "GPU-simulated-0"),
        ("GPU-simulated-0::1", "GPU-simulated-0"),
    ]


def test_labels_are_those_of_gpu_feature_discovery() -> None:
    wanted = GpuNode(family="a100-80gb", count=2, mig={"2g.20gb": 3})

    assert labels.discovered(wanted, devices.make("node", wanted)) == {
        "feature.node.kubernetes.io/pci-10de.present": "true",
        "nvidia.com/gpu.present": "true",
        "nvidia.com/gpu.product": "NVIDIA-A100-80GB-SIMULATED",
        "nvidia.com/gpu.count": "2",
        "nvidia.com/gpu.memory": "81920",
        "nvidia.com/gpu.family": "ampere",
        "nvidia.com/gpu.compute.major": "8",
        "nvidia.com/gpu.compute.minor": "0",
        "nvidia.com/gpu.replicas": "0",
        "nvidia.com/gpu.sharing-strategy": "none",
        "nvidia.com/gpu.mode": "compute",
        "nvidia.com/mig.capable": "true",
        "nvidia.com/mig.strategy": "mixed",
        "nvidia.com/mig.config.state": "success",
        "nvidia.com/mig-2g.20gb.product": "NVIDIA-A100-80GB-SIMULATED-MIG-2g.20gb",
        "nvidia.com/mig-2g.20gb.count": "6",
        "nvidia.com/mig-2g.20gb.memory": "20480",
        "nvidia.com/mig-2g.20gb.replicas": "1",
        "nvidia.com/mig-2g.20gb.slices.gi": "2",
        "nvidia.com/mig-2g.20gb.slices.ci": "2",
    }


@pytest.mark.parametrize("family", [key for key, card in gpu_families().items() if card.vendor == "nvidia"])
def test_every_family_has_an_architecture_and_labels_that_kubernetes_takes(family: str) -> None:
    wanted = GpuNode(family=family)
    said = labels.pool(wanted) | labels.discovered(wanted, devices.make("node", wanted))

    assert said["nvidia.com/gpu.family"] != "undefined"
    assert [value for value in said.values() if len(value) > 63 or set(value) - LABEL_CHARACTERS] == []


LABEL_CHARACTERS = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


def test_the_pool_is_what_the_contract_of_node_pools_says() -> None:
    from components.node_pools import contract  # noqa: PLC0415 - the SDKs it knows are for this test alone

    said = labels.pool(GpuNode(family="l4"))

    assert said[contract.POOL] == "gpu"
    assert {contract.POOL_NAME, contract.CAPACITY, contract.GPU_FAMILY, contract.GPU_SHARING} <= set(said)
    assert [f"{taint['key']}={taint['value']}:{taint['effect']}" for taint in labels.TAINTS] == [
        str(contract.GPU_PRESENT),
        str(contract.GPU_NOT_READY),
    ]
