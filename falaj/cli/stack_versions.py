"""The versions that a stack of the project chooses, from its file and from the lock of the default server's image."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping

from falaj.catalog.gpu_recipes import gpu_recipes
from falaj.catalog.gpus import family_key
from falaj.catalog.offers import machine_sizes
from falaj.catalog.providers import Provider
from falaj.catalog.recipes import minor_of, recipes
from falaj.errors import ConfigurationError
from falaj.recipes.comparison import Chosen
from falaj.recipes.review import Finding, review_cluster, review_engine, review_gpu
from stacks.environment_settings import AwsEnvironment, AzureEnvironment, EnvironmentSettings, LocalEnvironment
from stacks.settings import ROOT, StackFile
from stacks.versions import TARGETS, kubernetes_minor, operator_release

SERVER_LOCK = ROOT / "serving_images" / "onnxruntime" / "uv.lock"


def findings_of(file: StackFile, said: Mapping[str, str | None]) -> list[Finding]:
    """Return what is said of each pool and runtime of a stack; of a tenant, those of its environment.

    `said` stands for what the file leaves open of its pools with GPUs, and asks about GPUs where it has none.
    """
    target, minor = _target(file.home), _minor(file.home)
    found = [review_cluster(target, minor), *_gpu_findings(file.home, target, minor, said)]
    engine = _engine()
    return found if engine is None else [*found, review_engine(target, engine)]


def _gpu_findings(
    home: EnvironmentSettings, target: str, minor: str, said: Mapping[str, str | None]
) -> Iterator[Finding]:
    named = {part: value for part, value in said.items() if value is not None}
    pools = dict(_gpu_pools(home, target))
    if isinstance(home, LocalEnvironment) and named:
        raise ConfigurationError(
            "A cluster of one's own has no recipe with GPUs: those of a local cluster are simulated.",
            code="FAL-REC-002",
            where="falaj recipe check",
            hint="ask about a cloud stack, or name --target eks or aks instead of a stack",
        )
    for name, pool in pools.items():
        yield review_gpu(f"pool {name}", Chosen(**{**pool, "kubernetes": minor, **named}), gpu_recipes())
    if named and not pools:
        yield review_gpu("a pool with GPUs", Chosen(**{"target": target, "kubernetes": minor, **named}), gpu_recipes())


def _gpu_pools(home: EnvironmentSettings, target: str) -> Iterator[tuple[str, dict[str, str]]]:
    if isinstance(home, LocalEnvironment):
        return
    for name, pool in home.gpu_pools.items():
        gpu = machine_sizes(home.region)[pool.sizes[0]].gpu
        if gpu is not None:
            yield (
                name,
                {
                    "target": target,
                    "gpu_family": family_key(gpu) or gpu.model,
                    "node_image": pool.gpu(home.provider).image,
                    "gpu_operator": operator_release(home),
                },
            )


def _target(home: EnvironmentSettings) -> str:
    return TARGETS[home.provider] if isinstance(home, AwsEnvironment | AzureEnvironment) else Provider.LOCAL.value


def _minor(home: EnvironmentSettings) -> str:
    if isinstance(home, AwsEnvironment | AzureEnvironment):
        return kubernetes_minor(home)
    return minor_of(recipes()[Provider.LOCAL.value].kubernetes)


def _engine() -> str | None:
    """Return the ONNX Runtime in the default server's image; none where the project does not hold its source."""
    if not SERVER_LOCK.is_file():
        return None
    packages = tomllib.loads(SERVER_LOCK.read_text(encoding="utf-8"))["package"]
    return next((str(each["version"]) for each in packages if each["name"] == "onnxruntime"), None)
