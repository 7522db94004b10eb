"""Residency breakers of Azure, as they look in a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from policies.examples.azure_residency import ABROAD, HOME, IN_THE_UAE, made
from policies.examples.platforms import aks_cluster
from policies.resources import Resource
from policies.values import UNKNOWN
from tests.policies.residency.breakers.breaker import Breaker, breaker, found

WORKSPACE = "azure-native:operationalinsights:Workspace"
REPLICATION = "azure-native:storage:ObjectReplicationPolicy"
KEPT_HERE = ", ".join(
    f"{tier}_{kind}" for tier in ("Standard", "StandardV2", "Premium", "PremiumV2") for kind in ("LRS", "ZRS")
)
REDUNDANCY, TIER = "properties.redundancySettings", "standardTierStorageRedundancy"
STORAGE = "azure-native:storage:StorageAccount"


def defended_from(workspace: Resource) -> Resource:
    """Make a cluster whose Defender tells a workspace what it finds."""
    profile = {"defender": {"logAnalyticsWorkspaceResourceId": UNKNOWN, "securityMonitoring": {"enabled": True}}}
    return replace(aks_cluster(securityProfile=profile), property_dependencies={"securityProfile": [workspace.urn]})


AZURE: Mapping[str, Breaker] = {
    "azure-front-door": breaker(
        found(
            "RES-011",
            "location: found a service at the edge, which is worldwide, expected a gateway in the region",
            made("azure-native:cdn:Profile", location="global", sku={"name": "Premium_AzureFrontDoor"}),
        ),
        found(
            "RES-011",
            "location: found a service at the edge, which is worldwide, expected a gateway in the region",
            made("azure-native:frontdoor:FrontDoor", location="global"),
        ),
    ),
    "azure-traffic-manager": breaker(
        found(
            "RES-023",
            "type: found Traffic Manager, expected a record changed by hand or by the runbook",
            made("azure-native:trafficmanager:Profile", location="global", endpoints=[{"endpointLocation": HOME}]),
        ),
        found(
            "RES-011",
            f"endpoints[0].endpointLocation: found westeurope, expected {IN_THE_UAE}",
            made("azure-native:trafficmanager:Profile", location="global", endpoints=[{"endpointLocation": ABROAD}]),
        ),
    ),
    "azure-geo-storage": breaker(
        *(
            found(
                "RES-012",
                f"sku.name: found {sku}, expected {KEPT_HERE}",
                made(STORAGE, location=HOME, sku={"name": sku}, allowCrossTenantReplication=False),
            )
            for sku in ("Standard_GRS", "Standard_RAGRS", "Standard_GZRS")
        ),
    ),
    "azure-object-replication": breaker(
        found(
            "RES-012",
            f"location: found westeurope, expected {IN_THE_UAE}",
            made(REPLICATION, sourceAccount="acmesource", destinationAccount="acmecopies"),
            made(STORAGE, "source", accountName="acmesource", location=HOME),
            made(STORAGE, "copies", accountName="acmecopies", location=ABROAD),
        ),
    ),
    "azure-log-analytics": breaker(
        found("RES-015", f"location: found westeurope, expected {IN_THE_UAE}", made(WORKSPACE, location=ABROAD))
    ),
    "azure-partner-logs": breaker(
        found(
            "RES-015",
            "marketplacePartnerId: found /providers/vendor, expected nothing",
            made("azure-native:monitor:DiagnosticSetting", marketplacePartnerId="/providers/vendor"),
        ),
    ),
    "azure-action-groups": breaker(
        found(
            "RES-002",
            f"location: found global, expected {IN_THE_UAE}",
            made("azure-native:monitor:ActionGroup", location="global", enabled=True),
        ),
    ),
    "azure-monitor-elsewhere": breaker(
        found(
            "RES-015",
            f"location: found westeurope, expected {IN_THE_UAE}",
            made("azure-native:monitor:AzureMonitorWorkspace", location=ABROAD),
        ),
        found(
            "RES-015",
            f"location: found westeurope, expected {IN_THE_UAE}",
            made("azure-native:dashboard:Grafana", location=ABROAD),
        ),
    ),
    "azure-defender": breaker(
        found(
            "LOG-006",
            f"location: found westeurope, expected {IN_THE_UAE}",
            defended_from(made(WORKSPACE, "findings", location=ABROAD)),
            made(WORKSPACE, "findings", location=ABROAD),
        ),
    ),
    "azure-key-vault-pair": breaker(
        found(
            "RES-002",
            f"location: found westeurope, expected {IN_THE_UAE}",
            made("azure-native:keyvault:Vault", location=ABROAD),
        )
    ),
    "azure-managed-hsm": breaker(
        found(
            "KEY-005",
            f"properties.regions[1].name: found westeurope, expected {IN_THE_UAE}",
            made(
                "azure-native:keyvault:ManagedHsm",
                location=HOME,
                properties={"regions": [{"name": HOME, "isPrimary": True}, {"name": ABROAD}]},
            ),
        ),
    ),
    "azure-acr-replication": breaker(
        found(
            "RES-013",
            f"location: found westeurope, expected {IN_THE_UAE}",
            made("azure-native:containerregistry:Replication", location=ABROAD),
        ),
    ),
    "azure-acr-tasks": breaker(
        found(
            "RES-013",
            f"location: found westeurope, expected {IN_THE_UAE}",
            made("azure-native:containerregistry:Task", location=ABROAD),
        ),
    ),
    "azure-cosmos": breaker(
        found(
            "RES-009",
            f"locations[1].locationName: found westeurope, expected {IN_THE_UAE}",
            made(
                "azure-native:cosmosdb:DatabaseAccount",
                location=HOME,
                locations=[{"locationName": HOME}, {"locationName": ABROAD}],
                backupPolicy={"type": "Continuous"},
            ),
        ),
    ),
    "azure-database-backups": breaker(
        found(
            "RES-009",
            "backup.geoRedundantBackup: found Enabled, expected nothing, Disabled",
            made(
                "azure-native:dbforpostgresql:Server",
                location=HOME,
                backup={"geoRedundantBackup": "Enabled"},
            ),
        ),
        found(
            "RES-014",
            "requestedBackupStorageRedundancy: found Geo, expected Local, Zone",
            made("azure-native:sql:Database", location=HOME, requestedBackupStorageRedundancy="Geo"),
        ),
        found(
            "RES-014",
            "requestedBackupStorageRedundancy: found GeoZone, expected Local, Zone",
            made("azure-native:sql:Database", location=HOME, requestedBackupStorageRedundancy="GeoZone"),
        ),
    ),
    "azure-backup-vaults": breaker(
        found(
            "RES-014",
            (
                f"{REDUNDANCY}.{TIER}: found GeoRedundant, expected LocallyRedundant, ZoneRedundant",
                f"{REDUNDANCY}.crossRegionRestore: found Enabled, expected Disabled, nothing",
            ),
            made(
                "azure-native:recoveryservices:Vault",
                location=HOME,
                properties={
                    "redundancySettings": {
                        TIER: "GeoRedundant",
                        "crossRegionRestore": "Enabled",
                    }
                },
            ),
        ),
        found(
            "RES-014",
            "properties.storageSettings[0].type: found GeoRedundant, expected LocallyRedundant, ZoneRedundant",
            made(
                "azure-native:dataprotection:BackupVault",
                location=HOME,
                properties={"storageSettings": [{"datastoreType": "VaultStore", "type": "GeoRedundant"}]},
            ),
        ),
    ),
    "azure-gallery": breaker(
        found(
            "RES-002",
            f"publishingProfile.targetRegions[1].name: found westeurope, expected {IN_THE_UAE}",
            made(
                "azure-native:compute:GalleryImageVersion",
                location=HOME,
                publishingProfile={"targetRegions": [{"name": HOME}, {"name": ABROAD}]},
            ),
        ),
    ),
    "azure-openai": breaker(
        found(
            "RES-016",
            "sku.name: found GlobalStandard, expected Standard or ProvisionedManaged",
            made("azure-native:cognitiveservices:Deployment", sku={"name": "GlobalStandard"}),
        ),
        found(
            "RES-016",
            "sku.name: found DataZoneStandard, expected Standard or ProvisionedManaged",
            made("azure-native:cognitiveservices:Deployment", sku={"name": "DataZoneStandard"}),
        ),
    ),
    "azure-aks-bootstrap": breaker(
        found(
            "SUP-007",
            (
                "bootstrapProfile.artifactSource: found Direct, expected Cache",
                "bootstrapProfile.containerRegistryId: found nothing, expected the id of a registry of your own",
            ),
            aks_cluster(bootstrapProfile={"artifactSource": "Direct"}),
        ),
    ),
}
