"""Whether the region has every service that the stack's features use."""

from __future__ import annotations

from collections.abc import Iterator

from falaj.catalog.availability import Availability
from falaj.catalog.private_access import Feature
from falaj.catalog.providers import Provider
from falaj.catalog.regions import regions
from falaj.catalog.services import Service, service
from falaj.preflight.findings import Finding, Verdict
from falaj.preflight.wanted import Wanted

SERVICES_FILE = "falaj/catalog/data/services.yaml"
NEEDED = {
    Provider.AWS: {
        Feature.KUBERNETES: ("eks",),
        Feature.IDENTITY: ("eks-auth", "sts"),
        Feature.REGISTRY: ("ecr", "s3"),
        Feature.MODEL_STORE: ("s3",),
        Feature.KEYS: ("kms",),
        Feature.LOGS: ("logs",),
        Feature.METRICS: ("monitoring",),
        Feature.MACHINES: ("ec2", "ebs"),
        Feature.SCALING: ("autoscaling",),
        Feature.LOAD_BALANCING: ("elasticloadbalancing",),
        Feature.BACKUP: ("backup",),
        Feature.SECRETS: ("secretsmanager",),
        Feature.AUDIT: ("cloudtrail", "s3"),
    },
    Provider.AZURE: {
        Feature.KUBERNETES: ("aks", "private-link"),
        Feature.REGISTRY: ("container-registry",),
        Feature.KEYS: ("key-vault",),
        Feature.LOGS: ("log-analytics",),
        Feature.BACKUP: ("backup-vault",),
        Feature.SECRETS: ("key-vault",),
    },
}
"""The services behind each feature."""
FIREWALLS = {Provider.AWS: "network-firewall", Provider.AZURE: "azure-firewall"}
LIST_SERVICES = (
    "aws ssm get-parameters-by-path --region {region} --path "
    "/aws/service/global-infrastructure/regions/{region}/services"
)
LOOK_UP = "az provider list --expand metadata: look for {region} among the locations of the service"


def service_findings(wanted: Wanted) -> Iterator[Finding]:
    """Yield the services that the region has as one finding, and one for each that it lacks or may lack."""
    needed = services_needed(wanted)
    rows = {key: row for key in needed if (row := service(wanted.region, key)) is not None}
    there = [key for key, row in rows.items() if row.available is Availability.YES]
    if there:
        yield Finding(
            what="services",
            needed=", ".join(there),
            found="all there",
            verdict=Verdict.OK,
            source=SERVICES_FILE,
            as_of=min(rows[key].reviewed for key in there),
        )
    for key in needed:
        if key in there:
            continue
        row = rows.get(key)
        missing = row is not None and row.available is Availability.NO
        yield Finding(
            what=f"service {key}",
            needed="in the region" if row is None else row.title,
            found="not there" if missing else "unknown",
            verdict=Verdict.MISSING if missing else Verdict.ASK,
            source=SERVICES_FILE,
            as_of=None if row is None else row.reviewed,
            next_step=_next_step(wanted, row),
        )


def _next_step(wanted: Wanted, row: Service | None) -> str:
    if wanted.provider is Provider.AWS:
        return LIST_SERVICES.format(region=wanted.region)
    return row.notes if row is not None and row.notes else LOOK_UP.format(region=wanted.region)


def services_needed(wanted: Wanted) -> tuple[str, ...]:
    """Return the keys of the services behind the stack's features and its way out, in order of their names."""
    table = NEEDED.get(wanted.provider, {})
    needed = {key for feature in wanted.features for key in table.get(feature, ())}
    if wanted.provider in FIREWALLS and wanted.egress == "firewall":
        needed.add(FIREWALLS[wanted.provider])
    if wanted.provider is Provider.AZURE and Feature.MODEL_STORE in wanted.features and regions()[wanted.region].zones:
        needed.add("storage-zrs")
    return tuple(sorted(needed))
