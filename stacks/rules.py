"""What a well-formed stack file may still get wrong: images nobody built, more than the tier holds, names too long."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from falaj.catalog.quantities import mebibytes, millicores
from falaj.catalog.tiers import Isolation, Tier, tiers
from stacks.problems import Problem

if TYPE_CHECKING:
    from stacks.images import Images
    from stacks.settings import EndpointSettings, Settings, TenantSettings

TRAEFIK = "falaj.local/traefik"
CERT_MANAGER = "falaj.local/cert-manager"
ONNX_RUNTIME = "falaj.local/onnxruntime"
BUILD = "run: falaj images build"
TENANT_NAME = re.compile(r"[a-z]([-a-z0-9]{0,53}[a-z0-9])?")
"""A label of host names, short enough for the namespace `tenant-<name>`."""


def environment_problems(settings: Settings, images: Images) -> list[Problem]:
    """Return what is wrong with the file as a whole and with an environment in it."""
    if (settings.environment is None) == (settings.tenant is None):
        return [Problem("environment", "write falaj:environment or falaj:tenant, one of the two.")]
    if settings.environment is None:
        return []
    problems = [_not_locked("images", name, images) for name in (TRAEFIK, CERT_MANAGER) if images.find(name) is None]
    if settings.kubeconfig is None:
        problems.append(
            Problem(
                "kubeconfig",
                "is missing. Path of the kubeconfig of the cluster that the environment is made on.",
                "falaj cluster up, then falaj cluster kubeconfig prints the path",
            )
        )
    return problems


def tenant_problems(settings: Settings, name: str, images: Images) -> list[Problem]:
    """Return what is wrong with a tenant in the file."""
    tenant = settings.tenant
    if tenant is None or settings.environment is not None:
        return []
    problems = []
    if not TENANT_NAME.fullmatch(name):
        message = f"the stack is named {name!r}, allowed for a tenant: up to 55 of a-z, 0-9 and -, a letter first."
        problems.append(Problem("tenant", message, "give the stack and its file another name"))
    if images.find(ONNX_RUNTIME) is None:
        problems.append(_not_locked("images", ONNX_RUNTIME, images))
    tier = tiers()[tenant.tier]
    if tier.isolation is not Isolation.NAMESPACE:
        message = f"found '{tenant.tier}', which asks for {tier.isolation}; a local cluster has one node. Allowed: "
        problems.append(Problem("tenant.tier", message + ", ".join(_local_tiers()) + "."))
        return problems
    for key, endpoint in tenant.endpoints.items():
        problems += _endpoint_problems(f"tenant.endpoints.{key}", endpoint, tier, images)
    return problems or _room_problems(tenant, tier)


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
    return problems


def _room_problems(tenant: TenantSettings, tier: Tier) -> list[Problem]:
    """Return where the endpoints, each with one pod more for its rolling update, exceed the tier's quota."""
    sizes = [
        (1 + (endpoint.replicas or tier.replicas), endpoint.resources or tier.resources)
        for endpoint in tenant.endpoints.values()
    ]
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
