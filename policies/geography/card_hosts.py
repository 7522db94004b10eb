"""Where the host of an address lies, as far as its name tells: model cards are kept there."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from falaj.catalog.providers import Provider
from policies.geography.places import uae_regions

INSIDE_THE_CLUSTER: Final = (".svc", ".svc.cluster.local")
_REGIONAL: Final = {
    Provider.AWS: re.compile(
        r".*[.-](?P<region>[a-z]{2}(?:-[a-z]+)+-\d)\.(?:vpce\.)?(?:amazonaws\.com|api\.aws|on\.aws)"
    ),
    Provider.AZURE: re.compile(r".*\.(?P<region>[a-z]+\d?)\.(?:data\.azurecr\.io|cloudapp\.azure\.com|azmk8s\.io)"),
}
"""Names of the clouds' own hosts that say their region just before the cloud's domain; a bucket may be named so too."""


def host_of(address: object, schemes: Collection[str]) -> str | None:
    """Return the host, or bucket, of an address with one of the schemes; nothing for anything else."""
    if not isinstance(address, str):
        return None
    try:
        parts = urlsplit(address[:])
        host = parts.hostname
    except ValueError:
        return None
    return host or None if parts.scheme in schemes else None


def registry_of(image: object) -> str | None:
    """Return the host of an image's registry; nothing for an image that names none."""
    if not isinstance(image, str):
        return None
    first, slash, _ = image[:].partition("/")
    host = first.partition(":")[0].lower()
    return host if slash and ("." in first or ":" in first or host == "localhost") else None


def lies_in_the_uae(host: str, own: Collection[str] = ()) -> bool | None:
    """Tell whether a host lies in the UAE; `None` where its name does not tell and it is none of the operator's own.

    A name below one of the operator's own counts as that one.
    """
    if any(host == known or host.endswith(f".{known}") for known in own) or host.endswith(INSIDE_THE_CLUSTER):
        return True
    for provider, pattern in _REGIONAL.items():
        match = pattern.fullmatch(f".{host}")
        if match:
            return match["region"] in uae_regions(provider)
    return None
