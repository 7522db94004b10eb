"""A Kubernetes managed by Azure, reachable from inside its network only."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pulumi
import pulumi_azure_native as azure_native
import pulumi_kubernetes as kubernetes

from components.azure_groups import node_group
from components.azure_roles import role_definition
from components.cluster.addresses import api_server_end
from components.cluster.aks import encryption, network, release, sign_in, start
from components.cluster.first_pool import NEVER_REBUILT, first_pool
from components.cluster.flows import aks_flows
from components.cluster.kubeconfig import aks_token, authority_of, kubeconfig
from components.cluster.maintenance import windows
from components.cluster.provider import kubernetes_provider
from components.diagnostics.azure import send_logs
from components.zero_trust.edges import End
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from components.cluster.aks import Settings, UserIdentity
    from components.cluster.spec import AksSpec

NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"
PRIVATE_DNS_ZONE_CONTRIBUTOR = "b12aa53e-6015-4669-85d0-8515ebb3ae7f"
MANAGED_IDENTITY_OPERATOR = "f1a07417-d97a-45cb-824c-7a7467783830"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
CLUSTER_ADMINISTRATOR = "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b"
CLUSTER_USER = "4abbcc35-e782-43d8-92c5-2d3f1bd2253f"
"""Built-in roles of Azure, by the id that is the same in every directory.

Source: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
"""


class AksCluster(pulumi.ComponentResource):
    """A cluster whose API server lies in our own subnet, whose Secrets lie under our key and that knows no passwords.

    Makes the role assignments its identity needs, the cluster with one machine to begin with, its maintenance windows,
    the roles of its administrators, a diagnostic setting for everything it logs, and a Kubernetes provider. Nodes and
    add-ons start from the registry given, never from a public one. Azure's own lock against deletion is not put on it,
    because every pool would inherit it and none could be exchanged; a protected stage is protected by Pulumi.

    `after` is what has to be there before: the key's and the registry's grants, their private endpoints, the route.

    Source: https://learn.microsoft.com/azure/aks/concepts-network-isolated
    """

    provider: kubernetes.Provider
    """Deploys to this cluster."""
    kubeconfig: pulumi.Output[str]
    """How to reach it; holds no secret."""
    api_server: End
    """The API server as network policies see it."""
    cluster: pulumi.Resource
    """The cluster; what lives in it is deleted with it."""
    name: pulumi.Output[str]
    """Its name in the cloud."""
    oidc_issuer: pulumi.Output[str]
    """Who signs the tokens of its service accounts."""
    data_flows: tuple[DataFlow, ...]
    """What the control plane moves."""
    controls = ("RES-021",)
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: AksSpec,
        *,
        resource_group: pulumi.Input[str],
        control_plane_identity: UserIdentity,
        kubelet_identity: UserIdentity,
        node_subnet: pulumi.Input[str],
        api_server_subnet: pulumi.Input[str],
        api_server_cidr: str,
        disk_encryption_set: pulumi.Input[str],
        kms_key: pulumi.Input[str],
        kms_vault_id: pulumi.Input[str],
        registry_id: pulumi.Input[str],
        workspace_id: pulumi.Input[str],
        dns_zone_id: pulumi.Input[str],
        archive_id: pulumi.Input[str] | None = None,
        after: Sequence[pulumi.Resource] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self._begin(name, spec, resource_group, opts)
        granted = self._let_act(control_plane_identity, node_subnet, dns_zone_id, kubelet_identity)
        settings = {
            **release(spec),
            **sign_in(spec, control_plane_identity, kubelet_identity),
            **network(spec, api_server_subnet=api_server_subnet, dns_zone_id=dns_zone_id),
            **encryption(kms_key=kms_key, kms_vault_id=kms_vault_id, disk_encryption_set=disk_encryption_set),
            **start(registry_id),
            **first_pool(spec, node_subnet),
        }
        cluster_id = self._make_cluster(settings, after=[*granted, *after])
        self._keep_hours()
        send_logs(name, cluster_id, workspace_id=workspace_id, archive_id=archive_id, opts=self._inside)
        self.provider = self._make_provider(self._let_in_administrators(cluster_id))
        self.api_server = api_server_end(spec.service_cidr, [api_server_cidr])
        self.register_outputs({"name": self.name, "oidcIssuer": self.oidc_issuer})

    def _begin(self, name: str, spec: AksSpec, group: pulumi.Input[str], opts: pulumi.ResourceOptions | None) -> None:
        self.data_flows = aks_flows(spec)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:AksCluster", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)
        self._name, self._spec, self._group = name, spec, group
        self._inside = pulumi.ResourceOptions(parent=self)

    def _let_act(
        self,
        identity: UserIdentity,
        subnet: pulumi.Input[str],
        zone: pulumi.Input[str],
        kubelet: UserIdentity,
    ) -> list[pulumi.Resource]:
        """Grant the control plane what it does with our network, our zone and the identity of the nodes.

        The whole network, because it puts load balancers into one subnet, the API server into another, and links the
        zone to the network itself, where a subnet's role would not reach.
        """
        whole = pulumi.Output.from_input(subnet).apply(lambda found: found.partition("/subnets/")[0])
        wanted = {
            "network": (NETWORK_CONTRIBUTOR, whole),
            "dns-zone": (PRIVATE_DNS_ZONE_CONTRIBUTOR, zone),
            "kubelet": (MANAGED_IDENTITY_OPERATOR, kubelet.id),
            **{f"reservations-{group}": (CONTRIBUTOR, scope) for group, scope in self._reserved()},
        }
        return [
            self._grant(f"control-plane-{purpose}", role, identity.principal_id, "ServicePrincipal", scope)
            for purpose, (role, scope) in wanted.items()
        ]

    def _reserved(self) -> Iterator[tuple[str, str]]:
        """Return the resource groups of the reservations that machines are started in, each once, by their names.

        Azure asks for no less than the whole role there; the spec refuses a group that holds anything of ours, and
        IAM-007 judges the grant.
        Source: https://learn.microsoft.com/azure/aks/use-capacity-reservation-groups
        """
        scopes = {found.partition("/providers/")[0] for found in self._spec.reservations}
        return ((scope.rpartition("/")[2], scope) for scope in sorted(scopes))

    def _let_in_administrators(self, cluster_id: pulumi.Input[str]) -> list[pulumi.Resource]:
        return [
            self._grant(f"administrator-{group}-{purpose}", role, group, "Group", cluster_id)
            for group in self._spec.administrators
            for purpose, role in (("objects", CLUSTER_ADMINISTRATOR), ("credentials", CLUSTER_USER))
        ]

    def _grant(
        self,
        purpose: str,
        role: str,
        principal: pulumi.Input[str],
        kind: str,
        scope: pulumi.Input[str],
    ) -> pulumi.Resource:
        assignment = f"{self._spec.account}/{self._spec.placement.stack}/{self._name}/{purpose}"
        granted: pulumi.Resource = azure_native.authorization.RoleAssignment(
            f"{self._name}-{purpose}",
            # Azure wants a UUID; this one is the same in every plan.
            role_assignment_name=str(uuid.uuid5(uuid.NAMESPACE_URL, assignment)),
            principal_id=principal,
            principal_type=kind,
            role_definition_id=role_definition(self._spec.account, role),
            scope=scope,
            # An assignment can't be changed, and Azure refuses a second one of the same name.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        return granted

    def _make_cluster(self, settings: Settings, *, after: Sequence[pulumi.Resource]) -> pulumi.Output[str]:
        placement = self._spec.placement
        cluster = azure_native.containerservice.ManagedCluster(
            f"{self._name}-cluster",
            resource_group_name=self._group,
            resource_name_=placement.stack,
            location=placement.region,
            node_resource_group=node_group(placement.stack),
            tags=placement.tags(),
            **settings,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=placement.protected,
                depends_on=list(after),
                ignore_changes=[] if self._spec.first_pool is None else list(NEVER_REBUILT),
            ),
        )
        self.cluster, self.name = cluster, cluster.name
        self.oidc_issuer = cluster.oidc_issuer_profile.issuer_url
        self.kubeconfig = self._kubeconfig(cluster)
        made: pulumi.Output[str] = cluster.id
        return made

    def _keep_hours(self) -> None:
        for name, window in windows(self._spec.maintenance).items():
            azure_native.containerservice.MaintenanceConfiguration(
                f"{self._name}-{name}",
                resource_group_name=self._group,
                resource_name_=self.name,
                config_name=name,
                maintenance_window=window,
                opts=self._inside,
            )

    def _kubeconfig(self, cluster: azure_native.containerservice.ManagedCluster) -> pulumi.Output[str]:
        """Build it from what Azure answers, keeping the address and the authority and nothing else."""
        stack, token = self._spec.placement.stack, aks_token(self._spec.tenant_id)
        found = azure_native.containerservice.list_managed_cluster_user_credentials_output(
            resource_group_name=self._group,
            resource_name=cluster.name,
            format="exec",
            opts=pulumi.InvokeOutputOptions(parent=self),
        )
        authority = found.kubeconfigs.apply(lambda answers: authority_of(answers[0].value))
        return pulumi.Output.all(cluster.private_fqdn, authority).apply(
            lambda parts: kubeconfig(stack, server=f"https://{parts[0]}:443", authority=parts[1], token=token)
        )

    def _make_provider(self, granted: list[pulumi.Resource]) -> kubernetes.Provider:
        placement = self._spec.placement
        return kubernetes_provider(
            self._name,
            self,
            kubeconfig=self.kubeconfig,
            context=placement.stack,
            identifier=f"aks/{self._spec.account}/{placement.region}/{placement.stack}",
            after=granted,
        )
