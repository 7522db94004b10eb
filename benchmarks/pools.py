"""Pools with GPUs: how long it takes to say of ten thousand random wishes whether they may be, and why not."""

from __future__ import annotations

import time
from random import Random
from typing import Any

import click

from benchmarks.figure import Figure
from components.gpu.legality import problems
from components.gpu.spec import TARGETS, GpuPool, GpuSpec, images_of
from components.node_pools.gpu_steps import gpu_pools
from components.placement import Placement
from falaj.catalog.data_flows import DataClass
from falaj.catalog.gpus import Sharing, family_key, gpu_families
from falaj.catalog.offers import MachineSize, machine_sizes
from falaj.catalog.recipes import DriverOwner, node_images
from falaj.catalog.regions import regions
from falaj.catalog.tags import Stage

COUNT = 10_000
GOAL = 5.0
SEED = 7
REGIONS = ("me-central-1", "uaenorth", "uaecentral")
MOSTLY = 0.9
"""How often a part of a wish fits the others, so that about a third of all wishes is legal."""
ROUTE = {"kind": "cpu_route"}
Wish = dict[str, Any]


def measure(*, rounds: int) -> list[Figure]:
    """Judge the same wishes again and again, from plain data to every reason, or to the pools of a legal one."""
    wishes = random_wishes(COUNT)
    click.echo("judging wishes for GPUs", err=True)
    runs, legal = [], 0
    for _ in range(rounds):
        started = time.perf_counter()
        legal = sum(_is_legal(wish) for wish in wishes)
        runs.append(time.perf_counter() - started)
    return [Figure(f"{COUNT} random pools with GPUs validated, {legal} legal", GOAL, runs)]


def random_wishes(count: int) -> list[Wish]:
    """Return so many wishes as plain data, the same every time."""
    chance = Random(SEED)  # noqa: S311 - the same wishes every time, nothing secret
    return [_wish(chance) for _ in range(count)]


def _is_legal(wish: Wish) -> bool:
    """Whether a wish may be, every reason against it written out; a legal one becomes its pools."""
    pool = GpuPool(**{**wish, "gpu": GpuSpec.model_validate(wish["gpu"])})
    reasons = [str(reason) for reason in problems(pool)]
    if not reasons:
        gpu_pools("gpu", pool, placement=_placement(pool.region), disk_gib=200)
    return not reasons


def _placement(region: str) -> Placement:
    return Placement(
        stack=f"bench-{region}",
        region=region,
        stage=Stage.PRODUCTION,
        owner="platform",
        cost_centre="cc-1001",
        data_class=DataClass.FINANCIAL,
    )


def _wish(chance: Random) -> Wish:
    region = chance.choice(REGIONS)
    target = TARGETS[regions()[region].provider]
    image = chance.choice(images_of(target)) if chance.random() < MOSTLY else chance.choice(list(node_images()))
    size = chance.choice([each for each in machine_sizes(region).values() if each.gpu is not None])
    kinds = [kind for kind in ("on_demand", "spot") if chance.random() < MOSTLY - (kind == "spot") / 2]
    return {
        "region": region,
        "kubernetes": chance.choice(("1.36", "1.36", "1.36", "1.35")),
        "sizes": _sizes(chance, region, size),
        "minimum": 0,
        "maximum": chance.randint(1, 8),
        "zones": _zones(chance, region, size),
        "surge_percent": chance.choice((0, 33)),
        "tenant": chance.choice((None, "acme", "acme")),
        "gpu": {
            "image": image,
            "image_id": "ami-0123456789abcdef0" if (image == "eks-ubuntu-2404") is (chance.random() < MOSTLY) else None,
            "driver_owner": node_images()[image].driver_owner
            if chance.random() < MOSTLY
            else chance.choice(list(DriverOwner)),
            **_sharing(chance, size),
            "capacity": [*({"kind": kind, "minutes": 15} for kind in kinds), ROUTE],
            "vcpu_quota": chance.choice((None, None, 256, 4096)),
            "acknowledge_unknown": chance.random() < MOSTLY,
            "acknowledge_experimental": chance.random() < MOSTLY,
        },
    }


def _sizes(chance: Random, region: str, size: MachineSize) -> tuple[str, ...]:
    alike = [each.name for each in machine_sizes(region).values() if each.family == size.family]
    other = chance.choice(alike if chance.random() < MOSTLY else list(machine_sizes(region)))
    return (size.name,) if other == size.name or region != "me-central-1" else (size.name, other)


def _zones(chance: Random, region: str, size: MachineSize) -> tuple[str, ...]:
    zones = [zone for zone in regions()[region].zones if size.sold_in(zone) != "no" or chance.random() > MOSTLY]
    return tuple(chance.sample(zones, chance.randint(1, len(zones)))) if zones else ()


def _sharing(chance: Random, size: MachineSize) -> Wish:
    family = gpu_families()[(family_key(size.gpu) if size.gpu is not None else None) or ""]
    way = chance.choice(family.sharing if chance.random() < MOSTLY else list(Sharing))
    if way in (Sharing.MPS, Sharing.TIME_SLICING):
        return {"sharing": way, "replicas": chance.randint(2, 8)}
    if way is Sharing.WHOLE:
        return {"sharing": way}
    name = chance.choice(list(family.mig_profiles) or ["1g.10gb"])
    most = family.mig_profiles[name].most if name in family.mig_profiles else 7
    return {"sharing": way, "mig_layout": {name: most if chance.random() < MOSTLY else 7}}
