"""Guardrails of an Azure subscription: policy assignments that deny."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_azure_native as azure_native

from components.guardrails.flows import rules_kept
from components.manifests import Manifest
from components.network.spec import Egress
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from components.guardrails.spec import GuardrailsSpec

BUILT_IN = "/providers/Microsoft.Authorization/policyDefinitions"
LOCATIONS = f"{BUILT_IN}/e56962a6-4747-49cd-b67b-bf8b01975c4c"
"""Built-in policy `Allowed locations`; it lets pass what has no region, such as private zones."""
GROUP_LOCATIONS = f"{BUILT_IN}/e765b5de-1225-4ba3-bd56-1ac6695af988"
"""Built-in policy `Allowed locations for resource groups`, which the first leaves out."""
NO_PUBLIC_INTERFACES = f"{BUILT_IN}/83a86a26-fd1f-447c-b59d-e51f44264114"
"""Built-in policy `Network interfaces should not have public IPs`."""
NO_TYPES = f"{BUILT_IN}/6c112d4e-5bc7-47ae-a041-ea2d9dccd749"
"""Built-in policy `Not allowed resource types`."""
PUBLIC_TYPES = (
    "Microsoft.Network/publicIPAddresses",
    "Microsoft.Network/publicIPPrefixes",
    "Microsoft.Network/natGateways",
)
SIZED = {
    "Microsoft.Compute/virtualMachines": "Microsoft.Compute/virtualMachines/sku.name",
    "Microsoft.Compute/virtualMachineScaleSets": "Microsoft.Compute/virtualMachineScaleSets/sku.name",
}
"""Where each kind of machine names its size. The built-in policy judges single machines only, and AKS makes none."""


class AzureGuardrails(pulumi.ComponentResource):
    """What the subscription refuses to everyone: other regions, machines with public addresses, other sizes.

    Makes assignments of Azure's built-in policies on the whole subscription, because AKS puts machines into a resource
    group of its own, and a definition of ours for sizes, which covers scale sets. What depends on the environment
    (sizes, and public addresses where there is no way out) binds its own region only.

    Source: https://learn.microsoft.com/azure/governance/policy/samples/built-in-policies
    """

    data_flows: tuple[DataFlow, ...]
    """Where the rules are kept."""
    controls = ("RES-021",)
    """Controls it supports."""

    def __init__(self, name: str, spec: GuardrailsSpec, *, opts: pulumi.ResourceOptions | None = None) -> None:
        self.data_flows = (rules_kept("azure/policy", "global", "azure-management"),)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__(
            "falaj:index:AzureGuardrails", name, {"dataFlows": flows, "controls": list(self.controls)}, opts
        )
        self._name, self._spec = name, spec
        self._guarded = pulumi.ResourceOptions(parent=self, protect=spec.placement.protected)
        regions = {"listOfAllowedLocations": list(spec.allowed_regions)}
        allowed = ", ".join(spec.allowed_regions)
        self._assign("locations", LOCATIONS, f"Data stays in the country: {allowed}.", regions)
        self._assign("group-locations", GROUP_LOCATIONS, f"Data stays in the country: {allowed}.", regions)
        self._assign("interfaces", NO_PUBLIC_INTERFACES, "No machine has a public address.")
        if spec.egress is Egress.NONE:
            types = {"listOfResourceTypesNotAllowed": list(PUBLIC_TYPES)}
            self._assign("public-addresses", NO_TYPES, "This network has no way out.", types, here_only=True)
        if spec.sizes:
            sizes = {"sizes": sorted(spec.sizes)}
            self._assign("sizes", self._define_sizes(), "Another size than the pools use.", sizes, here_only=True)
        self.register_outputs({"allowedRegions": list(spec.allowed_regions)})

    def _assign(
        self,
        role: str,
        definition: pulumi.Input[str],
        message: str,
        parameters: dict[str, Any] | None = None,
        *,
        here_only: bool = False,
    ) -> None:
        placement = self._spec.placement
        here: Manifest = [{"name": "here", "selectors": [{"kind": "resourceLocation", "in_": [placement.region]}]}]
        azure_native.authorization.PolicyAssignment(
            f"{self._name}-{role}",
            scope=f"/subscriptions/{self._spec.account}",
            policy_assignment_name=f"{placement.stack}-{role}",
            display_name=f"{placement.stack}: {role}",
            policy_definition_id=definition,
            enforcement_mode="Default",
            parameters={key: {"value": value} for key, value in (parameters or {}).items()},
            non_compliance_messages=[{"message": message}],
            resource_selectors=here if here_only else None,
            opts=self._guarded,
        )

    def _define_sizes(self) -> pulumi.Output[str]:
        other = {"notIn": "[parameters('sizes')]"}
        definition = azure_native.authorization.PolicyDefinition(
            f"{self._name}-sizes-definition",
            policy_definition_name=f"{self._spec.placement.stack}-sizes",
            display_name="Allowed sizes of machines and scale sets",
            mode="Indexed",
            policy_type="Custom",
            parameters={"sizes": {"type": "Array"}},
            policy_rule={
                "if": {
                    "anyOf": [
                        {"allOf": [{"field": "type", "equals": kind}, {"field": size, **other}]}
                        for kind, size in SIZED.items()
                    ]
                },
                "then": {"effect": "deny"},
            },
            opts=self._guarded,
        )
        return definition.id
