"""Names: of objects the program left unnamed, of field managers, and of resources in the state."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from falaj.engine.kubernetes.values import dig, reveal

AUTONAMED = "pulumi.com/autonamed"
"""The annotation of an object whose name the provider chose."""

FIELD_MANAGER = "pulumi.com/patchFieldManager"
"""The annotation with which a program chooses the field manager itself."""


def autoname(prefix: str, seed: bytes) -> str:
    """Give ``prefix-xxxxxxxx``: the same eight hexadecimal digits for the same seed, random ones without a seed."""
    suffix = hashlib.sha256(seed).hexdigest()[:8] if seed else secrets.token_hex(4)
    return f"{prefix}-{suffix}"


def field_manager(urn: str, inputs: Mapping[str, Any], state: Mapping[str, Any]) -> str:
    """Give the field manager of a resource: the one it asks for, the one it had, or one derived from its URN."""
    asked = annotation(inputs, FIELD_MANAGER) or state.get("__fieldManager")
    return str(asked) if asked else f"pulumi-kubernetes-{hashlib.sha256(urn.encode()).hexdigest()[:8]}"


def annotation(tree: Mapping[str, Any], name: str) -> str:
    """Give an annotation's value, or nothing."""
    return str(dig(reveal(dig(tree, "metadata", default={})), "annotations", name, default=""))


def is_autonamed(tree: Mapping[str, Any]) -> bool:
    """Tell whether the provider chose the object's name."""
    return annotation(tree, AUTONAMED) == "true"


def identifier(live: Mapping[str, Any]) -> str:
    """Give the id under which the state knows an object: ``namespace/name``, or ``name``."""
    namespace = dig(live, "metadata", "namespace", default="")
    name = dig(live, "metadata", "name", default="")
    return f"{namespace}/{name}" if namespace else str(name)


def split_identifier(resource_id: str) -> tuple[str, str]:
    """Give namespace and name of an id; the namespace may be empty."""
    namespace, _, name = resource_id.rpartition("/")
    return namespace, name


def described(live: Mapping[str, Any]) -> str:
    """Name an object for a person: ``Deployment acme/server``."""
    return f"{live.get('kind', 'object')} {identifier(reveal(dict(live)))}"
