"""What an Azure environment's cluster stands on: subscription, identities, network, keys, registry, stores."""

from __future__ import annotations

import pulumi

from components.account.aliases import without_version_aliases
from components.account.azure import AzureSubscription
from components.account.spec import AzureSubscriptionSpec
from components.audit.azure import AzureAuditTrail
from components.audit.spec import AuditSpec
from components.backup.azure import AzureBackup
from components.backup.spec import BackupSpec
from components.budget.azure import AzureBudget
from components.diagnostics.azure import send_logs
from components.guardrails.azure import AzureGuardrails
from components.identities.azure import AzureIdentities
from components.identities.spec import Actor, IdentitiesSpec
from components.keys.actors import azure_users
from components.keys.azure import AzureKeyRing
from components.keys.spec import Purpose
from components.model_store.azure import AzureModelStore
from components.network.azure import AzureNetwork
from components.network_logs.azure import AzureNetworkLogs
from components.registry.azure import AzureRegistry
from falaj.catalog.private_access import Feature
from falaj.catalog.profiles import combined
from falaj.catalog.tags import Stage
from stacks.environment_settings import AzureEnvironment
from stacks.images import Images
from stacks.specs import (
    LOCKED_DAYS,
    PURPOSES,
    budget_spec,
    environment_place,
    guardrails_spec,
    key_ring_spec,
    model_store_spec,
    network_spec,
    registry_spec,
)

MONITOR_ZONES = (
    "privatelink.monitor.azure.com",
    "privatelink.oms.opinsights.azure.com",
    "privatelink.ods.opinsights.azure.com",
    "privatelink.agentsvc.azure-automation.net",
)
BLOB_ZONE = "privatelink.blob.core.windows.net"
LEAST_CAPACITY = 100


class AzureFoundation:
    """Everything an environment has before, and beside, its cluster."""

    def __init__(self, stack: str, settings: AzureEnvironment, images: Images) -> None:
        self.settings, self.rules = settings, combined(settings.profiles)
        self.place = environment_place(stack, settings)
        self.placement = self.place["placement"]
        self.subscription = AzureSubscription(
            "subscription",
            AzureSubscriptionSpec(
                placement=self.placement, subscription=settings.subscription, directory=settings.directory
            ),
        )
        self.group = self.subscription.resource_group
        self.made = pulumi.ResourceOptions(
            provider=self.subscription.provider, transformations=[without_version_aliases]
        )
        self.identities = AzureIdentities(
            "identities", IdentitiesSpec(**self.place), resource_group=self.group, opts=self.made
        ).identities
        self.network_spec = network_spec(self.place, settings)
        self.network = AzureNetwork("network", self.network_spec, resource_group=self.group, opts=self.made)
        self.keys = self._keys()
        self.audit = self._audit()
        self._logs()
        self.registry = self._registry(images)
        self.model_store = self._model_store()
        self._backup()
        self._bounds()

    def _keys(self) -> AzureKeyRing:
        return AzureKeyRing(
            "keys",
            key_ring_spec(self.place, self.settings),
            resource_group=self.group,
            tenant_id=self.settings.directory,
            subnet_id=self.network.endpoint_subnet,
            dns_zone_id=self.network.dns_zones[Feature.KEYS],
            users=azure_users(PURPOSES, self.identities),
            opts=self.made,
        )

    def _audit(self) -> AzureAuditTrail:
        spec = AuditSpec(
            **self.place,
            retention_days=max(self.rules.log_retention_days, self.rules.immutable_days),
            immutable_days=self.rules.immutable_days,
            # A hundred GB a day is the least Azure takes to encrypt logs with our key, too dear where nothing is kept.
            dedicated_capacity=None if self.placement.stage is Stage.DEVELOPMENT else LEAST_CAPACITY,
        )
        zones = self.network.dns_zone_ids
        return AzureAuditTrail(
            "audit",
            spec,
            resource_group=self.group,
            key=self.keys.keys[Purpose.AUDIT],
            log_key=self.keys.keys[Purpose.LOGS],
            identity=self.identities[Actor.AUDIT],
            log_identity=self.identities[Actor.LOGS],
            subnet_id=self.network.endpoint_subnet,
            blob_dns_zone_id=zones[BLOB_ZONE],
            monitor_dns_zone_ids=[zones[zone] for zone in MONITOR_ZONES],
            opts=self.made,
        )

    def _logs(self) -> None:
        """Keep what network and vaults have to say; they are made before there is a place for it."""
        for role, vault in self.keys.vault_ids.items():
            send_logs(
                f"keys-{role}",
                vault,
                workspace_id=self.audit.workspace_id,
                archive_id=self.audit.archive_id,
                opts=self.made,
            )
        AzureNetworkLogs(
            "network-logs",
            self.network_spec,
            vnet_id=self.network.vnet_id,
            name_policy_id=self.network.name_policy_id,
            firewall_id=self.network.firewall_id,
            workspace_id=self.audit.workspace_id,
            archive_id=self.audit.archive_id,
            identity=self.identities[Actor.AUDIT],
            opts=self.made,
        )

    def _registry(self, images: Images) -> AzureRegistry:
        return AzureRegistry(
            "registry",
            registry_spec(self.place, self.settings, images),
            resource_group=self.group,
            key=self.keys.keys[Purpose.REGISTRY],
            identity=self.identities[Actor.REGISTRY],
            subnet_id=self.network.endpoint_subnet,
            dns_zone_id=self.network.dns_zones[Feature.REGISTRY],
            pullers={"nodes": self.identities[Actor.NODES].principal_id},
            pushers=self.settings.administrators,
            opts=self.made,
        )

    def _model_store(self) -> AzureModelStore:
        return AzureModelStore(
            "model-store",
            model_store_spec(self.place),
            resource_group=self.group,
            key=self.keys.keys[Purpose.MODEL_STORE],
            identity=self.identities[Actor.MODEL_STORE],
            subnet_id=self.network.endpoint_subnet,
            dns_zone_id=self.network.dns_zone_ids[BLOB_ZONE],
            workspace_id=self.audit.workspace_id,
            archive_id=self.audit.archive_id,
            publishers={group: group for group in self.settings.publishers},
            opts=self.made,
        )

    def _backup(self) -> None:
        AzureBackup(
            "backup",
            BackupSpec(**self.place, immutable_days=LOCKED_DAYS, kept_days=LOCKED_DAYS),
            resource_group=self.group,
            key=self.keys.keys[Purpose.BACKUP],
            identity=self.identities[Actor.BACKUP],
            storage_accounts={"models": self.model_store.id},
            workspace_id=self.audit.workspace_id,
            archive_id=self.audit.archive_id,
            opts=self.made,
        )

    def _bounds(self) -> None:
        """Make what the subscription refuses, and what it may cost."""
        AzureGuardrails("guardrails", guardrails_spec(self.place, self.settings), opts=self.made)
        AzureBudget("budget", budget_spec(self.place, self.settings), opts=self.made)
