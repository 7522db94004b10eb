"""Where the registry of an image lies: told by its host, by the stack that makes it, or by the operator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from pydantic import Field

from falaj.catalog.providers import Provider
from policies.geography.card_hosts import lies_in_the_uae, registry_of
from policies.geography.places import normalised, uae_regions
from policies.node import Node
from policies.outcomes import Outcome, Undecided
from policies.parameters import Parameters
from policies.resources import Plan, Resource
from policies.values import shown

AZURE_REGISTRY: Final = "azure-native:containerregistry:Registry"
STACK_REFERENCE: Final = "pulumi:pulumi:StackReference"
WITNESSES: Final = (AZURE_REGISTRY, STACK_REFERENCE)
"""Types that say where a registry lies whose host does not."""
WITNESSED: Final = ("Registry:registryName", "Registry:location", "StackReference:outputs")
"""What is read from them."""
AZURE_DOMAIN: Final = ".azurecr.io"
DEFAULT_REGISTRY: Final = "Docker Hub"
"""Where an image comes from that names no registry."""


class OwnRegistries(Parameters):
    """The operator's registries."""

    registries: tuple[str, ...] = Field(
        default=(),
        description="Hosts of registries in the UAE whose names don't tell so; every control on images goes by them.",
    )


def expected() -> str:
    """Say which registries there are to choose from."""
    regions = ", ".join(uae_regions(Provider.AWS))
    return f"a registry in the UAE: ECR in {regions}, one on Azure that a stack makes there, or one in `registries`"


def host_in(image: object) -> str:
    """Return the host of an image's registry."""
    return registry_of(image) or DEFAULT_REGISTRY


def image_stays(image: Node, plan: Plan) -> Iterator[Outcome]:
    """Judge where an image is pulled from."""
    if image.known and isinstance(image.value, str):
        yield from host_stays(image, host_in(image.value), plan)
    else:
        yield from image.must(lambda _: False, expected())


def host_stays(said: Node, host: str, plan: Plan) -> Iterator[Outcome]:
    """Judge a registry by its host, which the given value names."""
    lies = lies_in_the_uae(host, plan.parameters(OwnRegistries).registries)
    if lies is None and host.endswith(AZURE_DOMAIN):
        witnesses = [
            *(_made_here(each, host) for each in plan.of_type(AZURE_REGISTRY)),
            *(exported_in_the_uae(each, host) for each in plan.of_type(STACK_REFERENCE)),
        ]
        not_known = [each for each in witnesses if isinstance(each, Undecided)]
        lies = next((each for each in witnesses if isinstance(each, bool)), None)
        if lies is None and not_known:
            yield not_known[0]
            return
    if not lies:
        yield replace(said.finding(expected()), found=f"{shown(said.value)} of {host}")


def _made_here(registry: Resource, host: str) -> bool | Undecided | None:
    """Tell whether a registry of the stack lies in the UAE; nothing where the host is another's."""
    name, location = registry["registryName"], registry["location"]
    if not name.known:
        return replace(name.undecided, urn=registry.urn)
    if not isinstance(name.value, str) or name.value[:].lower() != host.removesuffix(AZURE_DOMAIN):
        return None
    if not location.known:
        return replace(location.undecided, urn=registry.urn)
    return normalised(location.value) in uae_regions(Provider.AZURE)


def exported_in_the_uae(reference: Resource, name: str) -> bool | Undecided | None:
    """Tell whether another stack exports a name, or what lies below it, and lies in the UAE itself.

    Nothing where it does not export the name.
    """
    outputs = reference["outputs"]
    if not outputs.known or outputs.value is None:
        return replace(outputs.undecided, urn=reference.urn)
    exported = outputs.value if isinstance(outputs.value, Mapping) else {}
    if not any(isinstance(text, str) and f"{text[:]}/".startswith(f"{name}/") for text in exported.values()):
        return None
    region = exported.get("region")
    return any(normalised(region) in uae_regions(provider) for provider in (Provider.AWS, Provider.AZURE))
