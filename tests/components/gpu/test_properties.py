"""What no legal wish for GPUs can ever be, whatever is asked for."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.gpu.legality import problems
from components.gpu.node_labels import DEPLOY, node_labels
from components.gpu.spec import CapacityKind, CapacityStep, GpuPool, GpuSpec, Reservation, images_of
from components.node_pools.contract import GPU_NOT_READY, GPU_PRESENT, labels, startup_taints, taints
from falaj.catalog.availability import Availability
from falaj.catalog.gpus import Sharing, family_key, gpu_families
from falaj.catalog.offers import MachineSize, machine_sizes
from falaj.catalog.recipes import DriverOwner, MigBy, node_images
from tests.components.gpu.wishes import GROUP, RESERVATION
from tests.components.node_pools.gpu_examples import pools_of

PLACES = {"me-central-1": "eks", "uaenorth": "aks", "uaecentral": "aks"}
IMAGES = {target: list(images_of(target)) for target in ("eks", "aks")}
PROFILES = sorted({name for family in gpu_families().values() for name in family.mig_profiles})
STEPS = (CapacityKind.RESERVED, CapacityKind.ON_DEMAND, CapacityKind.SPOT)
ROUTE = CapacityStep(kind=CapacityKind.CPU_ROUTE)
AMI = "ami-0123456789abcdef0"


def cards(region: str, image: str) -> list[str]:
    """Sizes with a GPU that this image can serve with."""
    row, found = node_images()[image], []
    for name, size in machine_sizes(region).items():
        if size.gpu is None or size.architecture != "x86_64":
            continue
        key = family_key(size.gpu) or ""
        family = gpu_families()[key]
        served = key in (row.gpu_families or (key,)) and family.runs_cuda_images == "yes"
        if served and not (family.vgpu and row.driver_owner is DriverOwner.OPERATOR):
            found.append(name)
    return found


@st.composite
def sharings(draw: st.DrawFn, size: MachineSize, image: str) -> dict[str, Any]:
    """A way of sharing that card and image know, with what belongs to it."""
    assert size.gpu is not None
    family, row = gpu_families()[family_key(size.gpu) or ""], node_images()[image]
    ways = [each for each in Sharing if each in family.sharing and each in row.sharing]
    way = Sharing.WHOLE if size.gpu.share is not None else draw(st.sampled_from(ways))
    if way is Sharing.WHOLE:
        return {"sharing": way}
    if way is not Sharing.MIG:
        return {"sharing": way, "replicas": draw(st.integers(2, 48))}
    if row.mig_by is MigBy.MANAGER:
        layouts = st.dictionaries(
            st.sampled_from(sorted(family.mig_profiles)), st.integers(1, 7), min_size=1, max_size=3
        )
        return {"sharing": way, "mig_layout": draw(layouts.filter(lambda layout: family.placement(layout) is not None))}
    plain = [
        name
        for name in family.mig_profiles
        if "+" not in name and not (row.mig_by is MigBy.PROVIDER and name == list(family.mig_profiles)[2])
    ]
    name = draw(st.sampled_from(plain))
    return {"sharing": way, "mig_layout": {name: family.mig_profiles[name].most}}


@st.composite
def whole_wishes(draw: st.DrawFn) -> GpuPool:
    """Wishes in which everything fits together."""
    region = draw(st.sampled_from(list(PLACES)))
    target = PLACES[region]
    image = draw(st.sampled_from([key for key in IMAGES[target] if cards(region, key)]))
    size = machine_sizes(region)[draw(st.sampled_from(cards(region, image)))]
    sold = [zone for zone, answer in size.zones.items() if answer is not Availability.NO]
    zones = tuple(draw(st.lists(st.sampled_from(sold), min_size=1, max_size=3, unique=True))) if sold else ()
    alike = [name for name in cards(region, image) if machine_sizes(region)[name].family == size.family]
    several = target == "eks" and len(alike) > 1 and draw(st.booleans())
    sizes = (size.name, *([name for name in alike if name != size.name][:1] if several else []))
    kinds = draw(st.sets(st.sampled_from(STEPS), min_size=1))
    if target == "eks" and not several:
        kinds = (kinds - {CapacityKind.SPOT}) or {CapacityKind.ON_DEMAND}
    where = Reservation(id=RESERVATION, zone=zones[0]) if target == "eks" else Reservation(id=GROUP)
    shared = draw(sharings(size, image))
    apart = shared["sharing"] in (Sharing.WHOLE, Sharing.MIG)
    return GpuPool(
        region=region,
        kubernetes="1.36",
        sizes=sizes,
        minimum=draw(st.integers(0, 2)),
        maximum=draw(st.integers(2, 6)),
        zones=zones,
        surge_percent=0 if CapacityKind.RESERVED in kinds else draw(st.sampled_from([0, 33])),
        tenant=draw(st.sampled_from([None, "acme"])) if apart else "acme",
        gpu=GpuSpec(
            image=image,
            image_id=AMI if image == "eks-ubuntu-2404" else None,
            driver_owner=node_images()[image].driver_owner,
            capacity=(*(CapacityStep(kind=kind, minutes=15) for kind in STEPS if kind in kinds), ROUTE),
            reservation=where if CapacityKind.RESERVED in kinds else None,
            acknowledge_unknown=True,
            acknowledge_experimental=True,
            **shared,
        ),
    )


OF_A_POOL: dict[str, st.SearchStrategy[Any]] = {
    "region": st.sampled_from(list(PLACES)),
    "kubernetes": st.sampled_from(["1.33", "1.35", "1.38"]),
    "sizes": st.lists(
        st.sampled_from([name for region in PLACES for name in machine_sizes(region)]), min_size=1, max_size=3
    ).map(tuple),
    "zones": st.lists(st.sampled_from(["1", "4", "mec1-az1", "mec1-az3"]), max_size=2, unique=True).map(tuple),
    "surge_percent": st.sampled_from([0, 33, 100]),
    "tenant": st.sampled_from([None, "acme"]),
}
OF_ITS_GPUS: dict[str, st.SearchStrategy[Any]] = {
    "image": st.sampled_from(list(node_images())),
    "image_id": st.sampled_from([None, AMI]),
    "driver_owner": st.sampled_from(DriverOwner),
    "sharing": st.sampled_from(Sharing),
    "mig_layout": st.dictionaries(st.sampled_from(PROFILES), st.integers(1, 7), max_size=3),
    "replicas": st.sampled_from([None, 2, 48]),
    "capacity": st.lists(
        st.builds(CapacityStep, kind=st.sampled_from(CapacityKind), minutes=st.sampled_from([None, 5, 15])),
        min_size=1,
        max_size=4,
    ).map(tuple),
    "reservation": st.sampled_from([None, Reservation(id=GROUP), Reservation(id=RESERVATION, zone="mec1-az1")]),
    "vcpu_quota": st.sampled_from([None, 0, 192, 4096]),
    "acknowledge_unknown": st.booleans(),
    "acknowledge_experimental": st.booleans(),
}


@st.composite
def wishes(draw: st.DrawFn) -> GpuPool:
    """Wishes of which up to two parts are anything at all."""
    wish = draw(whole_wishes())
    for _ in range(draw(st.integers(0, 2))):
        field = draw(st.sampled_from([*OF_A_POOL, *OF_ITS_GPUS]))
        if field in OF_A_POOL:
            wish = replace(wish, **{field: draw(OF_A_POOL[field])})
        else:
            wish = replace(wish, gpu=wish.gpu.model_copy(update={field: draw(OF_ITS_GPUS[field])}))
    return wish


@given(whole_wishes())
def test_what_fits_together_is_legal(wish: GpuPool) -> None:
    assert [str(reason) for reason in problems(wish)] == []


@given(wishes())
def test_one_device_plugin_runs_on_the_nodes_of_every_legal_pool(wish: GpuPool) -> None:
    if problems(wish):
        return
    row = node_images()[wish.gpu.image]
    assert row.gpu_operator is not None
    kept_off = node_labels(wish.gpu).get(f"{DEPLOY}device-plugin") == "false"
    of_the_operator = row.gpu_operator.device_plugin and not kept_off

    assert [row.ships_device_plugin, of_the_operator].count(True) == 1
    assert row.ships_device_plugin is kept_off


@given(wishes())
def test_no_node_is_shared_that_lets_pods_see_each_others_gpus(wish: GpuPool) -> None:
    if problems(wish):
        return
    assert node_images()[wish.gpu.image].hides_gpus_by is not None
    assert wish.tenant is not None or wish.gpu.sharing in (Sharing.WHOLE, Sharing.MIG)
    for pool in pools_of(wish):
        assert GPU_PRESENT in taints(pool)
        assert startup_taints(pool) == (GPU_NOT_READY,)
        assert labels(pool)["falaj.dev/gpu-sharing"] == wish.gpu.sharing


@given(wishes())
def test_no_machine_is_asked_for_that_its_zone_does_not_sell(wish: GpuPool) -> None:
    if problems(wish):
        return
    for pool in pools_of(wish):
        for name in pool.sizes:
            size = machine_sizes(wish.region)[name]
            answers = {size.sold_in(zone) for zone in pool.zones}
            assert Availability.NO not in answers
            assert wish.gpu.acknowledge_unknown or Availability.UNKNOWN not in answers
            assert size.gpu is not None
            assert (size.gpu.vendor, size.architecture) == ("nvidia", "x86_64")


@given(wishes())
def test_every_card_of_a_legal_pool_can_be_divided_as_asked(wish: GpuPool) -> None:
    if problems(wish) or wish.gpu.sharing is not Sharing.MIG:
        return
    (family,) = wish.families.values()

    assert family.placement(wish.gpu.mig_layout) is not None
    assert wish.gpu.replicas is None
    assert (wish.gpu.mig_strategy == "single") is (len(wish.gpu.mig_layout) == 1)


@given(wishes())
def test_what_is_legal_is_made_and_what_is_not_makes_nothing(wish: GpuPool) -> None:
    reasons = problems(wish)
    if reasons:
        with pytest.raises(ValueError, match=re.escape(str(reasons[0]))):
            pools_of(wish)
        return
    pools = pools_of(wish)

    assert [pool.capacity for pool in pools] == [step.kind for step in wish.gpu.machine_steps]
    assert [pool.minimum for pool in pools[1:]] == [0] * (len(pools) - 1)
    assert len({pool.pool for pool in pools}) == len(pools)
