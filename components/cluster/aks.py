"""What an AKS cluster is told, in Azure's own words, one function for each concern. No resource is made here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from components.cluster.addresses import dns_address
from components.network.spec import Egress

if TYPE_CHECKING:
    import pulumi

    from components.cluster.spec import AksSpec

Settings: TypeAlias = dict[str, Any]
"""Arguments of a ManagedCluster."""
OUTBOUND_TYPES = {
    Egress.NONE: "none",
    Egress.FIREWALL: "userDefinedRouting",
    Egress.NAT: "userAssignedNATGateway",
}
"""The way out belongs to the network in every case: AKS makes neither a public address nor a route."""
SUPPORT_PLANS = {"standard": "KubernetesOfficial", "extended": "AKSLongTermSupport"}
IMAGE_CLEANER_HOURS = 168
"""Images that nothing runs and that have known vulnerabilities leave the nodes once a week."""
SCALING = {
    "balance_similar_node_groups": "true",
    "expander": "least-waste",
    "scale_down_unneeded_time": "10m",
    "skip_nodes_with_local_storage": "false",
    "skip_nodes_with_system_pods": "true",
}
"""How AKS's own autoscaler, the one owner of how many machines there are, chooses."""


class UserIdentity(Protocol):
    """An identity of ours in Entra ID that Azure acts as."""

    @property
    def id(self) -> pulumi.Input[str]:
        """Its resource."""

    @property
    def principal_id(self) -> pulumi.Input[str]:
        """Whom roles are granted to."""

    @property
    def client_id(self) -> pulumi.Input[str]:
        """Who signs in."""


def release(spec: AksSpec) -> Settings:
    """Return which Kubernetes runs and how it is kept: patches by itself in its windows, minors by us alone."""
    return {
        "kubernetes_version": spec.kubernetes_version,
        "sku": {"name": "Base", "tier": _tier(spec)},
        "support_plan": SUPPORT_PLANS[spec.support],
        # SecurityPatch is not offered for clusters without a way out.
        "auto_upgrade_profile": {"upgrade_channel": "patch", "node_os_upgrade_channel": "NodeImage"},
        "auto_scaler_profile": _scaling(spec),
        "node_provisioning_profile": {"mode": "Manual"},
    }


def _scaling(spec: AksSpec) -> Settings:
    """Pools with GPUs are tried in the order of their capacity, each for as long as its steps say."""
    if spec.gpu_minutes is None:
        return SCALING
    return {**SCALING, "expander": "priority", "max_node_provision_time": f"{spec.gpu_minutes}m"}


def sign_in(spec: AksSpec, control_plane: UserIdentity, kubelet: UserIdentity) -> Settings:
    """Return who may come in: Entra ID's users by Azure's roles, and nobody with a certificate or password."""
    return {
        "disable_local_accounts": True,
        "enable_rbac": True,
        "aad_profile": {"managed": True, "enable_azure_rbac": True, "tenant_id": spec.tenant_id},
        "identity": {"type": "UserAssigned", "user_assigned_identities": [control_plane.id]},
        "identity_profile": {
            "kubeletidentity": {
                "resource_id": kubelet.id,
                "client_id": kubelet.client_id,
                "object_id": kubelet.principal_id,
            }
        },
        "oidc_issuer_profile": {"enabled": True},
    }


def network(spec: AksSpec, *, api_server_subnet: pulumi.Input[str], dns_zone_id: pulumi.Input[str]) -> Settings:
    """Return how it is reached and how its pods reach each other.

    `publicNetworkAccess` is left out on purpose: Azure refuses user-defined routing where it is `Disabled`
    (https://github.com/Azure/AKS/issues/3690), and a private cluster has no public address that it could close.
    """
    return {
        "fqdn_subdomain": spec.placement.stack,
        "api_server_access_profile": {
            "enable_private_cluster": True,
            "enable_private_cluster_public_fqdn": False,
            "enable_vnet_integration": True,
            "subnet_id": api_server_subnet,
            "private_dns_zone": dns_zone_id,
            "disable_run_command": True,
        },
        "network_profile": {
            "network_plugin": "azure",
            "network_plugin_mode": "overlay",
            "network_dataplane": "cilium",
            "network_policy": "cilium",
            "outbound_type": OUTBOUND_TYPES[spec.egress],
            "load_balancer_sku": "standard",
            "ip_families": ["IPv4"],
            "pod_cidr": spec.pod_cidr,
            "service_cidr": spec.service_cidr,
            "dns_service_ip": dns_address(spec.service_cidr),
        },
    }


def encryption(
    *, kms_key: pulumi.Input[str], kms_vault_id: pulumi.Input[str], disk_encryption_set: pulumi.Input[str]
) -> Settings:
    """Return under which keys it keeps Secrets and disks, and how workloads prove who they are.

    `kms_key` names a version of the key. After a rotation the next deployment moves to the new version; the one before
    has to stay usable until every Secret was written again.
    """
    return {
        "disk_encryption_set_id": disk_encryption_set,
        "security_profile": {
            "azure_key_vault_kms": {
                "enabled": True,
                "key_id": kms_key,
                "key_vault_network_access": "Private",
                "key_vault_resource_id": kms_vault_id,
            },
            "image_cleaner": {"enabled": True, "interval_hours": IMAGE_CLEANER_HOURS},
            "workload_identity": {"enabled": True},
        },
    }


def start(registry_id: pulumi.Input[str]) -> Settings:
    """Return what it starts from: our own registry; nobody touches its machines but Azure; disks for pods, no shares.

    The driver for file shares would sign in with an account key, so that it stays out.
    """
    return {
        "bootstrap_profile": {"artifact_source": "Cache", "container_registry_id": registry_id},
        "node_resource_group_profile": {"restriction_level": "ReadOnly"},
        "storage_profile": {
            "disk_csi_driver": {"enabled": True},
            "snapshot_controller": {"enabled": True},
            "file_csi_driver": {"enabled": False},
            "blob_csi_driver": {"enabled": False},
        },
    }


def _tier(spec: AksSpec) -> str:
    if spec.support == "extended":
        return "Premium"
    return "Standard" if spec.placement.protected else "Free"
