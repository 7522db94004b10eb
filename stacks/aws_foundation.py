"""What an AWS environment's cluster stands on: account, identities, keys, network, registry, stores."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.account.aws import AwsAccount
from components.account.spec import AwsAccountSpec
from components.alerts.aws import AwsAlerts
from components.audit.aws import AwsAuditTrail
from components.audit.spec import AuditSpec
from components.backup.aws import AwsBackup
from components.backup.spec import BackupSpec
from components.budget.aws import AwsBudget
from components.guardrails.aws import AwsGuardrails
from components.identities.aws import AwsIdentities
from components.identities.spec import Actor, IdentitiesSpec
from components.keys.actors import aws_readers, aws_users
from components.keys.aws import AwsKeyRing
from components.keys.spec import Purpose
from components.model_store.aws import AwsModelStore
from components.model_store.spec import model_store_name
from components.network.aws import AwsNetwork
from components.registry.aws import AwsRegistry
from falaj.catalog.profiles import combined
from stacks.environment_settings import AwsEnvironment
from stacks.images import Images
from stacks.specs import (
    LOCKED_DAYS,
    PURPOSES,
    alerts_spec,
    budget_spec,
    environment_place,
    guardrails_spec,
    key_ring_spec,
    model_store_spec,
    network_spec,
    registry_spec,
)


class AwsFoundation:
    """Everything an environment has before, and beside, its cluster."""

    def __init__(self, stack: str, settings: AwsEnvironment, images: Images) -> None:
        self.settings, self.rules = settings, combined(settings.profiles)
        self.place = environment_place(stack, settings)
        self.placement = self.place["placement"]
        self.account = AwsAccount("account", AwsAccountSpec(**self.place))
        self.made = pulumi.ResourceOptions(provider=self.account.provider)
        self.identities = AwsIdentities("identities", IdentitiesSpec(**self.place), opts=self.made)
        self.keys = self._keys()
        self.network = self._network()
        self.registry = AwsRegistry(
            "registry",
            registry_spec(self.place, settings, images),
            key=self.keys.keys[Purpose.REGISTRY],
            pullers=[self.identities.roles[Actor.NODES]],
            opts=self.made,
        )
        self.model_store = self._model_store()
        self._records()
        self._bounds()

    def _keys(self) -> AwsKeyRing:
        roles = self.identities.roles
        spec = key_ring_spec(self.place, self.settings)
        users: dict[Purpose, Sequence[pulumi.Input[str]]] = {**aws_users(PURPOSES, roles)}
        if self.settings.publishers:
            users[Purpose.MODEL_STORE] = self.settings.publishers
        return AwsKeyRing("keys", spec, users=users, readers=aws_readers(PURPOSES, roles), opts=self.made)

    def _network(self) -> AwsNetwork:
        return AwsNetwork(
            "network",
            network_spec(self.place, self.settings),
            log_key=self.keys.keys[Purpose.LOGS],
            flow_log_role=self.identities.roles[Actor.LOGS],
            opts=self.made,
        )

    def _model_store(self) -> AwsModelStore:
        return AwsModelStore(
            "model-store",
            model_store_spec(self.place),
            key=self.keys.keys[Purpose.MODEL_STORE],
            vpc_id=self.network.vpc_id,
            exceptions=[self.identities.roles[Actor.BACKUP]],
            opts=self.made,
        )

    def _records(self) -> None:
        """Make what remembers: the audit trail with its alarms, and the backup of the model store."""
        watched = (model_store_name(model_store_spec(self.place)),)
        audit = AwsAuditTrail(
            "audit",
            AuditSpec(
                **self.place,
                retention_days=max(self.rules.log_retention_days, self.rules.immutable_days),
                immutable_days=self.rules.immutable_days,
                watched_buckets=watched,
            ),
            key=self.keys.keys[Purpose.AUDIT],
            log_key=self.keys.keys[Purpose.LOGS],
            delivery_role=self.identities.roles[Actor.AUDIT],
            opts=self.made,
        )
        if self.settings.alert_receivers:
            AwsAlerts(
                "alerts",
                alerts_spec(self.place, self.settings),
                key=self.keys.keys[Purpose.LOGS],
                audit_log_group=audit.log_group,
                opts=self.made,
            )
        AwsBackup(
            "backup",
            BackupSpec(**self.place, immutable_days=LOCKED_DAYS, kept_days=LOCKED_DAYS),
            key=self.keys.keys[Purpose.BACKUP],
            role=self.identities.roles[Actor.BACKUP],
            restore_role=self.identities.roles[Actor.RESTORE],
            resources=[self.model_store.arn],
            opts=self.made,
        )

    def _bounds(self) -> None:
        """Make what the account refuses, and what it may cost."""
        AwsGuardrails("guardrails", guardrails_spec(self.place, self.settings), opts=self.made)
        AwsBudget("budget", budget_spec(self.place, self.settings), opts=self.made)
