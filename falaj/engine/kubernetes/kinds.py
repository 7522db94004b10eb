"""What kinds there are: what a type token names, and what the built-in groups are known to hold."""

from __future__ import annotations

from dataclasses import dataclass

_BUILT_IN_GROUPS = frozenset(
    {
        "",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "internal.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
        "storagemigration.k8s.io",
    }
)

_CLUSTER_SCOPED = frozenset(
    {
        ("", "Namespace"),
        ("", "Node"),
        ("", "PersistentVolume"),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("apiregistration.k8s.io", "APIService"),
        ("certificates.k8s.io", "CertificateSigningRequest"),
        ("certificates.k8s.io", "ClusterTrustBundle"),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
        ("internal.apiserver.k8s.io", "StorageVersion"),
        ("networking.k8s.io", "IngressClass"),
        ("networking.k8s.io", "IPAddress"),
        ("networking.k8s.io", "ServiceCIDR"),
        ("node.k8s.io", "RuntimeClass"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        ("resource.k8s.io", "DeviceClass"),
        ("resource.k8s.io", "DeviceTaintRule"),
        ("resource.k8s.io", "ResourceSlice"),
        ("scheduling.k8s.io", "PriorityClass"),
        ("storage.k8s.io", "CSIDriver"),
        ("storage.k8s.io", "CSINode"),
        ("storage.k8s.io", "StorageClass"),
        ("storage.k8s.io", "VolumeAttachment"),
        ("storage.k8s.io", "VolumeAttributesClass"),
        ("storagemigration.k8s.io", "StorageVersionMigration"),
    }
)

_OWNING_GROUPS = frozenset({"apps", "batch"})

_COMPONENT_GROUPS = frozenset({"yaml", "helm.sh", "kustomize"})


@dataclass(frozen=True)
class GroupKind:
    """A kind, whatever its version."""

    group: str
    kind: str

    @property
    def built_in_scope(self) -> bool | None:
        """Whether objects lie in a namespace; None for kinds that Kubernetes itself does not define."""
        if self.group not in _BUILT_IN_GROUPS:
            return None
        return (self.group, self.kind) not in _CLUSTER_SCOPED

    @property
    def is_childless(self) -> bool:
        """Whether Kubernetes itself makes no objects that such an object owns."""
        return self.group in _BUILT_IN_GROUPS - _OWNING_GROUPS


@dataclass(frozen=True)
class TypeToken:
    """The parts of a token such as ``kubernetes:apps/v1:Deployment``."""

    api_version: str
    kind: str

    @classmethod
    def parse(cls, token: str) -> TypeToken:
        """Read a token; the core group's name is dropped, as the API server has it."""
        _, module, kind = token.split(":", 2)
        return cls(module.removeprefix("core/"), kind)

    def refusal(self, kind: str) -> str | None:
        """Say why this engine does not know the type, given the kind in its inputs; None when it does."""
        group = group_of(self.api_version) or self.api_version
        if group in _COMPONENT_GROUPS:
            return (
                f"the embedded engine does not know {self.api_version}:{self.kind}; "
                "write the objects as resources, or use the Pulumi CLI"
            )
        if self.kind.endswith("Patch") and kind != self.kind:
            return (
                f"the embedded engine does not know Patch resources ({self.kind}); "
                "manage the whole object, or use the Pulumi CLI"
            )
        if self.kind.endswith("List") and group_of(self.api_version) in _BUILT_IN_GROUPS:
            return f"a list ({self.kind}) can't be created; write each object as a resource of its own"
        return None


def type_of(urn: str) -> str:
    """Give the type token of a URN."""
    return urn.split("::", 3)[2].rsplit("$", 1)[-1]


def name_of(urn: str) -> str:
    """Give the resource name of a URN."""
    return urn.split("::", 3)[3]


def group_of(api_version: str) -> str:
    """Give the group of an apiVersion; the core group is empty."""
    return api_version.split("/", 1)[0] if "/" in api_version else ""
