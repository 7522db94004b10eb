"""Uniform resource names, exactly as Pulumi writes them."""

from __future__ import annotations

ROOT_STACK_TYPE = "pulumi:pulumi:Stack"
"""Type of the resource that stands for the stack itself."""

PROVIDER_PREFIX = "pulumi:providers:"
"""Prefix of the type of every provider resource."""

_PREFIX = "urn:pulumi:"
_PARTS = 4


def make(stack: str, project: str, parent: str, type_token: str, name: str) -> str:
    """The URN of a resource under ``parent`` (a URN, empty for none)."""
    chain = qualified_type(parent) if parent else ""
    qualified = type_token if chain in ("", ROOT_STACK_TYPE) else f"{chain}${type_token}"
    return f"{_PREFIX}{stack}::{project}::{qualified}::{name}"


def is_valid(urn: str) -> bool:
    """Whether the text has the shape of a URN."""
    return urn.startswith(_PREFIX) and len(urn.split("::", _PARTS - 1)) == _PARTS


def qualified_type(urn: str) -> str:
    """The chain of types from the outermost parent to the resource."""
    return urn.split("::", _PARTS - 1)[2]


def type_of(urn: str) -> str:
    """The resource's own type."""
    return qualified_type(urn).rsplit("$", 1)[-1]


def name_of(urn: str) -> str:
    """The resource's logical name."""
    return urn.split("::", _PARTS - 1)[3]


def package_of(type_token: str) -> str:
    """The package that a type or function token belongs to."""
    return type_token.split(":", 1)[0]


def is_provider_type(type_token: str) -> bool:
    """Whether the type is a provider's."""
    return type_token.startswith(PROVIDER_PREFIX)


def provider_package(urn: str) -> str:
    """The package that the provider resource serves."""
    return type_of(urn).removeprefix(PROVIDER_PREFIX)


def is_default_provider(urn: str) -> bool:
    """Whether the engine made this provider itself because the program named none."""
    return is_provider_type(type_of(urn)) and (name_of(urn) == "default" or name_of(urn).startswith("default_"))


def split_reference(reference: str) -> tuple[str, str]:
    """URN and id in a provider reference."""
    provider, _, identifier = reference.rpartition("::")
    return provider, identifier
