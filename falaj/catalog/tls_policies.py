"""Named TLS policies of load balancers: which versions of TLS a listener takes that names one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

from pydantic import Field

from falaj.catalog.facts import Fact, read_rows
from falaj.catalog.providers import Provider

TlsVersion = Literal["1.0", "1.1", "1.2", "1.3"]


class TlsPolicy(Fact):
    """One policy that a cloud offers by name."""

    provider: Provider = Field(description="Whose load balancers take it.")
    oldest: TlsVersion = Field(description="The oldest version of TLS that it still takes.")


@cache
def tls_policies() -> Mapping[str, TlsPolicy]:
    """Return every policy by its name."""
    return read_rows("tls_policies.yaml", TlsPolicy)


def policies_from(provider: Provider, oldest: TlsVersion) -> tuple[str, ...]:
    """Return the names of a cloud's policies that take nothing older than a version, the newest first."""
    return tuple(
        name for name, policy in tls_policies().items() if policy.provider is provider and policy.oldest >= oldest
    )
