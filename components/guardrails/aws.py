"""Guardrails of an AWS account: a service control policy of its organisation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.guardrails.flows import rules_kept
from components.guardrails.service_control import service_control_policy
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from components.guardrails.spec import GuardrailsSpec

ORGANIZATION_REGION = "us-east-1"
"""Where AWS Organizations runs for every region of the partition."""


class AwsGuardrails(pulumi.ComponentResource):
    """What the account refuses to everyone: other regions, leaving the organisation, and copies that would leave.

    Makes a service control policy and attaches it to the unit, root or account that is named. That takes a provider of
    the organisation's management account or of its delegated administrator, because no account may loosen its own
    guardrails. Where none is named it makes nothing, and `policy` is what a person attaches.
    """

    policy: str
    """The policy's text, as AWS takes it."""
    data_flows: tuple[DataFlow, ...]
    """Where the rules are kept."""
    controls = ("RES-021",)
    """Controls it supports."""

    def __init__(self, name: str, spec: GuardrailsSpec, *, opts: pulumi.ResourceOptions | None = None) -> None:
        target = spec.organizational_unit
        kept = rules_kept("aws/organizations", ORGANIZATION_REGION, "aws-organizations")
        self.data_flows = () if target is None else (kept,)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:AwsGuardrails", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)
        self.policy = json.dumps(service_control_policy(spec), separators=(",", ":"))
        if target is not None:
            self._attach(name, spec, target)
        self.register_outputs({"policy": self.policy})

    def _attach(self, name: str, spec: GuardrailsSpec, target: str) -> None:
        policy = aws.organizations.Policy(
            f"{name}-policy",
            name=f"{spec.placement.stack}-guardrails",
            type="SERVICE_CONTROL_POLICY",
            description="Data stays in its country; made by falaj",
            content=self.policy,
            tags=spec.placement.tags(),
            opts=pulumi.ResourceOptions(parent=self, protect=spec.placement.protected),
        )
        aws.organizations.PolicyAttachment(
            f"{name}-attachment",
            policy_id=policy.id,
            target_id=target,
            opts=pulumi.ResourceOptions(parent=self, protect=spec.placement.protected),
        )
