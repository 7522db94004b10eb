"""BDR-004: production names a second site in the country."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from falaj.catalog.regions import regions
from falaj.catalog.tags import Stage
from policies.capacity.pools import AKS, EKS
from policies.continuity.recovery import SECOND_SITE, said_of_recovery, sites_beside
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import deployment
from policies.examples.pools import aks, eks
from policies.geography.homes import home_of
from policies.outcomes import NotApplicable, Outcome
from policies.parameters import Parameters
from policies.stages import stage_of
from policies.values import UNKNOWN


class SecondSite(Parameters):
    """What a second site has to differ in."""

    another_provider: bool = Field(
        default=False, description="Another provider has to run it, not only another region."
    )


CONTROL = Control(
    id="BDR-004",
    title="Production names a second site in the country",
    harm="When the only region is struck, as one was in March 2026, the law lets nobody carry on anywhere else.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(EKS, AKS), view=situated),
    parameters=SecondSite,
    reads=(f"{EKS}:region", "ManagedCluster:location", "tags.environment"),
    remedy=(
        "Run a second environment in another region of the UAE and name that region: second_site in falaj:environment, "
        "or falaj:secondSite in any other stack's configuration."
    ),
    note=(
        "Judged where a profile asks for a second site, on the cluster of a production stack; recovery and "
        "development need none of their own. AWS has one region in the country, so its second site is another "
        "provider's. What lies there is not in this plan: `falaj preflight` looks for its stack."
    ),
)


@CONTROL.check
def has_a_second_site(found: Situated) -> Iterator[Outcome]:
    """Find a production whose second site is missing, abroad, or where it is itself."""
    plan = found.plan
    if not plan.stack.rules.second_site:
        yield NotApplicable("no profile of the stack asks for a second site")
    elif stage_of(found.resource, plan) in (Stage.DEVELOPMENT, Stage.RECOVERY):
        yield NotApplicable("is no production")
    else:
        home = home_of(found.resource, plan)
        if home.key is None or home.key not in regions():
            yield home.undecided
            return
        allowed = sites_beside(home.key, another_provider=plan.parameters(SecondSite).another_provider)
        yield from said_of_recovery(plan, SECOND_SITE).must(
            lambda site: site in allowed, f"another region in the UAE: {', '.join(allowed)}"
        )


BANK = {"falaj:profiles": "cbuae"}
TO_DUBAI, TO_ABU_DHABI = (BANK | {"falaj:secondSite": site} for site in ("uaenorth", "uaecentral"))
OURS = {"falaj:environment": '{"stage": "prod", "profiles": ["gov"], "second_site": "me-central-1"}'}
WITHOUT = {"falaj:environment": '{"stage": "prod", "profiles": ["health"], "region": "uaenorth"}'}
RECOVERY = {"falaj:environment": '{"stage": "dr", "profiles": ["cbuae"]}'}
CONTROL.good("in Abu Dhabi, for Dubai", aks(), config=TO_ABU_DHABI)
CONTROL.good("at another provider, for the only region of AWS", eks(), config=TO_DUBAI)
CONTROL.good("the cluster's own region decides", eks(provider=None, region="me-central-1"), config=TO_ABU_DHABI)
CONTROL.good("an environment of ours", aks(location="UAE North"), config=OURS)
CONTROL.bad(
    "none",
    eks(),
    config=BANK,
    finding=(
        'configuration["falaj:secondSite"]: found nothing, expected another region in the UAE: uaenorth, uaecentral'
    ),
)
CONTROL.bad(
    "none for an environment of ours, in the region of its stack",
    aks(provider=None, location=None),
    config=WITHOUT,
    finding=(
        'configuration["falaj:environment"].second_site: found nothing, '
        "expected another region in the UAE: me-central-1, uaecentral"
    ),
)
CONTROL.bad(
    "where it is itself",
    aks(location="UAE North"),
    config=TO_DUBAI,
    finding=(
        'configuration["falaj:secondSite"]: found uaenorth, '
        "expected another region in the UAE: me-central-1, uaecentral"
    ),
)
CONTROL.bad(
    "abroad",
    eks(),
    config=BANK | {"falaj:secondSite": "me-south-1"},
    finding=(
        'configuration["falaj:secondSite"]: found me-south-1, expected another region in the UAE: uaenorth, uaecentral'
    ),
)
CONTROL.bad(
    "at the same provider, where the operator asks for another",
    aks(),
    config=TO_ABU_DHABI,
    parameters=SecondSite(another_provider=True),
    finding=('configuration["falaj:secondSite"]: found uaecentral, expected another region in the UAE: me-central-1'),
)
CONTROL.unknown("a location made elsewhere", aks(location=UNKNOWN), config=TO_ABU_DHABI, at="location")
CONTROL.unknown("nobody says the region", eks(provider=None), config=TO_DUBAI, at="configuration.region")
CONTROL.unknown("no region that anybody knows", eks(region="me-middle-9"), config=TO_DUBAI, at="region")
CONTROL.not_applicable("no profile asks", eks())
CONTROL.not_applicable("a profile that does not ask", eks(), config={"falaj:profiles": "smb"})
CONTROL.not_applicable("the second site itself", aks(), config=RECOVERY)
CONTROL.not_applicable("for development", aks(tags={"environment": "dev"}), config=BANK)
CONTROL.not_applicable("a Deployment has no site", deployment())
