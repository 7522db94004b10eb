"""Every reason why a pool with GPUs is illegal, word by word, and what makes it legal again."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from components.gpu.legality import cluster_problems, problems
from components.gpu.spec import GpuPool, GpuSpec, images_of
from falaj.catalog.gpus import gpu_families
from tests.components.gpu.wishes import GROUP, RESERVATION, aws_wish, azure_wish, h200_wish, steps

EKS_IMAGES = "eks-al2023-nvidia, eks-bottlerocket-nvidia, eks-ubuntu-2404"
AKS_IMAGES = "aks-ubuntu-driver-none, aks-ubuntu-driver-install, aks-azure-linux-driver-install"
SOLD = "g5, g6, g6e in mec1-az1 and mec1-az2; p5en in mec1-az1 and mec1-az3"
OFFERS = "falaj/catalog/data/offers/me-central-1.yaml, 2026-10-27"
NVIDIA = "A10, A10G, L4, L40S, A100, H100, H100 NVL, H200, GB200"
DIVIDED = "A100, H100, H100 NVL, H200, GB200"
MIG = {"sharing": "mig", "mig_layout": {"1g.18gb": 7}}


def told(wish: GpuPool) -> list[tuple[str, str]]:
    return [(reason.field, str(reason)) for reason in problems(wish)]


@pytest.mark.parametrize("wish", [aws_wish(), h200_wish(), azure_wish(), h200_wish(MIG)])
def test_what_tests_start_from_is_legal(wish: GpuPool) -> None:
    assert problems(wish) == ()


@pytest.mark.parametrize(
    ("wish", "field", "sentence"),
    [
        (aws_wish({"image": "eks-windows"}), "image", f"image eks-windows on eks, allowed: {EKS_IMAGES}."),
        (
            aws_wish({"image": "aks-ubuntu-driver-install"}),
            "image",
            f"image aks-ubuntu-driver-install on eks, allowed: {EKS_IMAGES}.",
        ),
        (
            aws_wish({"image": "eks-al2023"}),
            "image",
            f"image eks-al2023 has no GPU driver and nobody to install one, allowed: {EKS_IMAGES}.",
        ),
        (
            aws_wish({"image": "eks-auto-mode", "driver_owner": "cloud"}),
            "image",
            (
                f"image eks-auto-mode, allowed: {EKS_IMAGES}; the provider makes those nodes, with a driver and a "
                "device plugin of its own, and the GPU operator must not stand beside them."
            ),
        ),
        (
            azure_wish({"image": "aks-managed-gpu", "driver_owner": "cloud"}),
            "image",
            (
                f"image aks-managed-gpu, allowed: {AKS_IMAGES}; the provider makes those nodes, with a driver and a "
                "device plugin of its own, and the GPU operator must not stand beside them."
            ),
        ),
        (
            aws_wish({"driver_owner": "operator"}),
            "driver_owner",
            (
                "driver_owner operator with image eks-al2023-nvidia, allowed: image, or image eks-ubuntu-2404; two "
                "owners of a driver break each other."
            ),
        ),
        (
            aws_wish({"driver_owner": "cloud"}),
            "driver_owner",
            "driver_owner cloud with image eks-al2023-nvidia, allowed: image; two owners of a driver break each other.",
        ),
        (
            aws_wish(kubernetes="1.33"),
            "image",
            "image eks-al2023-nvidia on Kubernetes 1.33, allowed: 1.34 or later.",
        ),
        (
            aws_wish(kubernetes="1.38"),
            "image",
            "image eks-al2023-nvidia on Kubernetes 1.38, allowed: 1.37 or earlier.",
        ),
        (
            azure_wish(kubernetes="1.35"),
            "kubernetes",
            (
                "Kubernetes 1.35 on aks with GPUs, allowed: 1.36; a policy that earlier minors don't serve keeps pods "
                "off new nodes until their GPUs can be had."
            ),
        ),
        (
            aws_wish({"image": "eks-ubuntu-2404", "driver_owner": "operator"}),
            "image_id",
            (
                "image eks-ubuntu-2404 without image_id, allowed: the id of an AMI such as ami-0123456789abcdef0; EKS "
                "keeps no image of Ubuntu 24.04."
            ),
        ),
        (
            aws_wish({"image_id": "ami-0123456789abcdef0"}),
            "image_id",
            "image_id ami-0123456789abcdef0 with image eks-al2023-nvidia, allowed: none; EKS keeps that image patched.",
        ),
    ],
)
def test_an_image_that_can_not_be(wish: GpuPool, field: str, sentence: str) -> None:
    assert told(wish) == [(field, sentence)]


def test_an_experimental_image_is_asked_for_twice() -> None:
    a100: dict[str, Any] = {"sizes": ("Standard_ND96amsr_A100_v4",)}
    image = {"image": "aks-azure-linux-driver-install"}

    assert told(azure_wish(image, **a100)) == [
        (
            "acknowledge_experimental",
            (
                "image aks-azure-linux-driver-install is experimental with GPUs (Azure/AKS website blog 2025-11-18 "
                "azure-linux-gpu-on-aks), allowed: aks-ubuntu-driver-none, aks-ubuntu-driver-install, or this one "
                "with acknowledge_experimental: true."
            ),
        )
    ]
    assert told(azure_wish({**image, "acknowledge_experimental": True}, **a100)) == []
    assert told(azure_wish({**image, "acknowledge_experimental": True})) == [
        (
            "image",
            (
                "size Standard_NC40ads_H100_v5 with image aks-azure-linux-driver-install, allowed with it: A100; no "
                "other is known to work."
            ),
        )
    ]


@pytest.mark.parametrize(
    ("wish", "field", "sentence"),
    [
        (
            aws_wish(sizes=("g4dn.xlarge", "g5.xlarge")),
            "sizes",
            f"g4dn.xlarge is not sold in me-central-1 ({OFFERS}). Sold there with a GPU: {SOLD}.",
        ),
        (
            aws_wish(sizes=("m7i.xlarge", "g5.xlarge")),
            "sizes",
            f"size m7i.xlarge has no GPU, allowed: {SOLD}.",
        ),
        (
            aws_wish(zones=("mec1-az1", "mec1-az3"), sizes=("g6.xlarge",)),
            "zones",
            f"size g6.xlarge is not sold in mec1-az3 ({OFFERS}), allowed zones: mec1-az1, mec1-az2.",
        ),
        (
            aws_wish(sizes=("g5.xlarge", "g6.xlarge")),
            "sizes",
            "sizes with GPUs A10G and L4, allowed: one kind of GPU in a pool; make a pool for each.",
        ),
        (
            azure_wish({"acknowledge_unknown": False}),
            "acknowledge_unknown",
            (
                "size Standard_NC40ads_H100_v5 in zones 1, 2, 3, of which no source says whether they sell it "
                "(falaj/catalog/data/offers/uaenorth.yaml, 2026-06-18), allowed: with acknowledge_unknown: true, once "
                "`falaj preflight --live` has asked."
            ),
        ),
        (
            azure_wish(sizes=("Standard_NC40ads_H100_v5", "Standard_NC80adis_H100_v5")),
            "sizes",
            "2 sizes on azure, allowed: 1; make a pool for each further one.",
        ),
        (
            azure_wish(sizes=("Standard_ND96isr_MI300X_v5",)),
            "sizes",
            (
                f"size Standard_ND96isr_MI300X_v5 has MI300X, which runs no image of Triton, allowed: {NVIDIA}; CUDA "
                "is for GPUs of NVIDIA, and this one is of AMD."
            ),
        ),
        (
            azure_wish(sizes=("Standard_NV12s_v3",)),
            "sizes",
            (
                f"size Standard_NV12s_v3 has M60, which runs no image of Triton, allowed: {NVIDIA}; Triton's images "
                "since 25.08 need compute capability 7.5; the machines are being retired."
            ),
        ),
        (
            azure_wish(region="uaecentral", zones=(), sizes=("Standard_ND128isr_NDR_GB200_v6",)),
            "sizes",
            "size Standard_ND128isr_NDR_GB200_v6 is arm64, allowed: x86_64; the Triton image is built for it alone.",
        ),
        (
            azure_wish(
                {"image": "aks-ubuntu-driver-none", "driver_owner": "operator"}, sizes=("Standard_NV36ads_A10_v5",)
            ),
            "image",
            (
                "image aks-ubuntu-driver-none with size Standard_NV36ads_A10_v5, allowed: aks-ubuntu-driver-install; "
                "Azure hands its A10 out through vGPU, and the operator has no GRID driver to install."
            ),
        ),
    ],
)
def test_a_machine_that_can_not_be(wish: GpuPool, field: str, sentence: str) -> None:
    assert told(wish) == [(field, sentence)]


def test_a_region_without_zones_needs_no_acknowledgement() -> None:
    wish = azure_wish(
        {"acknowledge_unknown": False}, region="uaecentral", zones=(), sizes=("Standard_ND96amsr_A100_v4",)
    )

    assert told(wish) == []


@pytest.mark.parametrize(
    ("wish", "field", "sentence"),
    [
        (
            aws_wish({"sharing": "mig", "mig_layout": {"1g.10gb": 7}}),
            "sharing",
            f"sharing mig with A10G, allowed: whole, mps, time_slicing, or one of {DIVIDED}.",
        ),
        (
            azure_wish({"sharing": "mps", "replicas": 2}, sizes=("Standard_NV36ads_A10_v5",), tenant="acme"),
            "sharing",
            "sharing mps with A10, allowed: whole, time_slicing.",
        ),
        (
            azure_wish({"sharing": "time_slicing", "replicas": 2}, sizes=("Standard_NV6ads_A10_v5",), tenant="acme"),
            "sharing",
            (
                "sharing time_slicing with size Standard_NV6ads_A10_v5, allowed: whole; it has 1/6 of one A10, take a "
                "size with all of it."
            ),
        ),
        (
            azure_wish(
                {
                    "image": "aks-azure-linux-driver-install",
                    "acknowledge_experimental": True,
                    "sharing": "mig",
                    "mig_layout": {"1g.10gb": 7},
                },
                sizes=("Standard_ND96amsr_A100_v4",),
            ),
            "sharing",
            (
                "sharing mig with image aks-azure-linux-driver-install, allowed: whole, time_slicing, or image "
                "aks-ubuntu-driver-none or aks-ubuntu-driver-install."
            ),
        ),
        (
            aws_wish({"sharing": "time_slicing", "replicas": 4}),
            "sharing",
            (
                "sharing time_slicing in a pool of every tenant, allowed: whole or mig, or a pool of one tenant; it "
                "keeps neither faults nor memory apart."
            ),
        ),
        (
            aws_wish({"sharing": "mps", "replicas": 4}),
            "sharing",
            (
                "sharing mps in a pool of every tenant, allowed: whole or mig, or a pool of one tenant; it keeps "
                "neither faults nor memory apart."
            ),
        ),
        (
            aws_wish({"sharing": "mps"}, tenant="acme"),
            "replicas",
            "sharing mps without replicas, allowed: 2 to 48 pods on each GPU.",
        ),
        (
            h200_wish({**MIG, "replicas": 2}),
            "replicas",
            (
                "replicas 2 with sharing mig, allowed: none; time-slicing takes from parts what keeps them apart, "
                "divide the card into more parts instead."
            ),
        ),
        (
            aws_wish({"replicas": 2}),
            "replicas",
            "replicas 2 with sharing whole, allowed: none, or sharing mps or time_slicing.",
        ),
        (
            aws_wish({"mig_layout": {"1g.10gb": 7}}),
            "mig_layout",
            "mig_layout with sharing whole, allowed: none, or sharing mig.",
        ),
        (
            h200_wish({"sharing": "mig"}),
            "mig_layout",
            (
                "sharing mig without mig_layout, allowed parts: 1g.18gb, 1g.18gb+me, 1g.35gb, 2g.35gb, 3g.71gb, "
                "4g.71gb, 7g.141gb."
            ),
        ),
        (
            h200_wish({"sharing": "mig", "mig_layout": {"1g.10gb": 7, "2g.35gb": 1}}),
            "mig_layout",
            (
                "mig_layout 1g.10gb on H200, allowed parts: 1g.18gb, 1g.18gb+me, 1g.35gb, 2g.35gb, 3g.71gb, 4g.71gb, "
                "7g.141gb."
            ),
        ),
        (
            h200_wish({"sharing": "mig", "mig_layout": {"1g.18gb": 5, "4g.71gb": 1}}),
            "mig_layout",
            (
                "mig_layout 1g.18gb x5, 4g.71gb x1 does not fit one H200, allowed: what does, such as 1g.18gb x3, "
                "4g.71gb x1."
            ),
        ),
        (
            h200_wish({"image": "eks-bottlerocket-nvidia", "sharing": "mig", "mig_layout": {"1g.18gb": 5}}),
            "mig_layout",
            (
                "mig_layout 1g.18gb x5 with image eks-bottlerocket-nvidia, allowed: 1g.18gb x7 or 1g.35gb x4 or "
                "2g.35gb x3 or 3g.71gb x2 or 4g.71gb x1 or 7g.141gb x1, or image eks-al2023-nvidia or "
                "eks-ubuntu-2404; without the MIG manager a card is divided into parts of one size, as many as fit."
            ),
        ),
        (
            azure_wish({"sharing": "mig", "mig_layout": {"1g.24gb": 4}}),
            "mig_layout",
            (
                "mig_layout 1g.24gb x4 with image aks-ubuntu-driver-install, allowed: 1g.12gb x7 or 2g.24gb x3 or "
                "3g.47gb x2 or 4g.47gb x1 or 7g.94gb x1, or image aks-ubuntu-driver-none; without the MIG manager a "
                "card is divided into parts of one size, as many as fit."
            ),
        ),
    ],
)
def test_a_way_of_sharing_that_can_not_be(wish: GpuPool, field: str, sentence: str) -> None:
    assert told(wish) == [(field, sentence)]


@pytest.mark.parametrize(
    "wish",
    [
        h200_wish({"sharing": "mig", "mig_layout": {"1g.18gb": 2, "2g.35gb": 1, "3g.71gb": 1}}),
        h200_wish({"image": "eks-bottlerocket-nvidia", "sharing": "mig", "mig_layout": {"1g.35gb": 4}}),
        azure_wish({"sharing": "mig", "mig_layout": {"1g.12gb": 7}}),
        azure_wish(
            {
                "image": "aks-ubuntu-driver-none",
                "driver_owner": "operator",
                "sharing": "mig",
                "mig_layout": {"1g.12gb": 1, "3g.47gb": 1},
            }
        ),
        aws_wish({"sharing": "mps", "replicas": 4}, tenant="acme"),
        azure_wish({"sharing": "time_slicing", "replicas": 4}, tenant="acme", sizes=("Standard_NV36ads_A10_v5",)),
        azure_wish(sizes=("Standard_NV6ads_A10_v5",)),
    ],
)
def test_ways_of_sharing_that_can_be(wish: GpuPool) -> None:
    assert told(wish) == []


RESERVED = {"capacity": steps("reserved"), "reservation": {"id": RESERVATION, "zone": "mec1-az1"}}


@pytest.mark.parametrize(
    ("wish", "field", "sentence"),
    [
        (
            aws_wish({"capacity": steps("spot", "on_demand")}),
            "capacity",
            (
                "capacity spot, on_demand, cpu_route, allowed: each once, in the order reserved, on_demand, spot, "
                "cpu_route."
            ),
        ),
        (
            aws_wish({"capacity": steps("on_demand", "on_demand")}),
            "capacity",
            (
                "capacity on_demand, on_demand, cpu_route, allowed: each once, in the order reserved, on_demand, "
                "spot, cpu_route."
            ),
        ),
        (
            aws_wish({"capacity": steps("on_demand")[:-1]}),
            "capacity",
            "capacity ends with on_demand, allowed: cpu_route last; when no machine comes, models answer on CPUs.",
        ),
        (
            aws_wish({"capacity": steps()}),
            "capacity",
            "capacity cpu_route alone, allowed: a step with machines before it, or no pool with GPUs.",
        ),
        (
            aws_wish({"capacity": [{"kind": "on_demand"}, {"kind": "cpu_route"}]}),
            "capacity",
            "capacity on_demand without minutes, allowed: 1 to 60, after which the next step is tried.",
        ),
        (
            aws_wish({"capacity": [*steps("on_demand")[:-1], {"kind": "cpu_route", "minutes": 5}]}),
            "capacity",
            "capacity cpu_route with minutes 5, allowed: none; nothing comes after it.",
        ),
        (
            azure_wish({"capacity": [*steps("on_demand", minutes=10)[:-1], *steps("spot", minutes=20)]}),
            "capacity",
            (
                "capacity with minutes 10, 20, allowed on aks: one number for every step; its autoscaler has one "
                "limit for the cluster."
            ),
        ),
        (
            aws_wish({"capacity": steps("reserved", "on_demand")}),
            "reservation",
            "capacity reserved without reservation, allowed: its id, or no step reserved.",
        ),
        (
            aws_wish({"reservation": RESERVED["reservation"]}),
            "reservation",
            f"reservation {RESERVATION} without capacity reserved, allowed: reserved as the first step.",
        ),
        (
            aws_wish(RESERVED | {"reservation": {"id": RESERVATION}}),
            "reservation",
            f"reservation {RESERVATION} without zone, allowed: one of mec1-az1, mec1-az2.",
        ),
        (
            aws_wish(RESERVED | {"reservation": {"id": RESERVATION, "zone": "mec1-az3"}}),
            "reservation",
            f"reservation {RESERVATION} in zone mec1-az3, allowed: one of mec1-az1, mec1-az2.",
        ),
        (
            aws_wish(RESERVED | {"reservation": {"id": GROUP, "zone": "mec1-az1"}}),
            "reservation",
            f"reservation {GROUP} on aws, allowed: an id such as cr-0123456789abcdef0.",
        ),
        (
            azure_wish({"capacity": steps("reserved"), "reservation": {"id": RESERVATION}}),
            "reservation",
            f"reservation {RESERVATION} on azure, allowed: the id of a capacity reservation group.",
        ),
        (
            azure_wish({"capacity": steps("reserved"), "reservation": {"id": GROUP, "block": True}}),
            "reservation",
            "reservation with zone or block on azure, allowed: its id alone; the group knows its zones.",
        ),
        (
            aws_wish(RESERVED, surge_percent=33),
            "surge_percent",
            (
                "surge_percent 33 with capacity reserved, allowed: 0 (update strategy MINIMAL, one at a time); what "
                "is reserved has no machine to spare."
            ),
        ),
        (
            h200_wish({"capacity": steps("on_demand", "spot")}),
            "sizes",
            (
                "capacity spot with size p5en.48xlarge alone, allowed: 2 sizes or more with the same GPU, or no step "
                "spot; one size is taken away all at once."
            ),
        ),
    ],
)
def test_an_order_of_capacity_that_can_not_be(wish: GpuPool, field: str, sentence: str) -> None:
    assert told(wish) == [(field, sentence)]


@pytest.mark.parametrize(
    "wish",
    [
        aws_wish({**RESERVED, "capacity": steps("reserved", "on_demand", "spot")}),
        h200_wish({**RESERVED, "reservation": {"id": RESERVATION, "zone": "mec1-az1", "block": True}}),
        azure_wish({"capacity": steps("reserved", "on_demand", "spot"), "reservation": {"id": GROUP}}),
        aws_wish({"capacity": [*steps("on_demand", minutes=10)[:-1], *steps("spot", minutes=20)]}),
    ],
)
def test_orders_of_capacity_that_can_be(wish: GpuPool) -> None:
    assert told(wish) == []


@pytest.mark.parametrize(
    ("wish", "field", "sentence"),
    [
        (
            h200_wish({"vcpu_quota": 192}, maximum=2),
            "maximum",
            (
                "maximum 2 in each of 1 steps is 384 vCPUs, vcpu_quota 192, allowed: maximum 1, or that quota, which "
                "`falaj preflight` says how to ask for."
            ),
        ),
        (
            h200_wish({"vcpu_quota": 96}, maximum=1),
            "maximum",
            (
                "maximum 1 in each of 1 steps is 192 vCPUs, vcpu_quota 96, allowed: that quota, which `falaj "
                "preflight` says how to ask for."
            ),
        ),
        (
            h200_wish({"vcpu_quota": 384}, maximum=2, surge_percent=33),
            "surge_percent",
            (
                "surge_percent 33 starts 2 machines beside 2 in an upgrade, 768 vCPUs, vcpu_quota 384, allowed: "
                "surge_percent 0 (update strategy MINIMAL, one at a time)."
            ),
        ),
        (
            azure_wish({"vcpu_quota": 80}, maximum=2, surge_percent=33),
            "surge_percent",
            (
                "surge_percent 33 starts 1 machines beside 2 in an upgrade, 120 vCPUs, vcpu_quota 80, allowed: "
                "surge_percent 0 (maxSurge 0, maxUnavailable 1)."
            ),
        ),
    ],
)
def test_what_the_account_may_not_use_is_not_planned(wish: GpuPool, field: str, sentence: str) -> None:
    assert told(wish) == [(field, sentence)]


@pytest.mark.parametrize(
    "wish",
    [
        h200_wish({"vcpu_quota": 384}, maximum=2),
        h200_wish({"vcpu_quota": 768}, maximum=2, surge_percent=33),
        azure_wish({"vcpu_quota": 80}, maximum=2),
        azure_wish({"vcpu_quota": 0, "capacity": steps("spot")}, maximum=2, surge_percent=33),
    ],
)
def test_what_fits_the_quota_may_be(wish: GpuPool) -> None:
    assert told(wish) == []


def test_every_reason_is_given_at_once() -> None:
    wish = aws_wish(
        {"driver_owner": "operator", "sharing": "mps", "capacity": steps("on_demand")[:-1]}, sizes=("g4dn.xlarge",)
    )

    assert [reason.field for reason in problems(wish)] == ["driver_owner", "sizes", "sharing", "replicas", "capacity"]


def test_pools_of_one_aks_cluster_have_one_time_limit() -> None:
    pools = {
        "small": azure_wish({"capacity": steps("on_demand", minutes=10)}),
        "large": azure_wish({"capacity": steps("on_demand", minutes=30)}),
    }

    assert [str(reason) for reason in cluster_problems(pools)] == [
        (
            "pools with minutes 10, 30 in one AKS cluster, allowed: one number; its autoscaler has one limit for the "
            "cluster."
        )
    ]
    assert cluster_problems({"small": pools["small"]}) == ()
    assert (
        cluster_problems({str(limit): aws_wish({"capacity": steps("on_demand", minutes=limit)}) for limit in (5, 9)})
        == ()
    )


@pytest.mark.parametrize(
    ("gpu", "resources", "strategy"),
    [
        ({}, {"nvidia.com/gpu": 8}, "none"),
        ({"sharing": "time_slicing", "replicas": 4}, {"nvidia.com/gpu": 32}, "none"),
        ({"sharing": "mig", "mig_layout": {"1g.18gb": 7}}, {"nvidia.com/gpu": 56}, "single"),
        (
            {"sharing": "mig", "mig_layout": {"1g.18gb+me": 1, "3g.71gb": 1}},
            {"nvidia.com/mig-1g.18gb.me": 8, "nvidia.com/mig-3g.71gb": 8},
            "mixed",
        ),
    ],
)
def test_what_pods_ask_for_follows_from_how_cards_are_shared(
    gpu: dict[str, Any], resources: dict[str, int], strategy: str
) -> None:
    asked = GpuSpec.model_validate({"image": "eks-al2023-nvidia", "driver_owner": "image"} | gpu)

    assert asked.resources(8) == resources
    assert asked.mig_strategy == strategy


def test_images_are_listed_with_the_steady_first() -> None:
    assert ", ".join(images_of("eks")) == EKS_IMAGES
    assert ", ".join(images_of("aks")) == AKS_IMAGES
    assert {family.model for family in gpu_families().values() if family.mig_profiles} == {*DIVIDED.split(", ")}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("replicas", 1),
        ("replicas", 49),
        ("image_id", "ubuntu"),
        ("mig_layout", {"1g.18": 7}),
        ("mig_layout", {"1g.18gb": 8}),
        ("reservation", {"id": "mine"}),
        ("capacity", []),
        ("driver_enabled", False),
    ],
)
def test_what_has_no_meaning_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(ValidationError, match=field):
        GpuSpec.model_validate({"image": "eks-al2023-nvidia", "driver_owner": "image", field: value})
