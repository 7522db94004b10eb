"""What may be asked of the identities of an environment."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from components.cloud_spec import AWS_ACCOUNT, CloudSpec


class Actor(StrEnum):
    """Who acts in an environment, other than people."""

    CONTROL_PLANE = "control_plane"
    """The cluster's own control plane."""
    NODES = "nodes"
    """Every machine of the cluster: kubelet and image pulls."""
    POD_NETWORK = "pod_network"
    """Gives pods their addresses; AWS only."""
    DISKS = "disks"
    """Makes volumes for pods (AWS), or opens the key of every disk (Azure)."""
    REGISTRY = "registry"
    """Opens the registry's key; Azure only, on AWS grants on the key do."""
    MODEL_STORE = "model_store"
    """Opens the model store's key; Azure only, on AWS whoever reads an object opens it."""
    LOGS = "logs"
    """Writes the network's flow logs (AWS), or opens the key of the log workspace (Azure)."""
    AUDIT = "audit"
    """Writes the audit trail to its log group (AWS), or opens the key of the audit archive (Azure)."""
    BACKUP = "backup"
    """Takes backups of the model store (AWS), or opens the backups' key (Azure)."""
    RESTORE = "restore"
    """Tries whether backups can be brought back, into buckets that are thrown away; AWS only."""


class IdentitiesSpec(CloudSpec):
    """One identity for each actor of an environment. What each may do is not optional and has no field."""

    addon_registry: str | None = Field(
        default=None,
        pattern=rf"^{AWS_ACCOUNT}$",
        description="AWS account that holds the images of EKS add-ons; the region's own by the catalog if absent.",
    )

    @property
    def addon_account(self) -> str | None:
        """The account whose add-on images nodes pull; none where the catalog knows of none."""
        return self.addon_registry or self.region.image_account
