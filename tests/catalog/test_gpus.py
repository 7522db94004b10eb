"""Cards: their parts, which layouts fit one, how they are shared, and that every machine's card is described."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from falaj.catalog.gpus import (
    COMPUTE_SLICES,
    MEMORY_SLICES,
    GpuFamily,
    MigProfile,
    Sharing,
    family_key,
    gpu_families,
)
from falaj.catalog.offers import Gpu, machine_sizes
from falaj.catalog.recipes import DriverOwner, MigBy, NodeImage, node_images

DIVIDED = {
    "a100-80gb": ["1g.10gb", "1g.10gb+me", "1g.20gb", "2g.20gb", "3g.40gb", "4g.40gb", "7g.80gb"],
    "h100-80gb": ["1g.10gb", "1g.10gb+me", "1g.20gb", "2g.20gb", "3g.40gb", "4g.40gb", "7g.80gb"],
    "h100-nvl-94gb": ["1g.12gb", "1g.12gb+me", "1g.24gb", "2g.24gb", "3g.47gb", "4g.47gb", "7g.94gb"],
    "h200-141gb": ["1g.18gb", "1g.18gb+me", "1g.35gb", "2g.35gb", "3g.71gb", "4g.71gb", "7g.141gb"],
    "gb200": ["1g.23gb", "1g.23gb+me", "1g.47gb", "2g.47gb", "3g.93gb", "4g.93gb", "7g.186gb"],
}
"""The names NVIDIA gives them."""
WITH_GPUS = [
    (region, name)
    for region in ("me-central-1", "uaenorth", "uaecentral")
    for name, size in machine_sizes(region).items()
    if size.gpu is not None
]


@pytest.mark.parametrize("key", list(DIVIDED))
def test_the_parts_of_each_card_and_how_many_of_them_fit(key: str) -> None:
    profiles = gpu_families()[key].mig_profiles

    assert list(profiles) == DIVIDED[key]
    assert [profile.most for profile in profiles.values()] == [7, 1, 4, 3, 2, 1, 1]
    assert [profile.compute for profile in profiles.values()] == [1, 1, 1, 2, 3, 4, 7]
    assert [profile.memory for profile in profiles.values()] == [1, 1, 2, 2, 4, 4, 8]


@pytest.mark.parametrize("key", ["a10", "a10g", "l4", "l40s", "m60", "mi300x"])
def test_cards_that_nobody_can_divide(key: str) -> None:
    assert gpu_families()[key].mig_profiles == {}
    assert Sharing.MIG not in gpu_families()[key].sharing


@pytest.mark.parametrize("key", list(DIVIDED))
def test_as_many_parts_of_one_size_fit_as_the_maker_says_and_not_one_more(key: str) -> None:
    family = gpu_families()[key]

    for name, profile in family.mig_profiles.items():
        assert family.placement({name: profile.most}) is not None
        assert family.placement({name: profile.most + 1}) is None


@pytest.mark.parametrize(
    ("layout", "fits"),
    [
        ({"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1}, True),
        ({"3g.40gb": 1, "4g.40gb": 1}, True),
        ({"1g.10gb": 4, "3g.40gb": 1}, True),
        ({"1g.10gb": 3, "4g.40gb": 1}, True),
        ({"2g.20gb": 3, "1g.20gb": 1}, True),
        ({"1g.10gb": 6, "1g.10gb+me": 1}, True),
        ({"4g.40gb": 1, "1g.20gb": 2}, True),
        ({}, True),
        ({"1g.10gb": 7, "1g.10gb+me": 1}, False),
        ({"1g.10gb+me": 2}, False),
        ({"1g.10gb": 4, "4g.40gb": 1}, False),
        ({"3g.40gb": 2, "1g.10gb": 1}, False),
        ({"2g.20gb": 2, "3g.40gb": 1, "1g.10gb": 1}, False),
        ({"7g.80gb": 1, "1g.10gb": 1}, False),
    ],
)
def test_a_layout_fits_where_its_parts_find_places(layout: dict[str, int], *, fits: bool) -> None:
    assert (gpu_families()["h100-80gb"].placement(layout) is not None) is fits


def test_places_are_found_whatever_the_order() -> None:
    found = gpu_families()["h100-80gb"].placement({"1g.10gb": 4, "3g.40gb": 1})

    assert found == (("3g.40gb", 4), ("1g.10gb", 0), ("1g.10gb", 1), ("1g.10gb", 2), ("1g.10gb", 3))


def test_a_part_of_another_card_is_refused_by_name() -> None:
    with pytest.raises(KeyError, match=r"1g\.5gb"):
        gpu_families()["h100-80gb"].placement({"1g.5gb": 1})


LAYOUTS = st.dictionaries(st.sampled_from(DIVIDED["h200-141gb"]), st.integers(1, 7), max_size=4)


@given(LAYOUTS)
def test_places_never_overlap_and_hold_the_whole_layout(layout: dict[str, int]) -> None:
    family = gpu_families()["h200-141gb"]
    found = family.placement(layout)
    if found is None:
        return

    slices = [start + offset for name, start in found for offset in range(family.mig_profiles[name].memory)]
    assert len(slices) == len(set(slices)) <= MEMORY_SLICES
    assert max(slices, default=0) < MEMORY_SLICES
    assert {name: sum(part == name for part, _ in found) for name in layout} == layout
    assert sum(family.mig_profiles[name].compute for name, _ in found) <= COMPUTE_SLICES


@given(LAYOUTS)
def test_a_layout_is_refused_only_if_no_choice_of_places_holds_it(layout: dict[str, int]) -> None:
    family = gpu_families()["h200-141gb"]
    parts = [family.mig_profiles[name] for name, count in layout.items() for _ in range(count)]
    if len(parts) > 5:
        parts = parts[:5]
        layout = {}
        for part in parts:
            (name,) = [key for key, profile in family.mig_profiles.items() if profile is part]
            layout[name] = layout.get(name, 0) + 1

    def apart(starts: tuple[int, ...]) -> bool:
        taken = [start + each for part, start in zip(parts, starts, strict=True) for each in range(part.memory)]
        return len(taken) == len(set(taken))

    somewhere = any(apart(starts) for starts in product(*(part.starts for part in parts)))
    within = all(count <= family.mig_profiles[name].most for name, count in layout.items())
    enough = sum(part.compute for part in parts) <= COMPUTE_SLICES
    assert (family.placement(layout) is not None) is (somewhere and within and enough)


@pytest.mark.parametrize(("region", "name"), WITH_GPUS)
def test_every_card_that_is_sold_is_described(region: str, name: str) -> None:
    gpu = machine_sizes(region)[name].gpu
    assert gpu is not None
    key = family_key(gpu)

    assert key is not None
    assert gpu_families()[key].vendor == gpu.vendor
    assert gpu.share is not None or abs(gpu_families()[key].memory_gb - gpu.memory_gib) <= 6


def test_a_card_that_nobody_described_has_no_key() -> None:
    assert family_key(Gpu(model="T4", count=1, memory_gib=16)) is None


@pytest.mark.parametrize("name", [name for region, name in WITH_GPUS if region == "uaenorth" and "_A10_" in name])
def test_every_a10_of_azure_needs_the_grid_driver(name: str) -> None:
    gpu = machine_sizes("uaenorth")[name].gpu
    assert gpu is not None

    assert gpu_families()[family_key(gpu) or ""].vgpu


def a_family(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    return {
        "model": "X1",
        "memory_gb": 80,
        "compute_capability": "9.0",
        "runs_cuda_images": "yes",
        "sharing": ["whole", "mig"],
        "mig_profiles": {"1g.10gb": {"most": 7, "compute": 1, "memory": 1, "starts": [0]}},
        "least_driver_branch": 525,
        "source": "a list",
        "reviewed": "2026-11-22",
    } | changes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"mig_profiles": {"2g.10gb": {"most": 7, "compute": 1, "memory": 1, "starts": [0]}}},
            "profile 2g.10gb takes 1 slices of computing and is named otherwise",
        ),
        ({"mig_profiles": {}}, "X1 has 0 MIG profiles, allowed: some exactly where sharing names mig"),
        ({"sharing": ["whole"]}, "X1 has 1 MIG profiles, allowed: some exactly where sharing names mig"),
    ],
)
def test_a_card_that_contradicts_itself_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        GpuFamily.model_validate(a_family(**changes))


def test_a_part_stays_on_the_card() -> None:
    with pytest.raises(ValidationError, match=r"starts \[6\] with 4 slices of memory, allowed: within 8"):
        MigProfile(most=1, compute=3, memory=4, starts=(0, 6))


WITH_DRIVER = {key: row for key, row in node_images().items() if row.driver_owner is not DriverOwner.NONE}
OURS = {key: row for key, row in WITH_DRIVER.items() if row.driver_owner is not DriverOwner.CLOUD}


@pytest.mark.parametrize("key", list(WITH_DRIVER))
def test_one_device_plugin_runs_on_each_node_image(key: str) -> None:
    row = WITH_DRIVER[key]
    of_the_operator = row.gpu_operator is not None and row.gpu_operator.device_plugin

    assert row.ships_device_plugin is not of_the_operator


@pytest.mark.parametrize(("key", "row"), OURS.items())
def test_every_image_of_ours_hides_gpus_and_says_what_divides_cards(key: str, row: NodeImage) -> None:
    assert row.hides_gpus_by is not None, key
    assert (row.mig_by is not None) is (Sharing.MIG in row.sharing)
    assert Sharing.WHOLE in row.sharing
    assert row.system is not None
    assert {*row.gpu_families} <= {*gpu_families()}
    assert (row.mig_by is MigBy.IMAGE) is row.ships_device_plugin


@pytest.mark.parametrize("key", [key for key, row in WITH_DRIVER.items() if row.driver_owner is DriverOwner.CLOUD])
def test_what_the_provider_makes_has_no_image_to_name(key: str) -> None:
    assert WITH_DRIVER[key].provider_names == {}
    assert WITH_DRIVER[key].system is None
