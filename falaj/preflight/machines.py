"""Whether the region, its zones and its machines are to be had."""

from __future__ import annotations

from collections.abc import Iterator

from falaj.catalog.availability import Availability
from falaj.catalog.offers import MachineSize, families_sold, machine_sizes, offers_file, why_not_sold
from falaj.catalog.providers import Provider
from falaj.catalog.regions import Access, regions
from falaj.preflight.findings import Finding, Verdict
from falaj.preflight.wanted import Wanted, WantedPool

REGIONS_FILE = "falaj/catalog/data/regions.yaml"
ACCESS_STEPS = {
    Access.OPT_IN: "aws account enable-region --region-name {region}",
    Access.RESTRICTED: "ask Azure support for access to {region}, and name its answer in the stack file",
}


def region_findings(wanted: Wanted) -> Iterator[Finding]:
    """Yield whether the account may use the region, and whether it has room."""
    region = regions()[wanted.region]
    where = f"region {wanted.region}"
    if region.access in ACCESS_STEPS:
        yield Finding(
            what=where,
            needed="open to the account",
            found="has to be switched on" if region.access is Access.OPT_IN else "granted on request",
            verdict=Verdict.ASK,
            source=REGIONS_FILE,
            as_of=region.reviewed,
            next_step=ACCESS_STEPS[region.access].format(region=wanted.region),
        )
    if region.capacity == "unknown":
        yield Finding(
            what=where,
            needed="room for new machines",
            found="unknown",
            verdict=Verdict.ASK,
            source=REGIONS_FILE,
            as_of=region.reviewed,
            next_step="read the provider's health page, and reserve capacity before the first deployment",
        )


def size_findings(wanted: Wanted) -> Iterator[Finding]:
    """Yield, for each size of each pool, whether the region and every zone sell it."""
    for pool in wanted.pools:
        for size in pool.sizes:
            yield _size_finding(wanted, pool, size)


def _size_finding(wanted: Wanted, pool: WantedPool, size: str) -> Finding:
    zones = wanted.zones_of(pool)
    what, needed = f"pool {pool.name}, {size}", _needed(zones)
    sold = machine_sizes(wanted.region).get(size)
    if sold is None:
        return Finding(
            what=what,
            needed=needed,
            found=why_not_sold(wanted.region, size),
            verdict=Verdict.MISSING,
            source=offers_file(wanted.region),
            as_of=None,
            next_step=f"choose another size; sold there: {families_sold(wanted.region, gpu=False)}",
        )
    lacking = [zone for zone in zones if sold.sold_in(zone) is Availability.NO]
    unsure = [zone for zone in zones if sold.sold_in(zone) is Availability.UNKNOWN]
    verdict = Verdict.MISSING if lacking else Verdict.ASK if unsure else Verdict.OK
    return Finding(
        what=what,
        needed=needed,
        found=_found(zones, lacking, unsure),
        verdict=verdict,
        source=offers_file(wanted.region),
        as_of=sold.reviewed,
        next_step=_next_step(wanted, sold, verdict),
    )


def _needed(zones: tuple[str, ...]) -> str:
    return f"sold in zones {', '.join(zones)}" if zones else "sold in the region"


def _found(zones: tuple[str, ...], lacking: list[str], unsure: list[str]) -> str:
    if lacking:
        return f"not sold in zone {', '.join(lacking)}"
    if unsure:
        return f"sold in the region, unknown for zones {', '.join(unsure)}"
    return "sold there" if zones else "sold in the region"


def _next_step(wanted: Wanted, size: MachineSize, verdict: Verdict) -> str:
    if verdict is Verdict.OK:
        return ""
    if verdict is Verdict.MISSING:
        sold = [zone for zone, answer in size.zones.items() if answer is Availability.YES]
        return f"choose a size of every zone, or the zones {', '.join(sold)} alone"
    if wanted.provider is Provider.AZURE:
        return f"az vm list-skus --location {wanted.region} --size {size.name} --zone --all --output table"
    return (
        f"aws ec2 describe-instance-type-offerings --region {wanted.region} --location-type availability-zone-id "
        f"--filters Name=instance-type,Values={size.name}"
    )
