"""RES-014: backups stay in the region, or in a pair that lies in the UAE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.azure_residency import ABROAD, HOME, IN_THE_UAE, made
from policies.geography.copies import PairedCopies, stays
from policies.geography.places import lies_in_azure_uae
from policies.node import Node
from policies.outcomes import Outcome
from policies.resources import Resource
from policies.tables import reads_of
from policies.values import UNKNOWN

VAULT = "azure-native:recoveryservices:Vault"
BACKUP_VAULT = "azure-native:dataprotection:BackupVault"
DATABASE = "azure-native:sql:Database"
INSTANCE = "azure-native:sql:ManagedInstance"

OF_A_VAULT = (("LocallyRedundant", "ZoneRedundant"), ("GeoRedundant",))
OF_SQL = (("Local", "Zone"), ("Geo", "GeoZone"))
SWITCH = (("Disabled", None), ("Enabled",))
Copies: TypeAlias = tuple[tuple[str | None, ...], tuple[str, ...]]
REDUNDANCIES: Mapping[str, Mapping[str, Copies]] = {
    VAULT: {
        "properties.redundancySettings.standardTierStorageRedundancy": OF_A_VAULT,
        "properties.redundancySettings.crossRegionRestore": SWITCH,
    },
    BACKUP_VAULT: {
        "properties.storageSettings[].type": OF_A_VAULT,
        "properties.featureSettings.crossRegionRestoreSettings.state": SWITCH,
    },
    DATABASE: {"requestedBackupStorageRedundancy": OF_SQL},
    INSTANCE: {"requestedBackupStorageRedundancy": OF_SQL},
}
"""For each type, what says where its backups lie: the values that stay in the region, those that copy to the pair."""
REPLICAS = "properties.replicatedRegions[]"


class BackupCopies(PairedCopies):
    """Where copies of backups may lie."""


CONTROL = Control(
    id="RES-014",
    title="Backups stay in the region, or in a pair that lies in the UAE",
    harm="The safest copy of the data is the one abroad: whoever may restore there has all of it.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=tuple(REDUNDANCIES), view=situated),
    reads=(
        *reads_of(REDUNDANCIES),
        f"{BACKUP_VAULT}:properties.replicatedRegions[*]",
        f"{BACKUP_VAULT}:properties.storageSettings",
        "location",
    ),
    remedy="Choose LocallyRedundant or ZoneRedundant (Local or Zone of databases); switch cross-region restore off.",
    parameters=BackupCopies,
    note=(
        "Azure copies to the pair unless told otherwise, so silence is a finding. Copies in the pair of a region in "
        "the UAE need in_country_pair in the policy configuration. Wider than asked: managed instances, and replicated "
        "regions of a vault. PostgreSQL, MySQL and Cosmos DB are in RES-009, regions of Site Recovery in RES-002."
    ),
)


@CONTROL.check
def backups_stay(found: Situated) -> Iterator[Outcome]:
    """Find each way in which backups leave the region."""
    resource, allowed = found.resource, found.plan.parameters(BackupCopies)
    for path, (here, paired) in REDUNDANCIES[resource.type].items():
        for node in resource.root.select(path):
            yield from stays(node, resource, allowed, here=here, paired=paired)
    if resource.type == BACKUP_VAULT:
        yield from stores_are_named(found["properties"]["storageSettings"])
        for region in resource.root.select(REPLICAS):
            yield from lies_in_azure_uae(region)


def stores_are_named(settings: Node) -> Iterator[Outcome]:
    """Find a vault that leaves its stores to Azure, which copies them to the pair."""
    if not settings.value:
        yield settings.finding("the type of each store")


TIER = "properties.redundancySettings.standardTierStorageRedundancy"
ZONES = {"standardTierStorageRedundancy": "ZoneRedundant"}


def vault(**settings: object) -> Resource:
    """Make a vault of Azure Backup with these settings of redundancy."""
    return made(VAULT, location=HOME, properties={"redundancySettings": settings})


def backup_vault(kind: object = "ZoneRedundant", **more: object) -> Resource:
    """Make a backup vault with one store of this redundancy."""
    stores = [{"datastoreType": "VaultStore", "type": kind}]
    return made(BACKUP_VAULT, location=HOME, properties={"storageSettings": stores, **more})


CONTROL.good("a vault across zones", vault(**ZONES, crossRegionRestore="Disabled"))
CONTROL.good("a vault in one building", vault(standardTierStorageRedundancy="LocallyRedundant"))
CONTROL.good(
    "a backup vault across zones",
    backup_vault(
        featureSettings={"crossRegionRestoreSettings": {"state": "Disabled"}}, replicatedRegions=["uaecentral"]
    ),
)
CONTROL.good("backups of a database across zones", made(DATABASE, requestedBackupStorageRedundancy="Zone"))
CONTROL.good("backups of an instance in one building", made(INSTANCE, requestedBackupStorageRedundancy="Local"))
CONTROL.bad(
    "a vault with a copy in the pair, to restore there",
    vault(standardTierStorageRedundancy="GeoRedundant", crossRegionRestore="Enabled"),
    finding=(
        f"{TIER}: found GeoRedundant, expected LocallyRedundant, ZoneRedundant",
        "properties.redundancySettings.crossRegionRestore: found Enabled, expected Disabled, nothing",
    ),
)
CONTROL.bad(
    "a vault that says nothing", made(VAULT), finding=f"{TIER}: found nothing, expected LocallyRedundant, ZoneRedundant"
)
CONTROL.bad(
    "a backup vault with a copy in the pair, to restore there, and one abroad",
    backup_vault(
        "GeoRedundant", featureSettings={"crossRegionRestoreSettings": {"state": "Enabled"}}, replicatedRegions=[ABROAD]
    ),
    finding=(
        "properties.storageSettings[0].type: found GeoRedundant, expected LocallyRedundant, ZoneRedundant",
        "properties.featureSettings.crossRegionRestoreSettings.state: found Enabled, expected Disabled, nothing",
        f"properties.replicatedRegions[0]: found {ABROAD}, expected {IN_THE_UAE}",
    ),
)
CONTROL.bad(
    "a backup vault without stores",
    made(BACKUP_VAULT, properties={"storageSettings": []}),
    finding="properties.storageSettings: found [], expected the type of each store",
)
CONTROL.bad(
    "backups of a database in the pair",
    made(DATABASE, requestedBackupStorageRedundancy="GeoZone"),
    finding="requestedBackupStorageRedundancy: found GeoZone, expected Local, Zone",
)
CONTROL.bad(
    "backups of a database, as the provider makes them",
    made(DATABASE),
    finding="requestedBackupStorageRedundancy: found nothing, expected Local, Zone",
)
CONTROL.bad(
    "backups of an instance in the pair",
    made(INSTANCE, requestedBackupStorageRedundancy="Geo"),
    finding="requestedBackupStorageRedundancy: found Geo, expected Local, Zone",
)
CONTROL.good(
    "backups of a database in the pair, which the operator allows",
    made(DATABASE, location=HOME, requestedBackupStorageRedundancy="Geo"),
    parameters=BackupCopies(in_country_pair=True),
)
CONTROL.unknown("a redundancy made elsewhere", vault(standardTierStorageRedundancy=UNKNOWN), at=TIER)
CONTROL.unknown(
    "stores made elsewhere",
    made(BACKUP_VAULT, properties={"storageSettings": UNKNOWN}),
    at=("properties.storageSettings",),
)
CONTROL.not_applicable("what is backed up", made("azure-native:dataprotection:BackupInstance"))
