"""Every fact of the catalog in one list, and what is wrong with it: unsourced, old, or pointing at nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from falaj.catalog.attestations import attestations
from falaj.catalog.blueprints import blueprints
from falaj.catalog.controls import asked_controls, frameworks
from falaj.catalog.facts import Fact
from falaj.catalog.global_services import global_services, residency_breakers
from falaj.catalog.gpu_operator_images import gpu_operator_images
from falaj.catalog.gpu_performance import gpu_performance, gpu_runs
from falaj.catalog.gpu_recipes import gpu_recipes
from falaj.catalog.gpu_software import driver_branches, gpu_operators, rollbacks, triton_releases
from falaj.catalog.gpus import family_key, gpu_families
from falaj.catalog.offers import absences, family_of, machine_sizes
from falaj.catalog.prices import prices
from falaj.catalog.private_access import all_endpoints
from falaj.catalog.profiles import profiles
from falaj.catalog.providers import Provider
from falaj.catalog.quotas import quotas
from falaj.catalog.recipes import kubernetes_minors, node_images, offered_minors, recipes
from falaj.catalog.regions import regions
from falaj.catalog.services import services
from falaj.catalog.taggable import taggable
from falaj.catalog.tiers import tiers
from falaj.catalog.tls_policies import tls_policies

OLD_AFTER_DAYS = 180
"""A fact read longer ago than this is worth reading again."""
END_NEAR_DAYS = 60
"""A Kubernetes minor whose support ends within this many days is worth leaving."""
TARGETS = {"eks": Provider.AWS, "aks": Provider.AZURE}


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact and its place in the catalog."""

    topic: str
    """The file it belongs to, without folder and ending."""
    key: str
    """Its key in that file."""
    fact: Fact
    """The fact."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something a reader of the catalog should mend or know."""

    place: str
    """Topic and key."""
    message: str
    """What is wrong."""
    broken: bool
    """Whether the catalog contradicts itself; otherwise it has only grown old."""


def entries() -> Iterator[Entry]:
    """Yield every fact of the catalog."""
    tables = {
        "regions": regions(),
        "recipes": recipes(),
        "node_images": node_images(),
        "gpus": gpu_families(),
        "gpu_performance": gpu_performance(),
        "gpu_runs": gpu_runs(),
        "gpu_recipes": gpu_recipes(),
        "gpu_operators": gpu_operators(),
        "gpu_operator_images": gpu_operator_images(),
        "driver_branches": driver_branches(),
        "triton_releases": triton_releases(),
        "prices": prices(),
        "rollbacks": {"-".join(key): row for key, row in rollbacks().items()},
        "tiers": tiers(),
        "profiles": profiles(),
        "private_access": all_endpoints(),
        "global_services": global_services(),
        "quotas": quotas(),
        "tls_policies": tls_policies(),
        "taggable": taggable(),
        "blueprints": blueprints(),
        "frameworks": frameworks(),
        "attestations": attestations(),
    }
    for topic, rows in tables.items():
        yield from (Entry(topic, key, fact) for key, fact in rows.items())
    for target in TARGETS:
        yield from (Entry("kubernetes", f"{target}-{minor}", row) for minor, row in offered_minors(target).items())
    for region in regions():
        yield from (Entry(f"services/{region}", key, row) for key, row in services(region).items())
        yield from (Entry(f"offers/{region}", name, row) for name, row in machine_sizes(region).items())
        yield from (Entry(f"offers/{region}", family, row) for family, row in absences(region).items())


def remarks(today: date, *, old_after_days: int = OLD_AFTER_DAYS) -> list[Remark]:
    """Return everything to mend or know on a day, the broken first."""
    found = [
        *(*_ages(today, old_after_days), *_support(today), *_pairs(), *_offers(), *_blueprints(), *_recipes()),
        *(*_global_services(), *_attestations()),
    ]
    return sorted(found, key=lambda remark: (not remark.broken, remark.place))


def _ages(today: date, old_after_days: int) -> Iterator[Remark]:
    by_reading: dict[tuple[str, date], int] = {}
    for entry in entries():
        if entry.fact.reviewed > today:
            yield Remark(
                f"{entry.topic}, {entry.key}", f"reviewed on {entry.fact.reviewed}, which is to come", broken=True
            )
        if (today - entry.fact.reviewed).days > old_after_days:
            place = (entry.topic, entry.fact.reviewed)
            by_reading[place] = by_reading.get(place, 0) + 1
    for (topic, reviewed), count in by_reading.items():
        days = (today - reviewed).days
        rows = "1 row was" if count == 1 else f"{count} rows were"
        yield Remark(topic, f"{rows} last read on {reviewed}, {days} days ago", broken=False)


def _support(today: date) -> Iterator[Remark]:
    for target in TARGETS:
        for minor in kubernetes_minors(target):
            until = offered_minors(target)[minor].supported_until
            if until == "unknown":
                continue
            place, days = f"kubernetes, {target}-{minor}", (until - today).days
            if days < 0:
                yield Remark(place, f"standard support ended on {until}", broken=False)
            elif days <= END_NEAR_DAYS:
                yield Remark(place, f"standard support ends on {until}, in {days} days", broken=False)


def _pairs() -> Iterator[Remark]:
    for key, region in regions().items():
        pair = region.paired_region
        if pair is not None and (pair not in regions() or regions()[pair].paired_region != key):
            yield Remark(f"regions, {key}", f"is paired with {pair}, which does not say so", broken=True)


def _offers() -> Iterator[Remark]:
    for region in regions():
        for name, size in machine_sizes(region).items():
            place = f"offers/{region}, {name}"
            if size.quota not in quotas() or quotas()[size.quota].provider is not size.provider:
                yield Remark(place, f"counts against {size.quota}, which is no quota of {size.provider}", broken=True)
            if family_of(name) != size.family:
                yield Remark(place, f"stands in family {size.family}, its name says {family_of(name)}", broken=True)
            if size.gpu is not None and family_key(size.gpu) is None:
                yield Remark(place, f"has a GPU {size.gpu.model}, which gpus.yaml does not describe", broken=True)
            if size.family in absences(region):
                yield Remark(place, f"is sold, but family {size.family} is listed as absent", broken=True)


def _blueprints() -> Iterator[Remark]:
    for provider, blueprint in blueprints().items():
        homes = [key for key, region in regions().items() if region.provider == provider and machine_sizes(key)]
        for stage in (blueprint.prod, blueprint.dr, blueprint.dev):
            for pool in (stage.system, stage.cpu, stage.tenant):
                for size in pool.sizes:
                    for region in homes:
                        if size not in machine_sizes(region):
                            yield Remark(f"blueprints, {provider}", f"{size} is not sold in {region}", broken=True)


def _recipes() -> Iterator[Remark]:
    for target in TARGETS:
        chosen = recipes()[target].kubernetes
        if chosen not in kubernetes_minors(target):
            yield Remark(f"recipes, {target}", f"kubernetes {chosen} is not among the minors of {target}", broken=True)


def _global_services() -> Iterator[Remark]:
    for key, row in global_services().items():
        if not (row.controls or row.preflight):
            yield Remark(f"global_services, {key}", "no control and no row of preflight watches for it", broken=True)
        for control in row.controls:
            if control not in asked_controls():
                yield Remark(f"global_services, {key}", f"names {control}, which is no control", broken=True)
    for number, (key, row) in enumerate(residency_breakers().items(), start=1):
        if row.breaker != number:
            yield Remark(f"global_services, {key}", f"breaker {row.breaker} stands where {number} should", broken=True)


def _attestations() -> Iterator[Remark]:
    for key, asked in attestations().items():
        place = f"attestations, {key}"
        if key not in frameworks():
            yield Remark(place, "is no framework of frameworks.yaml", broken=True)
            continue
        for clause in asked.clauses:
            if not frameworks()[key].holds(clause):
                yield Remark(place, f"{clause} is no clause of it in frameworks.yaml", broken=True)
