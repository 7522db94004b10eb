"""A Kubernetes managed by AWS, reachable from inside its network only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from components.cluster.addresses import HTTPS_PORT, api_server_end
from components.cluster.flows import eks_flows
from components.cluster.kubeconfig import eks_token, kubeconfig
from components.cluster.provider import kubernetes_provider
from components.network.retention import log_group_days
from components.node_pools.contract import POOL
from components.zero_trust.edges import End
from falaj.catalog.data_flows import DataFlow
from falaj.catalog.recipes import offered_minors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from components.cluster.spec import EksSpec

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
"""Everything the control plane can write down."""
SUPPORT_TYPES = {"standard": "STANDARD", "extended": "EXTENDED"}
ADMIN_POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
CNI_ACCOUNT = "aws-node"
EBS_ACCOUNT = "ebs-csi-controller-sa"
"""Service accounts of the add-ons, under the names the add-ons give them."""
CNI_CONFIGURATION = {"enableNetworkPolicy": "true"}
DNS_CONFIGURATION = {"autoScaling": {"enabled": True}, "nodeSelector": {POOL: "system"}}
EBS_CONFIGURATION = {"controller": {"nodeSelector": {POOL: "system"}}}


class EksCluster(pulumi.ComponentResource):
    """A cluster whose API server has no public address, whose Secrets lie under our key and whose every call is logged.

    Makes the log group first (EKS would make one without our key that never expires), the cluster, an access entry and
    policy for each administrator, the add-ons that nodes need before they can join, and a Kubernetes provider. Whoever
    creates it gets no rights in it by that. A protected stage can't be deleted, by Pulumi or in the console.

    Source: https://docs.aws.amazon.com/eks/latest/best-practices/security.html
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
    security_group: pulumi.Output[str]
    """The group that EKS makes for control plane and nodes; nodes carry it."""
    before_nodes: tuple[pulumi.Resource, ...]
    """Add-ons without which no node gets ready: node pools are made after them."""
    data_flows: tuple[DataFlow, ...]
    """What the control plane moves."""
    controls = ("RES-021",)
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: EksSpec,
        *,
        role: pulumi.Input[str],
        pod_network_role: pulumi.Input[str],
        subnets: Sequence[pulumi.Input[str]],
        control_plane_cidrs: Sequence[str],
        secrets_key: pulumi.Input[str],
        log_key: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = eks_flows(spec)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:EksCluster", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)
        self._name, self._spec = name, spec
        self._inside = pulumi.ResourceOptions(parent=self)

        cluster = self._make_cluster(role, subnets, secrets_key, self._make_log_group(log_key))
        self.cluster, self.name = cluster, cluster.name
        self.oidc_issuer = cluster.identities[0].oidcs[0].issuer
        self.security_group = cluster.vpc_config.cluster_security_group_id
        self.before_nodes = self._make_addons(pod_network_role)
        self._let_clients_in()
        self.kubeconfig = self._kubeconfig(cluster)
        self.provider = self._make_provider()
        self.api_server = api_server_end(spec.service_cidr, control_plane_cidrs)
        self.register_outputs({"name": self.name, "oidcIssuer": self.oidc_issuer})

    def _make_log_group(self, key: pulumi.Input[str]) -> aws.cloudwatch.LogGroup:
        placement = self._spec.placement
        return aws.cloudwatch.LogGroup(
            f"{self._name}-logs",
            name=f"/aws/eks/{placement.stack}/cluster",
            kms_key_id=key,
            retention_in_days=log_group_days(self._spec.log_retention_days),
            deletion_protection_enabled=placement.protected,
            tags=placement.tags(),
            opts=pulumi.ResourceOptions(parent=self, protect=placement.protected),
        )

    def _make_cluster(
        self,
        role: pulumi.Input[str],
        subnets: Sequence[pulumi.Input[str]],
        key: pulumi.Input[str],
        logs: aws.cloudwatch.LogGroup,
    ) -> aws.eks.Cluster:
        spec = self._spec
        return aws.eks.Cluster(
            f"{self._name}-cluster",
            name=spec.placement.stack,
            role_arn=role,
            version=spec.kubernetes_version,
            vpc_config={
                "subnet_ids": list(subnets),
                "endpoint_private_access": True,
                "endpoint_public_access": False,
            },
            kubernetes_network_config={"ip_family": "ipv4", "service_ipv4_cidr": spec.service_cidr},
            access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False},
            bootstrap_self_managed_addons=False,
            encryption_config={"provider": {"key_arn": key}, "resources": ["secrets"]},
            enabled_cluster_log_types=list(LOG_TYPES),
            upgrade_policy={"support_type": SUPPORT_TYPES[spec.support]},
            zonal_shift_config={"enabled": spec.zonal_shift},
            deletion_protection=spec.placement.protected,
            tags={**spec.placement.tags(), "Name": spec.placement.stack},
            opts=pulumi.ResourceOptions(parent=self, protect=spec.placement.protected, depends_on=[logs]),
        )

    def _kubeconfig(self, cluster: aws.eks.Cluster) -> pulumi.Output[str]:
        placement = self._spec.placement
        token = eks_token(placement.stack, placement.region)
        return pulumi.Output.all(cluster.endpoint, cluster.certificate_authority.data).apply(
            lambda found: kubeconfig(placement.stack, server=found[0], authority=found[1], token=token)
        )

    def _make_provider(self) -> kubernetes.Provider:
        placement = self._spec.placement
        return kubernetes_provider(
            self._name,
            self,
            kubeconfig=self.kubeconfig,
            context=placement.stack,
            identifier=f"eks/{self._spec.account}/{placement.region}/{placement.stack}",
            after=self._grant_administrators(),
        )

    def _grant_administrators(self) -> list[pulumi.Resource]:
        granted: list[pulumi.Resource] = []
        for administrator in self._spec.administrators:
            who = _named(administrator)
            entry = aws.eks.AccessEntry(
                f"{self._name}-administrator-{who}",
                cluster_name=self.name,
                principal_arn=administrator,
                type="STANDARD",
                tags=self._spec.placement.tags(),
                opts=self._inside,
            )
            granted.append(
                aws.eks.AccessPolicyAssociation(
                    f"{self._name}-administration-{who}",
                    cluster_name=self.name,
                    principal_arn=entry.principal_arn,
                    policy_arn=ADMIN_POLICY,
                    access_scope={"type": "cluster"},
                    opts=self._inside,
                )
            )
        return granted

    def _make_addons(self, pod_network_role: pulumi.Input[str]) -> tuple[pulumi.Resource, ...]:
        spec, cluster = self._spec, self.name
        agent = addon(f"{self._name}-pod-identity-agent", "eks-pod-identity-agent", cluster, spec, opts=self._inside)
        proxy = addon(f"{self._name}-kube-proxy", "kube-proxy", cluster, spec, opts=self._inside)
        network = addon(
            f"{self._name}-vpc-cni",
            "vpc-cni",
            cluster,
            spec,
            configuration=CNI_CONFIGURATION,
            identity=(CNI_ACCOUNT, pod_network_role),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[agent]),
        )
        return (agent, proxy, network)

    def _let_clients_in(self) -> None:
        for network in self._spec.api_clients:
            aws.vpc.SecurityGroupIngressRule(
                f"{self._name}-client-{network.replace('/', '-')}",
                security_group_id=self.security_group,
                description="Reaches the API server from inside the network.",
                cidr_ipv4=network,
                ip_protocol="tcp",
                from_port=HTTPS_PORT,
                to_port=HTTPS_PORT,
                tags=self._spec.placement.tags(),
                opts=self._inside,
            )


class EksNodeServices(pulumi.ComponentResource):
    """What a cluster needs and only nodes can run: names and disks.

    Makes the add-ons for CoreDNS, on the system pool, and for EBS volumes, with an identity of its own. They are made
    after the pools, because EKS calls an add-on failed whose pods find no node.
    """

    data_flows: tuple[DataFlow, ...] = ()
    """None of its own: names stay in the cluster, and volumes belong to the workloads."""
    controls = ("RES-021",)
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: EksSpec,
        *,
        cluster_name: pulumi.Input[str],
        disks_role: pulumi.Input[str],
        pools: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("falaj:index:EksNodeServices", name, {"dataFlows": [], "controls": list(self.controls)}, opts)
        after_nodes = pulumi.ResourceOptions(parent=self, depends_on=list(pools))
        addon(f"{name}-coredns", "coredns", cluster_name, spec, configuration=DNS_CONFIGURATION, opts=after_nodes)
        addon(
            f"{name}-ebs",
            "aws-ebs-csi-driver",
            cluster_name,
            spec,
            configuration=EBS_CONFIGURATION,
            identity=(EBS_ACCOUNT, disks_role),
            opts=after_nodes,
        )
        self.register_outputs({})


def addon(
    name: str,
    addon_name: str,
    cluster: pulumi.Input[str],
    spec: EksSpec,
    *,
    opts: pulumi.ResourceOptions,
    configuration: dict[str, Any] | None = None,
    identity: tuple[str, pulumi.Input[str]] | None = None,
) -> aws.eks.Addon:
    """Make an add-on that EKS keeps; what somebody changed in the cluster is put right again."""
    return aws.eks.Addon(
        name,
        cluster_name=cluster,
        addon_name=addon_name,
        addon_version=_version_of(addon_name, spec.kubernetes_version),
        configuration_values=None if configuration is None else json.dumps(configuration, sort_keys=True),
        pod_identity_associations=None
        if identity is None
        else [{"service_account": identity[0], "role_arn": identity[1]}],
        resolve_conflicts_on_create="OVERWRITE",
        resolve_conflicts_on_update="OVERWRITE",
        tags=spec.placement.tags(),
        opts=opts,
    )


def _named(role: str) -> str:
    """Return a name for a role that stays the same whoever is added or removed beside it."""
    account, _, path = role.removeprefix("arn:aws:iam::").partition(":role/")
    return f"{account}-{path.replace('/', '-')}"


def _version_of(addon_name: str, minor: str) -> str | None:
    """Return the version that the catalog knows to go with a Kubernetes minor; none lets EKS take its own default."""
    known = offered_minors("eks").get(minor)
    return None if known is None else known.add_ons.get(addon_name)
