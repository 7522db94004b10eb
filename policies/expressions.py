"""Pieces of CEL that controls are said in, for the door of a cluster.

They may use what `policies.admission` names. A text is written so that no character of it ends it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from falaj.catalog.model_annotations import ModelAnnotation
from falaj.catalog.providers import Provider
from policies.geography.places import uae_regions
from policies.models.served_models import PLACEHOLDERS

REGION_OF_AWS: Final = r"[a-z]{2}(?:-[a-z]+)+-[0-9]"
REGION_OF_AZURE: Final = r"[a-z]+[0-9]?"
HAS_REGISTRY: Final = "^(?:[^/]*[.:][^/]*|localhost)/"
"""The name of an image that says which registry it comes from, as a pattern."""


def text(value: str) -> str:
    """Write a text."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def texts(values: Iterable[str]) -> str:
    """Write a list of texts."""
    return f"[{', '.join(text(value) for value in values)}]"


def whole(pattern: str) -> str:
    """Write a pattern that has to match all of a text."""
    return text(f"^(?:{pattern})$")


def annotation(name: str) -> str:
    """Say an object's own annotation, nothing where it has none."""
    return f"variables.annotations[?{text(name)}].orValue('')"


def label(name: str) -> str:
    """Say an object's own label, nothing where it has none."""
    return f"object.metadata.?labels[?{text(name)}].orValue('')"


def is_said(expression: str) -> str:
    """Say that a text stands for something."""
    return f"!({expression}.trim().lowerAscii() in {texts(sorted(PLACEHOLDERS))})"


def is_one_of(expression: str, allowed: Iterable[str]) -> str:
    """Say that a text is one of these."""
    return f"{expression} in {texts(allowed)}"


def where_a_model_is_served(*said: str) -> str:
    """Say something of workloads that serve a model; what a controller makes was judged in what it makes it from."""
    return f"variables.made || !variables.serves_model || ({' && '.join(said)})"


def model_says(name: ModelAnnotation) -> str:
    """Say that a model's annotation stands for something."""
    return is_said(annotation(name))


def registry(image: str) -> str:
    """Say the host of an image's registry, for an image that names one."""
    return f"{image}.split('/')[0].split(':')[0].lowerAscii()"


def host_in(aws: str = REGION_OF_AWS, azure: str = REGION_OF_AZURE) -> str:
    """Return a pattern of the clouds' own hosts that say one of these regions, as `policies.geography.card_hosts`."""
    return (
        rf"(?:[^/:?#@]*[.-])?(?:{aws})\.(?:vpce\.)?(?:amazonaws\.com|api\.aws|on\.aws)|"
        rf"[^/:?#@]*\.(?:{azure})\.(?:data\.azurecr\.io|cloudapp\.azure\.com|azmk8s\.io)"
    )


def host_in_the_uae() -> str:
    """Return a pattern of the clouds' own hosts that say a region in the UAE."""
    return host_in(*("|".join(uae_regions(provider)) for provider in (Provider.AWS, Provider.AZURE)))


def lies_inside(range_: str, networks: Collection[IPv4Network | IPv6Network], more: str) -> str:
    """Say that a range of addresses, or one address, lies in one of these, or of a list of more."""
    known = texts(str(network) for network in networks)
    one = f"isIP({range_}) ? {range_} + (ip({range_}).family() == 4 ? '/32' : '/128') : {range_}"
    return f"[{one}].all(r, isCIDR(r) && ({known} + {more}).exists(n, cidr(n).containsCIDR(r)))"
