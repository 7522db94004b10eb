"""Makes what the stack file asks for. A wrong file is refused before any resource is registered."""

from __future__ import annotations

import gc
from importlib import import_module

import pulumi

from falaj.catalog.providers import Provider
from falaj.catalog.regions import regions
from falaj.errors import ConfigurationError
from stacks.configured import read_settings

# The clouds' SDKs make millions of objects that live as long as this process: looking through them again and again for
# garbage takes a third of the time that a preview has.
gc.disable()

PROGRAMS = {
    Provider.LOCAL: ("stacks.environment", "stacks.tenant"),
    Provider.AWS: ("stacks.aws_environment", "stacks.aws_tenant"),
    Provider.AZURE: ("stacks.azure_environment", "stacks.azure_tenant"),
}
"""What makes an environment and a tenant, by who runs the machines; a stack imports only its own."""


def main() -> None:
    """Make the environment or the tenant that the stack file describes."""
    try:
        file = read_settings()
    except ConfigurationError as error:
        raise pulumi.RunError(str(error)) from None
    environment, tenant = PROGRAMS[regions()[file.home.region].provider]
    import_module(environment if file.settings.tenant is None else tenant).make(file)


main()
