"""What a well-formed cloud environment may still get wrong: what its region does not sell, or its profiles forbid."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from ipaddress import IPv4Network

from pydantic import ValidationError

from components.placement import PERSONAL
from falaj.catalog.data_flows import DataClass
from falaj.catalog.profiles import combined, profiles
from falaj.catalog.recipes import kubernetes_minors, recipes
from falaj.catalog.regions import Access, regions
from falaj.catalog.tags import Stage
from stacks.autoscaling import autoscaler_problems
from stacks.environment_settings import AwsEnvironment, AzureEnvironment, CloudEnvironment, EnvironmentSettings
from stacks.gpu_rules import gpu_problems
from stacks.gpu_specs import gpu_pool_specs
from stacks.pool_rules import pool_problems
from stacks.problems import Problem
from stacks.specs import SERVICE_CIDR, alerts_spec, budget_spec, environment_place, network_spec, pool_specs
from stacks.versions import TARGETS

REGIONS_FILE = "falaj/catalog/data/regions.yaml"
OVERLAY = IPv4Network("100.64.0.0/10")
RESERVED = {"the cluster's Services": IPv4Network(SERVICE_CIDR), "pods on an Azure overlay": OVERLAY}
"""Networks that every environment uses inside its cluster."""
ENVIRONMENT_NAME = re.compile(r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?")
"""It begins the names of roles, vaults and buckets."""
SECTOR_PROFILES = {
    DataClass.HEALTH: "health",
    DataClass.FINANCIAL: "cbuae",
    DataClass.GOVERNMENT: "gov",
}
"""Classes of data that a sector's own rules govern, and the profile that holds them."""
CUSTOMER_DATA = frozenset({*PERSONAL, DataClass.GOVERNMENT})
COPIES_ABROAD = frozenset({"GRS", "GZRS", "RA-GRS", "RA-GZRS"})


def cloud_problems(
    environment: AwsEnvironment | AzureEnvironment, name: str, others: Mapping[str, EnvironmentSettings]
) -> list[Problem]:
    """Return everything wrong with a cloud environment, by the catalog and by its own profiles."""
    unknown = [profile for profile in environment.profiles if profile not in profiles()]
    if unknown:
        message = f"found '{unknown[0]}', allowed: {', '.join(profiles())}."
        return [Problem(f"environment.profiles[{environment.profiles.index(unknown[0])}]", message)]
    problems = [
        *_name_problems(name),
        *_region_problems(environment),
        *_profile_problems(environment),
        *_data_problems(environment),
        *_network_problems(environment, others),
        *_kubernetes_problems(environment),
        *pool_problems(environment),
        *gpu_problems(environment, name),
        *(
            _aws_problems(environment, name)
            if isinstance(environment, AwsEnvironment)
            else _azure_problems(environment)
        ),
    ]
    return problems or list(_spec_problems(environment, name))


def _own_problems(environment: AwsEnvironment | AzureEnvironment, name: str) -> Iterator[Problem]:
    """Return what only one of the clouds can get wrong."""
    return _aws_problems(environment, name) if isinstance(environment, AwsEnvironment) else _azure_problems(environment)


def _spec_problems(environment: AwsEnvironment | AzureEnvironment, name: str) -> Iterator[Problem]:
    """Yield what the components themselves refuse, which knows their own part better than these rules."""
    place = environment_place(name, environment)
    parts: dict[str, Callable[[], object]] = {
        "network": lambda: network_spec(place, environment),
        "pools": lambda: pool_specs(environment, place["placement"]),
        "gpu_pools": lambda: gpu_pool_specs(environment, place["placement"]),
        "budget": lambda: budget_spec(place, environment),
    }
    if isinstance(environment, AwsEnvironment) and environment.alert_receivers:
        parts["alert_receivers"] = partial(alerts_spec, place, environment)
    for key, spec in parts.items():
        try:
            spec()
        except ValidationError as error:
            for found in error.errors():
                said = found.get("ctx", {}).get("error", found["msg"])
                yield Problem(f"environment.{key}", f"{said}.")


def _name_problems(name: str) -> Iterator[Problem]:
    if not ENVIRONMENT_NAME.fullmatch(name):
        message = f"the stack is named {name!r}, allowed for a cloud: up to 40 of a-z, 0-9 and -, a letter first."
        yield Problem("environment", message, "give the stack and its file another name")


def _region_problems(environment: CloudEnvironment) -> Iterator[Problem]:
    region = regions()[environment.region]
    sold = region.zones if isinstance(region.zones, tuple) else ()
    for zone in environment.zones or ():
        if zone not in sold:
            offer = f"allowed: {', '.join(sold)}." if sold else "allowed: none; leave the key out."
            reason = f"{environment.region} has {'no zones' if not sold else 'no such zone'}"
            message = f"found '{zone}', but {reason} ({REGIONS_FILE}, {region.reviewed}), {offer}"
            yield Problem("environment.zones", message)
    if len({*(environment.zones or ())}) < len(environment.zones or ()):
        yield Problem("environment.zones", "names a zone twice, allowed: each once.")


def _profile_problems(environment: CloudEnvironment) -> Iterator[Problem]:
    rules = combined(environment.profiles)
    asking = ", ".join(environment.profiles)
    if environment.api_access == "public":
        reason = f"Profile {asking}: {rules.because['private_api']}." if rules.private_api else "Falaj makes no other."
        message = f"found 'public', allowed: private. {reason}"
        yield Problem("environment.api_access", message)
    sold = regions()[environment.region].zones
    zones = sold if environment.zones is None else tuple(zone for zone in sold if zone in environment.zones)
    known = {*(environment.zones or ())} <= {*sold}
    if known and sold and environment.stage is Stage.PRODUCTION and len(zones) < rules.least_zones:
        reason = f"Profile {asking}: {rules.because['least_zones']}."
        message = f"found {len(zones)}, allowed: {rules.least_zones} or more. {reason}"
        yield Problem("environment.zones", message)
    if environment.stage not in rules.allowed_stages:
        allowed = ", ".join(sorted(rules.allowed_stages))
        message = (
            f"found '{environment.stage}', allowed: {allowed}. Profile {asking}: {rules.because['allowed_stages']}."
        )
        yield Problem("environment.stage", message)
    for document in rules.requires:
        if document not in environment.documents:
            message = f"lacks {document}, the id of a document. Profile {asking}: {rules.because['requires']}."
            yield Problem("environment.documents", message)


def _data_problems(environment: CloudEnvironment) -> Iterator[Problem]:
    held = environment.data_class
    if environment.stage is Stage.DEVELOPMENT and held in CUSTOMER_DATA:
        message = f"found '{held}', allowed in stage dev: public, internal, operational: it holds no customer's data."
        yield Problem("environment.data_class", message)
    sector = SECTOR_PROFILES.get(held)
    if sector is not None and sector not in environment.profiles:
        found = ", ".join(environment.profiles)
        message = (
            f"found {found}, but {held} data are governed by profile {sector}, allowed: a list with {sector} in it."
        )
        yield Problem("environment.profiles", message)
    if held in PERSONAL and environment.processing_record is None:
        message = f"is missing. {held} data are about persons: name the entry of the record of processing activities."
        yield Problem("environment.processing_record", message)


def _network_problems(environment: CloudEnvironment, others: Mapping[str, EnvironmentSettings]) -> Iterator[Problem]:
    network = environment.network
    taken = [(f"environment {name}", block) for name, other in _clouds(others) for block in _blocks(other)]
    for key, block in [("cidr", network.cidr), *(("further_cidrs", block) for block in network.further_cidrs)]:
        for holder, addresses in [*RESERVED.items(), *taken]:
            if IPv4Network(block).overlaps(addresses) and not (key == "further_cidrs" and addresses == OVERLAY):
                message = f"found '{block}', which overlaps {addresses} of {holder}, allowed: a network of its own."
                yield Problem(f"environment.network.{key}", message)
    if network.allowed_names and network.egress != "firewall":
        message = f"is read by the firewall, but egress is '{network.egress}', allowed: egress: firewall, or no names."
        yield Problem("environment.network.allowed_names", message)
    if network.egress == "firewall" and not network.allowed_names:
        message = "is missing. A firewall that lets no name through is egress: none."
        yield Problem("environment.network.allowed_names", message)
    if network.egress == "nat" and environment.stage is not Stage.DEVELOPMENT:
        message = (
            f"found 'nat', which lets everything out, allowed in stage {environment.stage}: none, firewall "
            "(control RES-020: no way to the internet from where models run)."
        )
        yield Problem("environment.network.egress", message)


def _blocks(environment: CloudEnvironment) -> list[IPv4Network]:
    return [IPv4Network(block) for block in (environment.network.cidr, *environment.network.further_cidrs)]


def _clouds(others: Mapping[str, EnvironmentSettings]) -> Iterator[tuple[str, CloudEnvironment]]:
    for name, other in others.items():
        if isinstance(other, CloudEnvironment):
            yield name, other


def _kubernetes_problems(environment: AwsEnvironment | AzureEnvironment) -> Iterator[Problem]:
    target = TARGETS[environment.provider]
    minors = kubernetes_minors(target)
    if environment.kubernetes is not None and environment.kubernetes not in minors:
        recipe = recipes()[target]
        message = (
            f"found '{environment.kubernetes}', which no recipe of {target} holds "
            f"(falaj/catalog/data/kubernetes.yaml, {recipe.reviewed}), allowed: {', '.join(minors)}."
        )
        yield Problem("environment.kubernetes", message)


def _aws_problems(environment: AwsEnvironment, name: str) -> Iterator[Problem]:
    if environment.kubernetes is None or environment.kubernetes in kubernetes_minors(TARGETS[environment.provider]):
        yield from autoscaler_problems(environment, name)
    for index, administrator in enumerate(environment.administrators):
        if administrator.split(":")[4] != environment.account:
            message = f"found '{administrator}', allowed: a role of account {environment.account} (control TEN-006)."
            yield Problem(f"environment.administrators[{index}]", message)
    if environment.stage is not Stage.DEVELOPMENT and not environment.alert_receivers:
        message = (
            f"is missing. Who is told of alarms, one or more in stage {environment.stage} "
            "(control LOG-009: alarms reach somebody). For example: security@example.ae."
        )
        yield Problem("environment.alert_receivers", message)
    if environment.budget.currency != "USD":
        message = f"found '{environment.budget.currency}', allowed: USD; AWS keeps budgets in no other."
        yield Problem("environment.budget.currency", message)


def _azure_problems(environment: AzureEnvironment) -> Iterator[Problem]:
    region = regions()[environment.region]
    if region.access is Access.RESTRICTED and environment.access_grant is None:
        message = (
            f"is missing. {environment.region} is open only to subscriptions that Azure admits on request "
            f"({REGIONS_FILE}, {region.reviewed}): name Azure's answer."
        )
        yield Problem("environment.access_grant", message)
    if region.access is Access.RESTRICTED and environment.stage is not Stage.RECOVERY:
        message = (
            f"found '{environment.stage}', allowed in {environment.region}: dr; it is kept for disaster recovery "
            f"({REGIONS_FILE}, {region.reviewed})."
        )
        yield Problem("environment.stage", message)
    if environment.redundancy in COPIES_ABROAD:
        message = (
            f"found '{environment.redundancy}', allowed: {'ZRS, LRS' if region.zones else 'LRS'}. A geo-redundant copy "
            "fails over by Azure's choice and needs a signed waiver (control RES-012)."
        )
        yield Problem("environment.redundancy", message)
    if environment.redundancy == "ZRS" and not region.zones:
        message = (
            f"found 'ZRS', but {environment.region} has no zones ({REGIONS_FILE}, {region.reviewed}), allowed: LRS."
        )
        yield Problem("environment.redundancy", message)
