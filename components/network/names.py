"""Which names a network's resolver answers for. Pure.

A network without a way out still resolves every public name, and a query is a message: whoever runs the name server of
a domain reads what is asked. So the resolver answers for the services in use and for the names allowed, and for no
other. The global names of AWS's services (sts.amazonaws.com, s3.amazonaws.com) are not among them: whatever still calls
one would leave the country.

Sources: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall.html,
https://learn.microsoft.com/azure/dns/dns-security-policy
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from falaj.catalog.private_access import endpoints

if TYPE_CHECKING:
    from components.network.spec import NetworkSpec

EVERY_NAME = "*"
"""Every name, as AWS writes it."""
ROOT = "."
"""Every name, as Azure writes it."""
PRIVATE_LABEL = "privatelink."
ASKED_AS = {"vaultcore.azure.net": "vault.azure.net"}
"""Where clients ask for another domain than the private zone's name shows."""


def resolvable_names(spec: NetworkSpec) -> tuple[str, ...]:
    """Return the names an AWS network may resolve, `*.` in front of those that stand for every name below."""
    region = spec.placement.region
    services = {f"*.{region}.{suffix}" for suffix in ("amazonaws.com", "eks.amazonaws.com", "api.aws")}
    own = {f"*.{region}.compute.internal", "*.in-addr.arpa"}
    return tuple(sorted(services | own | {*spec.internal_domains} | {*spec.reachable_names}))


def resolvable_domains(spec: NetworkSpec) -> tuple[str, ...]:
    """Return the domains an Azure network may resolve, each with every name below it, a dot at its end."""
    zones = {
        zone.removeprefix(PRIVATE_LABEL)
        for endpoint in endpoints(spec.provider, spec.features)
        for zone in endpoint.zones_in(spec.placement.region)
    }
    asked = {ASKED_AS[zone] for zone in zones & ASKED_AS.keys()}
    own = {"internal.cloudapp.net", "in-addr.arpa"}
    named = {name.removeprefix("*.") for name in (*spec.internal_domains, *spec.reachable_names)}
    return tuple(f"{name}." for name in sorted(zones | asked | own | named))
