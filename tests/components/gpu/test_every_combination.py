"""Every combination of cloud, image, driver owner, sharing, GPU and zone: the legal ones are made, the others say why.

What is legal is written down here once more, from the sources and not from the code.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from components.gpu.legality import problems
from components.gpu.spec import GpuPool, GpuSpec
from components.node_pools.aws import EksNodePool
from components.node_pools.azure import AksNodePool
from falaj.catalog.gpus import gpu_families
from falaj.catalog.recipes import DriverOwner, node_images
from tests.components.conftest import Run
from tests.components.node_pools.gpu_examples import DISK_KEY, ROLE, SUBNET, pools_of

OWNERS = {
    "eks-al2023-nvidia": "image",
    "eks-bottlerocket-nvidia": "image",
    "eks-ubuntu-2404": "operator",
    "eks-auto-mode": None,
    "aks-ubuntu-driver-none": "operator",
    "aks-ubuntu-driver-install": "image",
    "aks-azure-linux-driver-install": "image",
    "aks-managed-gpu": None,
}
"""Who owns the driver on each image with one; nobody of ours where the provider makes the nodes."""
EVERY_WAY = {"whole", "mig", "mps", "time_slicing"}
WAYS = dict.fromkeys(OWNERS, EVERY_WAY) | {
    "aks-azure-linux-driver-install": {"whole", "time_slicing"},
    "eks-auto-mode": {"whole"},
    "aks-managed-gpu": {"whole"},
}


class Card(NamedTuple):
    """One kind of GPU in one region: a size that has it, how it can be shared, and which zones sell it."""

    size: str
    ways: set[str]
    zones: tuple[str, ...] | None = None
    """None where nobody knows."""
    never: bool = False
    """Whether nothing of ours runs on it."""


UNDIVIDED = {"whole", "mps", "time_slicing"}
FIRST_TWO = ("mec1-az1", "mec1-az2")
CARDS = {
    "me-central-1": (
        Card("g5.xlarge", UNDIVIDED, FIRST_TWO),
        Card("g6.xlarge", UNDIVIDED, FIRST_TWO),
        Card("g6e.xlarge", UNDIVIDED, FIRST_TWO),
        Card("p5en.48xlarge", EVERY_WAY, ("mec1-az1", "mec1-az3")),
    ),
    "uaenorth": (
        Card("Standard_NV36ads_A10_v5", {"whole", "time_slicing"}),
        Card("Standard_NV6ads_A10_v5", {"whole"}),
        Card("Standard_NC40ads_H100_v5", EVERY_WAY),
        Card("Standard_ND96amsr_A100_v4", EVERY_WAY),
        Card("Standard_ND96isr_H100_v5", EVERY_WAY),
        Card("Standard_ND96isr_H200_v5", EVERY_WAY),
        Card("Standard_ND96isr_MI300X_v5", {"whole"}, never=True),
        Card("Standard_NV12s_v3", {"whole"}, never=True),
    ),
    "uaecentral": (
        Card("Standard_ND96ams_A100_v4", EVERY_WAY),
        Card("Standard_ND128isr_NDR_GB200_v6", EVERY_WAY, never=True),
    ),
}
ZONES = {"me-central-1": ("mec1-az1", "mec1-az2", "mec1-az3"), "uaenorth": ("1", "2", "3"), "uaecentral": (None,)}
LAYOUTS = {
    "p5en.48xlarge": {"1g.18gb": 7},
    "Standard_NC40ads_H100_v5": {"1g.12gb": 7},
    "Standard_ND96amsr_A100_v4": {"1g.10gb": 7},
    "Standard_ND96ams_A100_v4": {"1g.10gb": 7},
    "Standard_ND96isr_H100_v5": {"1g.10gb": 7},
    "Standard_ND96isr_H200_v5": {"1g.18gb": 7},
    "Standard_ND128isr_NDR_GB200_v6": {"1g.23gb": 7},
}


class Combination(NamedTuple):
    """One row of the table."""

    region: str
    image: str
    owner: str
    sharing: str
    card: Card
    zone: str | None
    acknowledged: bool


def combinations() -> Iterator[Combination]:
    for region, cards in CARDS.items():
        target = "eks" if region == "me-central-1" else "aks"
        for image in OWNERS:
            if not image.startswith(target):
                continue
            for owner in DriverOwner:
                for sharing in sorted(EVERY_WAY):
                    for card in cards:
                        for zone in ZONES[region]:
                            for acknowledged in (False, True):
                                yield Combination(region, image, owner, sharing, card, zone, acknowledged)


TABLE = list(combinations())


def wish_of(row: Combination) -> GpuPool:
    asked: dict[str, Any] = {
        "image": row.image,
        "driver_owner": row.owner,
        "sharing": row.sharing,
        "acknowledge_unknown": row.acknowledged,
        "acknowledge_experimental": row.acknowledged,
    }
    if row.sharing == "mig":
        asked["mig_layout"] = LAYOUTS.get(row.card.size, {"1g.10gb": 7})
    if row.sharing in ("mps", "time_slicing"):
        asked["replicas"] = 2
    if row.image == "eks-ubuntu-2404":
        asked["image_id"] = "ami-0123456789abcdef0"
    return GpuPool(
        region=row.region,
        kubernetes="1.36",
        sizes=(row.card.size,),
        minimum=0,
        maximum=2,
        zones=() if row.zone is None else (row.zone,),
        surge_percent=0,
        tenant="acme",
        gpu=GpuSpec.model_validate(asked),
    )


def expected(row: Combination) -> set[str]:
    """The fields that have to change, by the tables above."""
    found: set[str] = set()
    owner = OWNERS[row.image]
    if owner is None:
        found.add("image")
    elif row.owner != owner:
        found.add("driver_owner")
    if row.card.never:
        found.add("sizes")
    if row.zone is not None and row.card.zones is None and not row.acknowledged:
        found.add("acknowledge_unknown")
    if row.zone is not None and row.card.zones is not None and row.zone not in row.card.zones:
        found.add("zones")
    if row.sharing not in row.card.ways or row.sharing not in WAYS[row.image]:
        found.add("sharing")
    if row.image == "aks-azure-linux-driver-install":
        found |= set() if row.acknowledged else {"acknowledge_experimental"}
        found |= set() if "A100" in row.card.size else {"image"}
    if row.image == "aks-ubuntu-driver-none" and "A10_v5" in row.card.size:
        found.add("image")
    return found


LEGAL = [row for row in TABLE if not expected(row)]


@pytest.mark.parametrize("image", list(OWNERS))
def test_each_illegal_combination_says_why_and_how_to_mend_it(image: str) -> None:
    rows = [row for row in TABLE if row.image == image]
    assert rows
    for row in rows:
        reasons = problems(wish_of(row))

        assert {reason.field for reason in reasons} == expected(row), (row, [str(reason) for reason in reasons])
        assert all(str(reason).endswith(".") and "allowed" in str(reason) for reason in reasons), row


def test_the_table_is_whole() -> None:
    driven = {key for key, row in node_images().items() if row.driver_owner is not DriverOwner.NONE}

    assert {row.image for row in TABLE} == driven
    assert {row.owner for row in TABLE} == {*DriverOwner}
    assert {row.sharing for row in TABLE} == EVERY_WAY
    assert {key for row in TABLE for key in wish_of(row).families} == {*gpu_families()}
    assert (len(TABLE), len(LEGAL)) == (4864, 285)


def test_both_clouds_render_every_legal_combination(run: Run) -> None:
    def program() -> None:
        for number, row in enumerate(LEGAL):
            (pool,) = pools_of(wish_of(row))
            if row.image.startswith("eks"):
                EksNodePool(
                    f"pool-{number}",
                    pool,
                    cluster_name="aws-me-central-1-prod",
                    role=ROLE,
                    subnets=["subnet-1"],
                    security_group="sg-nodes",
                    disk_key=DISK_KEY,
                )
            else:
                AksNodePool(f"pool-{number}", pool, resource_group="group", cluster_name="cluster", subnet=SUBNET)

    plan = run(program)
    groups = plan.typed("aws:eks/nodeGroup:NodeGroup")
    pools = plan.typed("azure-native:containerservice:AgentPool")

    assert len(groups) + len(pools) == len(LEGAL)
    assert all(group.inputs["labels"]["falaj.dev/gpu-family"] in gpu_families() for group in groups)
    assert {pool.inputs["gpuProfile"]["driver"] for pool in pools} == {"Install", "None"}


def test_an_illegal_combination_makes_nothing() -> None:
    for row in TABLE[::37]:
        if expected(row):
            with pytest.raises(ValueError, match="allowed"):
                pools_of(wish_of(row))
