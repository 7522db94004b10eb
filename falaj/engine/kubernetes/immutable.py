"""Which fields Kubernetes never changes in place: a change of one means another object.

Source: the update validation of Kubernetes 1.36 (pkg/apis/*/validation), and Pulumi's own provider for Secret and
ConfigMap, whose data it replaces so that what mounts them is rolled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from falaj.engine.kubernetes.kinds import GroupKind

Path = tuple[str | int, ...]
"""Field names and list positions from the root of an object."""

ANY_ITEM: Final = "*"
"""Stands for every position of a list in a pattern."""


@dataclass(frozen=True)
class Immutable:
    """Fields that can't change, and the fields below them that still can."""

    fields: tuple[tuple[str, ...], ...]
    but: tuple[tuple[str, ...], ...] = ()

    def covers(self, path: Path) -> bool:
        """Tell whether a change at the path, or anywhere below it, touches a field that can't change."""
        if any(starts(path, pattern) for pattern in self.but):
            return False
        return any(starts(path, pattern) or starts(pattern, path) for pattern in self.fields)


def starts(path: Path, start: Path) -> bool:
    """Tell whether a path lies at or below another; ``*`` in either stands for any step."""
    return len(path) >= len(start) and all(map(_same, path, start))


def _same(left: str | int, right: str | int) -> bool:
    return left == right or ANY_ITEM in (left, right)


def _below(root: str, *names: str) -> tuple[tuple[str, ...], ...]:
    return tuple((root, name) for name in names)


IDENTITY: Final = Immutable((("kind",), ("metadata", "name"), ("metadata", "namespace")))
"""What makes an object the same one, for every kind."""

_SELECTOR = Immutable(_below("spec", "selector"))
_ROLE_BINDING = Immutable((("roleRef",),))
_CONTENT = (("data",), ("binaryData",), ("stringData",))
_VOLUME_SOURCES = (
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "csi",
    "fc",
    "flexVolume",
    "gcePersistentDisk",
    "glusterfs",
    "hostPath",
    "iscsi",
    "local",
    "nfs",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "volumeMode",
    "vsphereVolume",
)

_BY_KIND: Final = {
    GroupKind("apiextensions.k8s.io", "CustomResourceDefinition"): Immutable(
        (("spec", "group"), ("spec", "names", "kind"), ("spec", "names", "plural"), ("spec", "scope"))
    ),
    GroupKind("apps", "DaemonSet"): _SELECTOR,
    GroupKind("apps", "Deployment"): _SELECTOR,
    GroupKind("apps", "ReplicaSet"): _SELECTOR,
    GroupKind("apps", "StatefulSet"): Immutable(
        _below("spec", "podManagementPolicy", "selector", "serviceName", "volumeClaimTemplates")
    ),
    GroupKind("batch", "Job"): Immutable(
        _below(
            "spec",
            "backoffLimitPerIndex",
            "completionMode",
            "completions",
            "managedBy",
            "podFailurePolicy",
            "selector",
            "successPolicy",
            "template",
        )
    ),
    GroupKind("certificates.k8s.io", "CertificateSigningRequest"): Immutable((("spec",),)),
    GroupKind("", "PersistentVolume"): Immutable(_below("spec", *_VOLUME_SOURCES)),
    GroupKind("", "PersistentVolumeClaim"): Immutable(
        (("spec",),), but=(("spec", "resources"), ("spec", "volumeAttributesClassName"))
    ),
    GroupKind("", "Pod"): Immutable(
        (("spec",),),
        but=(
            ("spec", "containers", ANY_ITEM, "image"),
            ("spec", "initContainers", ANY_ITEM, "image"),
            ("spec", "activeDeadlineSeconds"),
            ("spec", "tolerations"),
        ),
    ),
    GroupKind("", "ResourceQuota"): Immutable(_below("spec", "scopes", "scopeSelector")),
    GroupKind("", "Service"): Immutable(_below("spec", "clusterIP")),
    GroupKind("gateway.networking.k8s.io", "GatewayClass"): Immutable(_below("spec", "controllerName")),
    GroupKind("networking.k8s.io", "IngressClass"): Immutable(_below("spec", "controller")),
    GroupKind("node.k8s.io", "RuntimeClass"): Immutable((("handler",),)),
    GroupKind("rbac.authorization.k8s.io", "ClusterRoleBinding"): _ROLE_BINDING,
    GroupKind("rbac.authorization.k8s.io", "RoleBinding"): _ROLE_BINDING,
    GroupKind("scheduling.k8s.io", "PriorityClass"): Immutable((("value",), ("preemptionPolicy",))),
    GroupKind("storage.k8s.io", "StorageClass"): Immutable(
        (("parameters",), ("provisioner",), ("reclaimPolicy",), ("volumeBindingMode",))
    ),
}


def immutable(kind: GroupKind, *, frozen: bool, secret_mutable: bool, config_map_mutable: bool) -> Immutable:
    """Give what can't change in an object of the kind.

    ``frozen`` is the object's own ``immutable: true``, which Secrets and ConfigMaps can carry.
    """
    if kind == GroupKind("", "Secret"):
        content = _CONTENT if frozen or not secret_mutable else ()
        return Immutable((("type",), *content))
    if kind == GroupKind("", "ConfigMap"):
        return Immutable(_CONTENT if frozen or not config_map_mutable else ())
    return _BY_KIND.get(kind, Immutable(()))
