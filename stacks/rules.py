"""What a well-formed stack file may still get wrong: images nobody built, more than the tier holds, names too long."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from components.gpu.spec import GPU
from falaj.catalog.data_flows import DataClass
from falaj.catalog.gpus import gpu_families, mig_resource
from falaj.catalog.quantities import mebibytes, millicores
from falaj.catalog.tiers import Isolation, Tier, tiers
from stacks.cloud_rules import cloud_problems
from stacks.environment_settings import AwsEnvironment, AzureEnvironment, EnvironmentSettings, LocalEnvironment
from stacks.images import CERT_MANAGER, ONNX_RUNTIME, TRAEFIK
from stacks.pool_rules import size_problems
from stacks.problems import Problem
from stacks.runtime_rules import pod_sizes, runtime_problems
from stacks.tenant_profiles import profile_problems

if TYPE_CHECKING:
    from stacks.images import Images
    from stacks.settings import Settings
    from stacks.tenant_settings import EndpointSettings, TenantSettings

BUILD = "run: falaj images build"
TENANT_NAME = re.compile(r"[a-z]([-a-z0-9]{0,53}[a-z0-9])?")
"""A label of host names, short enough for the namespace `tenant-<name>`."""
UNCRITICAL = frozenset({DataClass.PUBLIC, DataClass.INTERNAL, DataClass.OPERATIONAL})
"""Classes that every environment may hold."""


def environment_problems(
    settings: Settings, images: Images, *, stack: str, others: Mapping[str, EnvironmentSettings]
) -> list[Problem]:
    """Return what is wrong with the file as a whole and with an environment in it."""
    if (settings.environment is None) == (settings.tenant is None):
        return [Problem("environment", "write falaj:environment or falaj:tenant, one of the two.")]
    if settings.environment is None:
        return []
    problems = [_not_locked("images", name, images) for name in (TRAEFIK, CERT_MANAGER) if images.find(name) is None]
    if isinstance(settings.environment, LocalEnvironment):
        return [*problems, *_kubeconfig_problems(settings), *_simulated_problems(settings.environment)]
    if settings.kubeconfig is not None:
        problems.append(Problem("kubeconfig", "is for a cluster that runs already, allowed: a local environment."))
    return [*problems, *cloud_problems(settings.environment, stack, others)]


def _kubeconfig_problems(settings: Settings) -> list[Problem]:
    if settings.kubeconfig is not None:
        return []
    return [
        Problem(
            "kubeconfig",
            "is missing. Path of the kubeconfig of the cluster that the environment is made on.",
            "falaj cluster up, then falaj cluster kubeconfig prints the path",
        )
    ]


def _simulated_problems(home: LocalEnvironment) -> list[Problem]:
    """Return where the simulated GPUs are parts that such a card can't be divided into."""
    if home.gpus is None:
        return []
    card = gpu_families()[home.gpus.family]
    allowed = [GPU, *map(mig_resource, card.mig_profiles)]
    unknown = [name for name in home.gpus.resources if name not in allowed]
    message = f"found '{', '.join(unknown)}', allowed for {home.gpus.family}: {', '.join(allowed)}."
    return [Problem("environment.gpus.resources", message)] if unknown else []


def tenant_problems(
    settings: Settings,
    name: str,
    images: Images,
    *,
    home: EnvironmentSettings | None,
    environments: list[str],
) -> list[Problem]:
    """Return what is wrong with a tenant in the file; `home` is its environment, where there is one of that name."""
    tenant = settings.tenant
    if tenant is None or settings.environment is not None:
        return []
    problems = []
    if not TENANT_NAME.fullmatch(name):
        message = f"the stack is named {name!r}, allowed for a tenant: up to 55 of a-z, 0-9 and -, a letter first."
        problems.append(Problem("tenant", message, "give the stack and its file another name"))
    if images.find(ONNX_RUNTIME) is None:
        problems.append(_not_locked("images", ONNX_RUNTIME, images))
    if home is None:
        message = f"found '{tenant.environment}', which is no environment of this project, allowed: "
        problems.append(Problem("tenant.environment", message + (", ".join(environments) or "none") + "."))
        return problems
    problems += _home_problems(tenant, home)
    tier = tiers()[tenant.tier]
    if any(problem.key == "tenant.tier" for problem in problems):
        return problems
    for key, endpoint in tenant.endpoints.items():
        problems += _endpoint_problems(f"tenant.endpoints.{key}", endpoint, tier, images)
    problems += runtime_problems(tenant, name, home, images)
    return problems or _room_problems(tenant, tier)


def _home_problems(tenant: TenantSettings, home: EnvironmentSettings) -> list[Problem]:
    """Return where a tenant does not suit its environment."""
    problems = []
    if tenant.region != home.region:
        message = f"found '{tenant.region}', but environment {tenant.environment} lies in '{home.region}'."
        hint = "name an environment in that region, or the environment's region"
        problems.append(Problem("tenant.region", message, hint))
    problems += profile_problems(tenant, home)
    if isinstance(home, LocalEnvironment):
        return [*problems, *_local_problems(tenant)]
    return [*problems, *_cloud_tenant_problems(tenant, home)]


def _local_problems(tenant: TenantSettings) -> list[Problem]:
    tier = tiers()[tenant.tier]
    problems = []
    if tier.isolation is not Isolation.NAMESPACE:
        message = f"found '{tenant.tier}', which asks for {tier.isolation}; a local cluster has none. Allowed: "
        problems.append(Problem("tenant.tier", message + ", ".join(_local_tiers()) + "."))
    return problems + [
        Problem(f"tenant.{key}", "is for tenants in a cloud, allowed: leave it out.")
        for key in ("budget", "pool", "cost_centre", "processing_record")
        if getattr(tenant, key) is not None
    ]


def _cloud_tenant_problems(tenant: TenantSettings, home: AwsEnvironment | AzureEnvironment) -> list[Problem]:
    problems = []
    if tenant.pool is not None and tiers()[tenant.tier].isolation is not Isolation.DEDICATED_NODES:
        dedicated = [name for name, tier in tiers().items() if tier.isolation is Isolation.DEDICATED_NODES]
        message = f"is for tiers with machines of their own ({', '.join(dedicated)}), allowed: leave it out."
        problems.append(Problem("tenant.pool", message))
    elif tenant.pool is not None:
        problems += size_problems("tenant.pool", tenant.pool, home)
    allowed = sorted({*UNCRITICAL, home.data_class})
    for key, endpoint in tenant.endpoints.items():
        if endpoint.data_class not in allowed:
            message = (
                f"found '{endpoint.data_class}', allowed in environment {tenant.environment}, which holds "
                f"{home.data_class} data: {', '.join(allowed)}."
            )
            problems.append(Problem(f"tenant.endpoints.{key}.data_class", message))
    return problems


def _local_tiers() -> list[str]:
    return [name for name, tier in tiers().items() if tier.isolation is Isolation.NAMESPACE]


def _not_locked(key: str, name: str, images: Images) -> Problem:
    known = ", ".join(sorted(images.locked)) or "none"
    return Problem(key, f"the image lock {images.lock.name} has no {name}. It has: {known}.", BUILD)


def _endpoint_problems(key: str, endpoint: EndpointSettings, tier: Tier, images: Images) -> list[Problem]:
    problems = []
    if images.find(endpoint.model) is None:
        models = [name for name in sorted(images.locked) if "/models/" in name]
        message = f"found '{endpoint.model}', allowed: name@sha256:<64 hex>, or a model in the image lock"
        problems.append(Problem(f"{key}.model", f"{message} ({', '.join(models) or 'none'}).", BUILD))
    if endpoint.replicas is not None and not tier.replicas <= endpoint.replicas <= tier.most_replicas:
        message = f"found {endpoint.replicas}, allowed in this tier: {tier.replicas} to {tier.most_replicas}."
        problems.append(Problem(f"{key}.replicas", message))
    if endpoint.gpu_replicas is not None and endpoint.gpu_replicas > tier.most_replicas:
        message = f"found {endpoint.gpu_replicas}, allowed in this tier: {tier.most_replicas} or fewer."
        problems.append(Problem(f"{key}.gpu_replicas", message))
    return problems


def _room_problems(tenant: TenantSettings, tier: Tier) -> list[Problem]:
    """Return where the endpoints, each with one pod more for its rolling update, exceed the tier's quota."""
    sizes = [size for endpoint in tenant.endpoints.values() for size in pod_sizes(endpoint, tier)]
    needed = {
        "pods": sum(pods for pods, _ in sizes),
        "CPU requests in millicores": sum(pods * millicores(size.cpu_request) for pods, size in sizes),
        "CPU limits in millicores": sum(pods * millicores(size.cpu_limit) for pods, size in sizes),
        "MiB of memory requests": sum(pods * mebibytes(size.memory_request) for pods, size in sizes),
        "MiB of memory limits": sum(pods * mebibytes(size.memory_limit) for pods, size in sizes),
    }
    held = (
        tier.quota.pods,
        millicores(tier.quota.cpu_requests),
        millicores(tier.quota.cpu_limits),
        mebibytes(tier.quota.memory_requests),
        mebibytes(tier.quota.memory_limits),
    )
    over = [
        f"{amount} of {most} {what}" for (what, amount), most in zip(needed.items(), held, strict=True) if amount > most
    ]
    if not over:
        return []
    message = f"more than tier {tenant.tier} holds, with one pod more per endpoint for its update: {', '.join(over)}."
    return [Problem("tenant.endpoints", message, "ask for fewer or smaller pods, or choose a larger tier")]
