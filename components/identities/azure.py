"""One managed identity for each actor of an Azure environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_azure_native as azure_native

from components.identities.flows import azure_identity_flows
from components.identities.spec import Actor
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from components.identities.spec import IdentitiesSpec

AZURE_ACTORS = (
    Actor.CONTROL_PLANE,
    Actor.NODES,
    Actor.REGISTRY,
    Actor.MODEL_STORE,
    Actor.LOGS,
    Actor.AUDIT,
    Actor.BACKUP,
    Actor.DISKS,
)
"""Pods get their addresses from the nodes' own interfaces here, so nobody acts for them."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A managed identity, under the three names that Azure has for it."""

    id: pulumi.Output[str]
    """Resource id: what uses it names it so."""
    principal_id: pulumi.Output[str]
    """Object id in the directory: roles are assigned to it."""
    client_id: pulumi.Output[str]
    """Application id: sign-ins name it so."""


class AzureIdentities(pulumi.ComponentResource):
    """User-assigned identities without a secret, each for one actor, so that a role given to one is given to one.

    Makes a UserAssignedIdentity for each actor, all of an environment's unless told which, and gives it nothing: what
    lets it act assigns the role, on that one resource. Protected in production, for a new identity of the same name
    could no longer open its key.

    Source: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/managed-identity-best-practice-recommendations
    """

    identities: Mapping[Actor, Identity]
    """By actor."""
    data_flows: tuple[DataFlow, ...]
    """Tokens of the identities."""
    controls = ()
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: IdentitiesSpec,
        *,
        resource_group: pulumi.Input[str],
        actors: Sequence[Actor] = AZURE_ACTORS,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = azure_identity_flows(spec)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__(
            "falaj:index:AzureIdentities", name, {"dataFlows": flows, "controls": list(self.controls)}, opts
        )
        placement = spec.placement
        self.identities = {}
        for actor in actors:
            role = actor.replace("_", "-")
            made = azure_native.managedidentity.UserAssignedIdentity(
                f"{name}-{role}",
                resource_name_=f"{placement.stack}-{role}",
                resource_group_name=resource_group,
                location=placement.region,
                tags=placement.tags(),
                opts=pulumi.ResourceOptions(parent=self, protect=placement.protected),
            )
            self.identities[actor] = Identity(made.id, made.principal_id, made.client_id)
        self.register_outputs({"identities": {actor.value: made.id for actor, made in self.identities.items()}})
