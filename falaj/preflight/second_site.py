"""Whether a second site in the country stands by, where a profile asks for one."""

from __future__ import annotations

from collections.abc import Iterator

from falaj.catalog.profiles import combined
from falaj.catalog.regions import regions
from falaj.catalog.tags import Stage
from falaj.preflight.findings import Finding, Verdict
from falaj.preflight.state import COUNTRY
from falaj.preflight.wanted import Wanted

PROFILES_FILE = "falaj/catalog/data/profiles.yaml"


def second_site_findings(wanted: Wanted) -> Iterator[Finding]:
    """Yield whether another environment of the project stands in another region of the country.

    Only for production whose profiles ask for it; one provider may have just one region there.
    """
    rules = combined(wanted.profiles)
    if wanted.stage is not Stage.PRODUCTION or not rules.second_site:
        return
    sites = [
        f"{site.stack} in {site.region}"
        for site in wanted.sites
        if site.region != wanted.region
        and site.stage is not Stage.DEVELOPMENT
        and regions()[site.region].jurisdiction.country == COUNTRY
    ]
    yield Finding(
        what="second site",
        needed="in another region of the country",
        found=", ".join(sites) or "none among the stacks of this project",
        verdict=Verdict.OK if sites else Verdict.MISSING,
        source=PROFILES_FILE,
        as_of=rules.reviewed,
        next_step="" if sites else f"write the stack file of one, stage dr or prod ({rules.because['second_site']})",
    )
