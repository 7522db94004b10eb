"""How much of each quota the stack can come to use, upgrades and replacements included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from falaj.catalog.offers import MachineSize, machine_sizes
from falaj.catalog.private_access import EndpointType, endpoints
from falaj.catalog.providers import Provider
from falaj.catalog.quotas import Quota, machines_beside, quotas
from falaj.preflight.findings import Finding, Verdict
from falaj.preflight.versions import makes_cluster
from falaj.preflight.wanted import Wanted, WantedPool

QUOTAS_FILE = "falaj/catalog/data/quotas.yaml"


@dataclass(frozen=True, slots=True)
class QuotaNeed:
    """The most a stack uses of one quota."""

    provider: Provider
    """Whose quota it is."""
    service: str
    """The provider's code of the service."""
    code: str
    """The provider's code of the quota, or the name of the usage."""
    title: str
    """The provider's name for it."""
    amount: int
    """The most that is used at once."""
    reason: str
    """How the amount comes about."""
    quota: Quota
    """The row of the catalog."""


def machines_at_once(pool: WantedPool, wanted: Wanted) -> int:
    """Return the most machines a pool has at once: its maximum, and those an upgrade or a new pool starts beside them.

    A pool that is replaced stands beside its successor, which starts with the minimum. Upgrade and replacement never
    run together.
    """
    upgrade = machines_beside(
        wanted.provider, maximum=pool.maximum, surge_percent=pool.surge_percent, zones=len(wanted.zones_of(pool))
    )
    return pool.maximum + max(upgrade, pool.minimum)


def quota_needs(wanted: Wanted) -> tuple[QuotaNeed, ...]:
    """Return the quotas the stack uses, in order of their titles; pools of unsold sizes are left out."""
    needs = {need.code: need for need in (*_things(wanted), *_cores(wanted))}
    return tuple(sorted(needs.values(), key=lambda need: (need.service, need.title)))


def quota_findings(wanted: Wanted) -> Iterator[Finding]:
    """Yield what to ask for, as only the account knows what it may use: missing is what a new account surely lacks."""
    for need in quota_needs(wanted):
        default = need.quota.default if need.code == need.quota.code else "unknown"
        enough = default != "unknown" and need.amount <= default
        yield Finding(
            what=f"quota {need.title}",
            needed=f"{need.amount} ({need.reason})",
            found="a new account's default is unknown"
            if default == "unknown"
            else f"a new account starts with {default}",
            verdict=Verdict.OK if enough else Verdict.ASK,
            source=QUOTAS_FILE,
            as_of=need.quota.reviewed,
            next_step="" if enough else request(need, wanted, need.amount),
        )


def request(need: QuotaNeed, wanted: Wanted, total: int) -> str:
    """Return the command that asks for a quota of `total`."""
    if need.provider is Provider.AWS:
        return (
            f"aws service-quotas request-service-quota-increase --region {wanted.region} --service-code {need.service} "
            f"--quota-code {need.code} --desired-value {total}"
        )
    scope = f"/subscriptions/{wanted.account}/providers/{need.service}/locations/{wanted.region}"
    return (
        f'az quota update --scope {scope} --resource-name "{need.code}" '
        f"--limit-object value={total} limit-object-type=LimitValue"
    )


def _cores(wanted: Wanted) -> Iterator[QuotaNeed]:
    amounts: dict[tuple[str, str, str], int] = {}
    parts: dict[tuple[str, str, str], list[str]] = {}
    for pool in wanted.pools:
        sizes = [size for name in pool.sizes if (size := machine_sizes(wanted.region).get(name)) is not None]
        if not sizes:
            continue
        largest = max(sizes, key=lambda size: size.vcpus)
        count = machines_at_once(pool, wanted)
        for place in _places(largest, pool):
            amounts[place] = amounts.get(place, 0) + count * largest.vcpus
            parts.setdefault(place, []).append(f"{pool.name} {count} x {largest.vcpus}")
    for place, amount in amounts.items():
        key, code, title = place
        quota = quotas()[key]
        reason = f"vCPUs: {', '.join(parts[place])}"
        yield QuotaNeed(quota.provider, quota.service, code, title, amount, reason, quota)


def _places(size: MachineSize, pool: WantedPool) -> Iterator[tuple[str, str, str]]:
    quota = quotas()[size.quota]
    if pool.capacity == "spot":
        yield size.quota, quota.spot_code or "", quota.spot_title or quota.title
        return
    if size.quota_family is not None:
        yield size.quota, size.quota_family, f"{size.quota_family} vCPUs"
        regional = quotas()["azure-regional-cores"]
        yield "azure-regional-cores", regional.code or "", regional.title
        return
    yield size.quota, quota.code or "", quota.title


def _things(wanted: Wanted) -> Iterator[QuotaNeed]:
    if not makes_cluster(wanted):
        return
    if wanted.provider is Provider.AWS:
        interfaces = [each for each in endpoints(Provider.AWS, wanted.features) if each.type is EndpointType.INTERFACE]
        yield _need("aws-clusters", 1, "the cluster")
        yield _need("aws-vpcs", 1, "the network")
        if interfaces:
            yield _need("aws-interface-endpoints", len(interfaces), "one for each service in use")
        if wanted.egress != "none":
            yield _need("aws-elastic-ips", max(1, len(wanted.zones)), "the way out, one for each zone")
    else:
        yield _need("azure-clusters", 1, "the cluster")


def _need(key: str, amount: int, reason: str) -> QuotaNeed:
    quota = quotas()[key]
    return QuotaNeed(quota.provider, quota.service, quota.code or "", quota.title, amount, reason, quota)
