"""The models of a stack, with what its tiers ask and what its machines are, and where each should run."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from falaj.catalog.prices import prices
from falaj.catalog.quantities import mebibytes
from falaj.catalog.tiers import Isolation, tiers
from falaj.cli.project import image_folders
from falaj.errors import ConfigurationError, FalajError
from falaj.placement.advice import Advice, Demand, advise
from falaj.placement.gpu_model import correction
from falaj.placement.market import CpuMachine, Market, market
from falaj.placement.profile import CpuProfile, read_profile
from stacks.environment_settings import LocalEnvironment
from stacks.pool_rules import SYSTEM, pools_of, zones_of
from stacks.runtime_rules import replicas_of
from stacks.settings import StackFile, load, stack_names
from stacks.tenancy import own_machines
from stacks.tenant_settings import EndpointSettings, TenantSettings

MIB_OF_A_GIB = 1024
HERE = "this machine"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the reader says beside the stack."""

    rates: Mapping[str, float]
    """Predictions a second, by model; under no name, those of every other. The stack file's where neither is said."""
    target_ms: float | None
    headroom: float
    prices: Mapping[str, float]
    models: Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class Placed:
    """Where every model of a stack should run."""

    stack: str
    region: str
    advice: tuple[Advice, ...]
    profiles: tuple[CpuProfile, ...]

    def footnotes(self) -> list[str]:
        """Return how far the figures can be trusted, one line each."""
        machines = dict.fromkeys(
            f"{each.machine.processor}, {each.machine.cores} cores, {each.runtime}" for each in self.profiles
        )
        days = sorted({each.measured.isoformat() for each in self.profiles})
        found = correction()
        measured = f"CPU: measured on {'; '.join(machines)} ({', '.join(days)})."
        estimated = f"GPU: estimated, never run on one. The roofline of its data sheet, times {found.factor:.1f}"
        lines = [
            f"{measured} On another processor it differs by an unknown factor.",
            estimated + f", is off by {found.error:.1f} at most on {found.runs} published runs ({found.source}); "
            "on other models and cards the error is unknown.",
        ]
        known = prices().get(self.region)
        if known is None:
            lines.append(f"Prices of {self.region} are unknown to the catalog; --prices takes your own.")
        else:
            lines.append(f"Prices: on demand, {known.source}.")
        return lines


def place_stack(root: Path, stack: str, asked: Asked) -> Placed:
    """Return where the models of a tenant, or of every tenant of an environment, should run.

    Refuses models without rate, file or profile, all of them at once.
    """
    tenants = list(_tenants(load(stack, images_built=False)))
    files = _models_of(root)
    advice, profiles, missing = [], [], []
    for file in tenants:
        place = _market(file, asked)
        for demand, problem, profile in _demands(file, asked, files, several=len(tenants) > 1):
            if problem is not None or profile is None:
                missing.append(problem or "")
                continue
            profiles.append(profile)
            advice.append(advise(demand, profile, place))
    if missing or not advice:
        raise ConfigurationError(
            "\n".join(missing) or "It has no endpoints.",
            code="FAL-PLC-008",
            where=f"stack {stack}",
            hint="name what is missing, then run it again" if missing else "add one under falaj:tenant.endpoints",
        )
    return Placed(stack, tenants[0].home.region, tuple(advice), tuple(profiles))


def _tenants(file: StackFile) -> Iterator[StackFile]:
    if file.settings.tenant is not None:
        yield file
        return
    for name in stack_names():
        if name != file.name:
            other = load(name, images_built=False)
            if other.settings.tenant is not None and other.settings.tenant.environment == file.name:
                yield other


def _demands(
    file: StackFile, asked: Asked, files: Mapping[str, Path], *, several: bool
) -> Iterator[tuple[Demand, str | None, CpuProfile | None]]:
    tenant = file.settings.tenant
    if tenant is None:
        return
    for key, endpoint in tenant.endpoints.items():
        name = f"{file.name}/{key}" if several else key
        rate = asked.rates.get(name, asked.rates.get(key, asked.rates.get("", endpoint.expected_rate)))
        demand = _demand(name, rate or 1.0, tenant, endpoint, asked)
        if rate is None:
            yield (
                demand,
                f"{name}: no rate; say --rate {key}=N, predictions a second, or expected_rate in its file.",
                None,
            )
            continue
        try:
            yield demand, None, read_profile(_file(name, key, endpoint, asked, files))
        except FalajError as error:
            yield demand, f"{name}: {error.message} {error.hint[:1].upper()}{error.hint[1:]}.", None


def _demand(name: str, rate: float, tenant: TenantSettings, endpoint: EndpointSettings, asked: Asked) -> Demand:
    tier = tiers()[tenant.tier]
    least = replicas_of(endpoint, tier)
    resources = endpoint.resources or tier.resources
    wanted_ms = None if endpoint.routing is None else endpoint.routing.target_ms
    return Demand(
        name=name,
        rate=rate,
        target_ms=asked.target_ms or wanted_ms or float(tier.latency_objective_ms),
        least=least,
        most=max(least, tier.most_replicas),
        memory_gib=mebibytes(resources.memory_limit) / MIB_OF_A_GIB,
        headroom=asked.headroom,
    )


def _file(name: str, key: str, endpoint: EndpointSettings, asked: Asked, files: Mapping[str, Path]) -> Path:
    given = asked.models.get(name) or asked.models.get(key)
    if given is not None:
        return given
    image = endpoint.model.partition("@")[0]
    folder = files.get(image)
    found = () if folder is None else folder.glob(f"{endpoint.model_name or key}/*/model.onnx")
    versions = sorted(found, key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0)
    if not versions:
        raise ConfigurationError(
            f"No ONNX file of {image} lies in the project.",
            code="FAL-PLC-003",
            where=name,
            hint=f"name it: --model {key}=PATH",
        )
    return versions[-1]


def _models_of(root: Path) -> dict[str, Path]:
    """Return the folder of every image of the project, by the image's name."""
    folders = image_folders(root)
    return {tomllib.loads((each / "image.toml").read_text(encoding="utf-8"))["name"]: each for each in folders}


def _market(file: StackFile, asked: Asked) -> Market:
    home, tenant = file.home, file.settings.tenant
    if isinstance(home, LocalEnvironment):
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        return Market((CpuMachine(HERE, len(os.sched_getaffinity(0)), memory, asked.prices.get(HERE)),), ())
    if tenant is not None and tiers()[tenant.tier].isolation is Isolation.DEDICATED_NODES:
        sizes: tuple[str, ...] = own_machines(tenant, home).sizes
    else:
        sizes = tuple(size for name, pool in pools_of(home).items() if name != SYSTEM for size in pool.sizes)
    return market(home.region, sizes, zones_of(home), asked.prices)
