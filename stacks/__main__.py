"""Makes what the stack file asks for. A wrong file is refused before any resource is registered."""

from __future__ import annotations

import pulumi

from falaj.errors import ConfigurationError
from stacks.settings import read_settings


def main() -> None:
    """Make the environment or the tenant that the stack file describes."""
    try:
        settings, images = read_settings()
    except ConfigurationError as error:
        raise pulumi.RunError(str(error)) from None

    kubeconfig = settings.kubeconfig_path()
    if settings.tenant is not None:
        from stacks.tenant import tenant  # noqa: PLC0415 - a stack imports only its own half

        tenant(settings.tenant, images, kubeconfig=kubeconfig, context=settings.context)
    elif settings.environment is not None and kubeconfig is not None:
        from stacks.environment import environment  # noqa: PLC0415 - a stack imports only its own half

        environment(settings.environment, images, kubeconfig=kubeconfig, context=settings.context)


main()
