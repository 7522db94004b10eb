"""Which versions an environment runs: what its stack file says, and the recipe of its cloud otherwise."""

from __future__ import annotations

from falaj.catalog.providers import Provider
from falaj.catalog.recipes import minor_of, recipes
from stacks.environment_settings import AwsEnvironment, AzureEnvironment

TARGETS = {Provider.AWS: "eks", Provider.AZURE: "aks"}
"""The recipe of each cloud."""


def kubernetes_minor(environment: AwsEnvironment | AzureEnvironment) -> str:
    """Return the Kubernetes minor: the stack file's, or the recipe's."""
    return environment.kubernetes or minor_of(recipes()[TARGETS[environment.provider]].kubernetes)


def operator_release(environment: AwsEnvironment | AzureEnvironment) -> str:
    """Return the release of the GPU operator, as the recipe of the cloud names it."""
    return recipes()[TARGETS[environment.provider]].gpu_operator
