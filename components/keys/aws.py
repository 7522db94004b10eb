"""Customer keys in AWS KMS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.keys.aws_policy import key_policy
from components.keys.aws_uses import MOST_DELETION_DAYS
from components.keys.flows import aws_key_flows
from components.keys.spec import Purpose
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from components.keys.spec import KeyRingSpec

Roles = Mapping[Purpose, Sequence[pulumi.Input[str]]]
"""ARNs of roles by the key they need."""


class AwsKeyRing(pulumi.ComponentResource):
    """One KMS key for each purpose, with a policy that names who may use it and through which service.

    Makes for each purpose a Key of this region alone, rotated, and its Alias. With a key for disks it also makes that
    key the account's default for every new volume and has EBS encrypt all of them; that stays when the ring goes.
    Refuses multi-region keys, delegation to IAM, and users of a key that no purpose has a use for. Administrators keep
    keys and never use them, but where a service of AWS asks its caller to prove that it could. The hardware modules of
    KMS hold every key (FIPS 140-3 level 3), so there is no CloudHSM cluster to pay and patch.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/best-practices.html
    """

    keys: Mapping[Purpose, pulumi.Output[str]]
    """ARN by purpose."""
    data_flows: tuple[DataFlow, ...]
    """Data keys, on their way to be wrapped and opened."""
    controls = ()
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: KeyRingSpec,
        *,
        users: Roles | None = None,
        readers: Roles | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = aws_key_flows(spec)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:AwsKeyRing", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)
        self._name, self._spec = name, spec
        self._users, self._readers = users or {}, readers or {}
        strangers = sorted({*self._users, *self._readers} - {*spec.purposes})
        if strangers:
            raise ValueError(f"no key is made for {', '.join(strangers)}, allowed: {', '.join(spec.purposes)}")
        self.keys = {purpose: self._make(purpose) for purpose in spec.purposes}
        if Purpose.NODE_DISKS in self.keys:
            self._encrypt_every_disk(self.keys[Purpose.NODE_DISKS])
        self.register_outputs({"keys": {purpose.value: key for purpose, key in self.keys.items()}})

    def _make(self, purpose: Purpose) -> pulumi.Output[str]:
        spec, stack = self._spec, self._spec.placement.stack
        role = purpose.replace("_", "-")
        people = pulumi.Output.all(
            users=list(self._users.get(purpose, ())), readers=list(self._readers.get(purpose, ()))
        )
        key = aws.kms.Key(
            f"{self._name}-{role}",
            description=f"{stack}: {purpose.replace('_', ' ')}",
            policy=people.apply(
                lambda found: key_policy(spec, purpose, users=found["users"], readers=found["readers"])
            ),
            key_usage="ENCRYPT_DECRYPT",
            customer_master_key_spec="SYMMETRIC_DEFAULT",
            is_enabled=True,
            multi_region=False,
            enable_key_rotation=True,
            rotation_period_in_days=spec.rotation_days,
            deletion_window_in_days=min(spec.deletion_days, MOST_DELETION_DAYS),
            bypass_policy_lockout_safety_check=False,
            tags={**spec.placement.tags(), "Name": f"{stack}-{role}"},
            opts=pulumi.ResourceOptions(parent=self, protect=spec.placement.protected),
        )
        aws.kms.Alias(
            f"{self._name}-{role}-alias",
            name=f"alias/falaj/{stack}/{role}",
            target_key_id=key.key_id,
            opts=pulumi.ResourceOptions(parent=self, protect=spec.placement.protected),
        )
        return key.arn

    def _encrypt_every_disk(self, key: pulumi.Output[str]) -> None:
        aws.ebs.EncryptionByDefault(
            f"{self._name}-disks-encrypted",
            enabled=True,
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
        aws.ebs.DefaultKmsKey(f"{self._name}-disks-key", key_arn=key, opts=pulumi.ResourceOptions(parent=self))
