"""What is asked of the cluster autoscaler of an EKS cluster, and what a stack file may get wrong about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from components.autoscaler.spec import ClusterAutoscalerSpec
from components.autoscaler.versions import fitting, misfit
from stacks.pool_rules import pools_of
from stacks.problems import Problem
from stacks.versions import kubernetes_minor

if TYPE_CHECKING:
    from stacks.environment_settings import AwsEnvironment
    from stacks.images import Images

KEY = "environment.autoscaler_image"


def autoscaler_spec(stack: str, environment: AwsEnvironment, images: Images) -> ClusterAutoscalerSpec | None:
    """Return what is asked of it, none where the stack file names no image; `images` are the environment's own."""
    if environment.autoscaler_image is None:
        return None
    return ClusterAutoscalerSpec(
        owner=environment.owner,
        region=environment.region,
        cluster=stack,
        kubernetes=kubernetes_minor(environment),
        image=images.require(environment.autoscaler_image),
        in_order=bool(environment.gpu_pools),
    )


def autoscaler_problems(environment: AwsEnvironment, stack: str) -> Iterator[Problem]:
    """Yield an image that fits another minor, and one that is missing where pools have GPUs."""
    minor, mirror = kubernetes_minor(environment), f"name the image, then run: falaj mirror -s {stack}"
    if environment.autoscaler_image is not None:
        if (reason := misfit(environment.autoscaler_image, minor)) is not None:
            yield Problem(KEY, reason, mirror)
    elif environment.gpu_pools:
        message = (
            "is missing. The cluster autoscaler adds machines with GPUs in the order of their pools, and EKS brings "
            f"none: name {fitting(minor)}, which is of Kubernetes {minor}, by digest."
        )
        yield Problem(KEY, message, mirror)


def warning(environment: AwsEnvironment, stack: str) -> str | None:
    """Return what a plan has to say of pools that nobody makes grow; None where there are none."""
    if environment.autoscaler_image is not None:
        return None
    pools = sorted(pools_of(environment).items())
    kept = [
        f"{name} ({pool.minimum} of {pool.maximum} machines)" for name, pool in pools if pool.minimum < pool.maximum
    ]
    if not kept:
        return None
    return (
        f"{'Pools stay' if len(kept) > 1 else 'A pool stays'} at the minimum for want of {KEY}: {', '.join(kept)}. "
        f"Next: name {fitting(kubernetes_minor(environment))} by digest, then run: falaj mirror -s {stack}"
    )
