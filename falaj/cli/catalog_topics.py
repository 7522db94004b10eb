"""What `falaj catalog show` prints of each topic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from falaj.catalog.availability import Availability
from falaj.catalog.facts import Fact
from falaj.catalog.global_services import global_services
from falaj.catalog.gpu_recipes import GpuRecipe, gpu_recipes
from falaj.catalog.gpus import gpu_families
from falaj.catalog.offers import Absence, MachineSize, absences, machine_sizes
from falaj.catalog.profiles import profiles
from falaj.catalog.recipes import node_images, offered_minors, recipes
from falaj.catalog.regions import regions
from falaj.catalog.services import services
from falaj.catalog.tiers import tiers

NOT_SOLD = "not sold"


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: its columns, its rows for people and its facts for programs."""

    columns: tuple[str, ...]
    """Headings of the rows."""
    rows: Sequence[Sequence[str]]
    """Cells, as text."""
    facts: Mapping[str, Fact]
    """The same, whole."""


def topic(name: str, region: str | None) -> Topic:
    """Return a topic, of one region where it depends on one and one is named. KeyError for no topic."""
    return TOPICS[name](region)


def _places(region: str | None) -> Iterable[str]:
    return regions() if region is None else (region,)


def _regions(region: str | None) -> Topic:
    facts = {key: regions()[key] for key in _places(region)}
    rows = [
        (
            key,
            row.provider,
            row.display_name,
            row.jurisdiction.country,
            "unknown" if row.zones == "unknown" else ", ".join(row.zones) or "none",
            row.access.replace("_", "-"),
            row.paired_region or "none",
            row.capacity,
            _dated(row),
        )
        for key, row in facts.items()
    ]
    columns = ("region", "provider", "name", "country", "zones", "access", "pair", "capacity", "reviewed")
    return Topic(columns, rows, facts)


def _services(region: str | None) -> Topic:
    facts = {f"{place}/{key}": row for place in _places(region) for key, row in services(place).items()}
    rows = [(*key.split("/", 1), row.available, row.title, row.notes, _dated(row)) for key, row in facts.items()]
    return Topic(("region", "service", "there", "what", "notes", "reviewed"), rows, facts)


def _gpu(region: str | None) -> Topic:
    sizes = {key: size for key, size in _sizes(region).items() if size.gpu is not None}
    absent = _absent(region, accelerated=True)
    rows: list[Sequence[str]] = [
        (
            size.region,
            size.name,
            _gpus(size),
            str(size.vcpus),
            f"{size.memory_gib:g}",
            size.architecture,
            _zones(size),
            _dated(size),
        )
        for size in sizes.values()
    ]
    rows += [
        (gap.region, gap.family, gap.accelerator or "", "", "", "", NOT_SOLD, _dated(gap)) for gap in absent.values()
    ]
    columns = ("region", "size", "GPU", "vCPUs", "GiB", "architecture", "zones", "reviewed")
    return Topic(columns, rows, {**sizes, **absent})


def _gpu_families(region: str | None) -> Topic:  # noqa: ARG001 - every topic takes a region
    facts = gpu_families()
    rows = [
        (
            key,
            row.model,
            str(row.memory_gb),
            row.compute_capability,
            row.runs_cuda_images,
            ", ".join(row.sharing),
            ", ".join(f"{name} x{profile.most}" for name, profile in row.mig_profiles.items()) or "none",
            "GRID" if row.vgpu else "",
            _dated(row),
        )
        for key, row in facts.items()
    ]
    columns = ("family", "GPU", "GB", "capability", "CUDA images", "sharing", "MIG", "driver", "reviewed")
    return Topic(columns, rows, facts)


def _cpu(region: str | None) -> Topic:
    sizes = {key: size for key, size in _sizes(region).items() if size.gpu is None}
    absent = _absent(region, accelerated=False)
    families: dict[tuple[str, str], list[MachineSize]] = {}
    for size in sizes.values():
        families.setdefault((size.region, size.family), []).append(size)
    rows: list[Sequence[str]] = [_family(of) for of in families.values()]
    rows += [(gap.region, gap.family, "", "", "", "", "", NOT_SOLD, _dated(gap)) for gap in absent.values()]
    columns = ("region", "family", "for", "architecture", "vCPUs", "GiB", "sizes", "zones", "reviewed")
    return Topic(columns, rows, {**sizes, **absent})


def _family(of: Sequence[MachineSize]) -> tuple[str, ...]:
    first = of[0]
    return (
        first.region,
        first.family,
        first.purpose,
        first.architecture,
        _span([each.vcpus for each in of]),
        _span([each.memory_gib for each in of]),
        _ends([each.name for each in of]),
        _zones(first),
        _dated(first),
    )


def _global_services(region: str | None) -> Topic:  # noqa: ARG001 - every topic takes a region
    facts = global_services()
    rows = [
        (row.advice, row.title, row.processes, row.place, row.instead, ", ".join(row.watched_by), _dated(row))
        for row in facts.values()
    ]
    columns = ("advice", "service", "data", "where", "instead", "watched by", "reviewed")
    return Topic(columns, rows, facts)


def _recipes(region: str | None) -> Topic:  # noqa: ARG001 - every topic takes a region
    facts: dict[str, Fact] = dict(recipes())
    facts |= {f"{target}-{minor}": row for target in recipes() for minor, row in offered_minors(target).items()}
    facts |= node_images()
    facts |= gpu_recipes()
    rows = [
        *(
            (
                key,
                "recipe",
                f"Kubernetes {row.kubernetes}, Traefik {row.traefik}, ONNX Runtime {row.onnxruntime}",
                _dated(row),
            )
            for key, row in recipes().items()
        ),
        *(
            (
                f"{target}-{minor}",
                "minor",
                f"supported until {row.supported_until}, image volumes: {row.image_volumes}",
                _dated(row),
            )
            for target in recipes()
            for minor, row in offered_minors(target).items()
        ),
        *(
            (
                key,
                "node image",
                f"{row.os}, GPU driver by {row.driver_owner}" + _experimental(row.experimental),
                _dated(row),
            )
            for key, row in node_images().items()
        ),
        *((key, "GPU recipe", _gpu_recipe(row), _dated(row)) for key, row in gpu_recipes().items()),
    ]
    return Topic(("key", "kind", "what", "reviewed"), rows, facts)


def _tiers(region: str | None) -> Topic:  # noqa: ARG001 - every topic takes a region
    facts = tiers()
    rows = [
        (
            key,
            row.summary,
            f"{row.replicas} to {row.most_replicas}",
            row.isolation.replace("_", " "),
            row.encryption_keys,
            str(row.log_retention_days),
            f"{row.availability_objective} %",
            f"{row.latency_objective_ms} ms",
            _dated(row),
        )
        for key, row in facts.items()
    ]
    columns = (
        "tier",
        "for",
        "replicas",
        "isolation",
        "keys",
        "days of logs",
        "objective",
        "slowest of 100",
        "reviewed",
    )
    return Topic(columns, rows, facts)


def _profiles(region: str | None) -> Topic:  # noqa: ARG001 - every topic takes a region
    facts = profiles()
    rows = [
        (
            key,
            row.summary,
            _yes(row.private_api),
            _yes(row.hardware_keys),
            _yes(row.tenant_keys),
            str(row.log_retention_days),
            str(row.immutable_days),
            str(row.least_zones),
            _yes(row.second_site),
            ", ".join(sorted(row.allowed_stages)),
            _yes(row.residency_waivable),
            ", ".join(row.requires) or "none",
        )
        for key, row in facts.items()
    ]
    columns = (
        "profile",
        "for",
        "private API",
        "HSM",
        "tenant keys",
        "days of logs",
        "locked days",
        "zones",
        "second site",
        "stages",
        "waivable",
        "documents",
    )
    return Topic(columns, rows, facts)


def _sizes(region: str | None) -> dict[str, MachineSize]:
    return {f"{place}/{name}": size for place in _places(region) for name, size in machine_sizes(place).items()}


def _absent(region: str | None, *, accelerated: bool) -> dict[str, Absence]:
    return {
        f"{place}/{family}": gap
        for place in _places(region)
        for family, gap in absences(place).items()
        if (gap.accelerator is not None) is accelerated
    }


def _zones(size: MachineSize) -> str:
    """Write each answer once with its zones, such as `yes: mec1-az1; no: mec1-az3`."""
    if not size.zones:
        return "no zones"
    of = {answer: [zone for zone, found in size.zones.items() if found is answer] for answer in Availability}
    return "; ".join(f"{answer}: {', '.join(zones)}" for answer, zones in of.items() if zones)


def _gpus(size: MachineSize) -> str:
    if size.gpu is None:
        return ""
    amount = size.gpu.share or str(size.gpu.count)
    return f"{amount} x {size.gpu.model}, {size.gpu.memory_gib:g} GiB"


def _span(values: list[int] | list[float]) -> str:
    least, most = min(values), max(values)
    return f"{least:g}" if least == most else f"{least:g} to {most:g}"


def _ends(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"


def _gpu_recipe(row: GpuRecipe) -> str:
    return (
        f"Kubernetes {row.kubernetes}, {row.node_image}, {', '.join(row.gpu_families)}: "
        f"GPU operator {row.gpu_operator}, driver {row.driver}, CUDA {row.cuda_from} to {row.cuda_to}, "
        f"Triton {row.triton}, ONNX Runtime {row.onnxruntime}"
    )


def _experimental(experimental: bool) -> str:
    return ", experimental" if experimental else ""


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _dated(fact: Fact) -> str:
    return fact.reviewed.isoformat()


TOPICS: Mapping[str, Callable[[str | None], Topic]] = {
    "regions": _regions,
    "services": _services,
    "gpu": _gpu,
    "gpu-families": _gpu_families,
    "cpu": _cpu,
    "global-services": _global_services,
    "recipes": _recipes,
    "tiers": _tiers,
    "profiles": _profiles,
}
"""Every topic, in the order of the help."""
