"""What a cluster in a cloud pulls that was not built here, as its environment's stack file names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.registry.names import without_tag
from stacks.environment_settings import AwsEnvironment

if TYPE_CHECKING:
    from stacks.environment_settings import AzureEnvironment


def brought_along(environment: AwsEnvironment | AzureEnvironment) -> tuple[str, ...]:
    """Return chart and images of the GPU operator, Triton's image and the cluster autoscaler's, each once.

    By name and digest; a tag that a stack file names beside the digest says nothing to a node and is left out.
    """
    runtime = () if environment.gpu_runtime is None else environment.gpu_runtime.references()
    autoscaler = environment.autoscaler_image if isinstance(environment, AwsEnvironment) else None
    named = [*runtime, *(image for image in (environment.triton_image, autoscaler) if image is not None)]
    return tuple(dict.fromkeys(without_tag(reference) for reference in named))
