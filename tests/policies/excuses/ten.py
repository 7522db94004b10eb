"""Why some mutants of TEN controls survive."""

from __future__ import annotations

from tests.policies.excuses.excuse import Excuse, each

ANY_TEXT = "unknown delete null strange upper cut empty"
NOT_INSIDE = "what lies elsewhere is judged there"
MADE_FROM_IT = "the program made the one from the other, whatever their names"
SERVES_ALL = "a store that serves all may use any key"
FOR_ALL = "a bucket for all, with a key that another stack made"
POOLS_FOR_ALL = "a cluster with pools for one and for all"
OTHER = "delete null strange upper cut empty"
NO_GPU = "machines without GPUs are not judged"

RESOURCES: dict[str, tuple[Excuse, ...]] = {
    "TEN-001": (
        Excuse(
            each("strange cut", "falaj.dev/tenant"),
            "a tenant may have any name",
            ("a tenant's room", "a room that the cluster names"),
        ),
        Excuse(
            each("offend unknown delete null", "falaj.dev/tenant"),
            "the label of a workload matters in its namespace alone, and may be left out",
            of="Deployment Namespace",
        ),
        Excuse(each("offend", "falaj.dev/tenant"), "a tenant may have any name", of="Deployment Namespace"),
        Excuse(
            each("strange", "requests.cpu", "requests.memory", "limits.memory", "pods", "cpu", "memory"),
            "Kubernetes refuses what is no quantity",
            of="ResourceQuota",
        ),
        Excuse(
            each("upper cut", "requests.memory", "limits.memory", "memory"),
            "another amount, or one that is refused",
            of="ResourceQuota",
        ),
        Excuse(each("cut", "pods"), "another amount", of="ResourceQuota"),
        Excuse(
            each("unknown", "cpu", "memory"),
            "bounded by its other name",
            ("a tenant's room", "a room for all", "a room that the cluster names"),
        ),
        Excuse(each("delete null offend", "name"), "what bounds it was made from it", "a room that the cluster names"),
        Excuse(
            each("unknown delete null strange upper cut empty offend", "namespace"),
            NOT_INSIDE,
            "bounds by their short names, and GPUs",
        ),
        Excuse(each("strange upper cut", "namespace"), "any namespace but that of everybody", "in a namespace"),
        Excuse(
            each("delete null unknown", "limits"),
            "what asks for no GPU needs no bound; POD-009 judges the rest",
            ("bounds by their short names, and GPUs", "in a namespace", "in the namespace of its provider"),
        ),
    ),
    "TEN-002": (
        Excuse(
            each("offend second", "kmsMasterKeyId"),
            MADE_FROM_IT,
            (
                "a tenant's bucket and key",
                "its own key and alias, beside those of another tenant",
                "a key by its alias",
            ),
        ),
        Excuse(
            each("delete null", "arn"),
            MADE_FROM_IT,
            (
                "a tenant's bucket and key",
                "its own key and alias, beside those of another tenant",
                "a key by its alias",
            ),
        ),
        Excuse(
            each("unknown", "keyId", "arn", "name", "keyName"),
            "the key is known by what it made, or is not looked for",
            of="Key",
        ),
        Excuse(
            each("delete null empty", "falaj.dev/tenant"),
            "no tenant to compare with; TEN-001 asks for one",
            of="Namespace",
        ),
        Excuse(each("strange upper cut", "falaj.dev/tenant"), SERVES_ALL, "a bucket for all, with the keys of S3"),
        Excuse(
            each("unknown", "falaj.dev/tenant"),
            "whatever it says, the namespace serves all",
            (
                "a bucket for all, with a key that another stack made",
                "a vault beside its tenant's room and that of all",
            ),
        ),
        Excuse(
            each(ANY_TEXT, "falaj.dev/role"),
            "a namespace is a tenant's unless it says that it serves all",
            of="Namespace",
        ),
        Excuse(
            each(ANY_TEXT, "bucket"),
            "the bucket serves all, or names its own key",
            of="Bucket BucketServerSideEncryptionConfiguration BucketV2",
        ),
        Excuse(each(f"{ANY_TEXT} abroad", "kmsMasterKeyId"), SERVES_ALL, FOR_ALL),
        Excuse(
            each("unknown delete null empty", "tenant"),
            "the tag of the other tenant's key, which is judged apart",
            "its own key and alias, beside those of another tenant",
        ),
        Excuse(
            each("strange upper cut offend", "tenant"),
            "any tenant where there is none to compare with",
            (
                "its own key and alias, beside those of another tenant",
                "a key of whoever",
                "a vault beside its tenant's room and that of all",
            ),
        ),
    ),
    "TEN-003": (
        Excuse(
            each("delete null", "limits", "requests", "data"),
            "what asks for nothing shares nothing",
            of="ConfigMap CronJob Deployment Pod",
        ),
        Excuse(
            each("delete null strange cut empty", "name"),
            "another variable, which shows no GPU",
            of="CronJob Deployment Pod",
        ),
        Excuse(
            each("delete null strange upper cut empty", "strategy"),
            "the driver knows two ways of sharing and no other",
            ("a claim of a device", "a claim of a device for each pod"),
        ),
    ),
    "TEN-004": (
        Excuse(
            each("delete null", "tenant"),
            "label and taint say whose machines they are",
            ("label, taint and tag", "label and taint, beside others", "a tenant and its machines"),
        ),
        Excuse(each("second", "nodeTaints"), "a second pool for the same tenant", POOLS_FOR_ALL),
        Excuse(
            (
                *each("unknown", "falaj.dev/role"),
                *each(ANY_TEXT, "falaj.dev/tenant"),
                *each("unknown strange upper cut empty offend", "tenant"),
            ),
            "the pool itself is judged apart, by its own label and taint",
            "a tenant and its machines",
        ),
    ),
    "TEN-005": (
        Excuse(
            each("strange upper cut", "name"),
            "another stack, whose name tells the same stage or none",
            of="StackReference",
        ),
        Excuse(
            each("offend", "name"),
            "a stack of the same stage as this one",
            (
                "outputs of production, for a tenant of it",
                "outputs of a stack that says nothing",
                "outputs for development",
            ),
        ),
    ),
    "TEN-006": (
        Excuse(
            each("delete null", "policy", "assumeRolePolicy", "granteePrincipal", "retiringPrincipal", "accountId"),
            "where nobody is named nothing is granted",
            of="AmiLaunchPermission BucketPolicy Grant Key Queue Role",
        ),
        Excuse(
            each("cut", "granteePrincipal", "retiringPrincipal"),
            "another role of the same account",
            "a grant to a role of the account",
        ),
        Excuse(
            each("delete null", "allowCrossTenantReplication"),
            "absent, Azure refuses it",
            "a storage account that keeps to itself",
        ),
    ),
    "TEN-007": (
        Excuse(each("delete null", "annotations"), "it has none", "annotations of others"),
        Excuse(each("delete null strange upper cut empty", "mountPath"), "a mount of anything else", of="CronJob"),
        Excuse(
            each("delete null strange cut empty", "name"),
            "another variable, which shows no GPU",
            of="CronJob Deployment Pod",
        ),
        Excuse(
            each("unknown delete null strange cut empty offend second", "value"),
            "the variable is none that shows GPUs",
            ("no GPU", "a GPU that was asked for", "annotations of others", "a directory without devices"),
        ),
        Excuse(each("delete null strange upper cut empty", "path"), "another directory", "a directory without devices"),
    ),
    "TEN-008": (
        Excuse(each("crowd", "ephemeralContainers"), "one that asks for nothing", of="CronJob Deployment Pod"),
        Excuse(
            each("delete null strange upper cut empty", "key"),
            "another toleration, or one of those that ask for GPUs",
            of="CronJob Deployment Pod",
        ),
        Excuse(each("unknown", "key"), "it asks for GPUs", ("a GPU", "a part, said twice")),
        Excuse(
            each("delete null", "limits", "requests"),
            "what has no limit asks for no GPU, and what says no request requests its limit",
            of="Deployment Pod",
        ),
    ),
    "TEN-009": (Excuse(each(OTHER, "vmSize"), NO_GPU, of="AgentPool ManagedCluster"),),
    "TEN-010": (
        Excuse(each(OTHER, "vmSize"), NO_GPU, of="AgentPool ManagedCluster"),
        Excuse(each(OTHER, "driver"), "whoever installs it, GPUs are hidden", of="AgentPool ManagedCluster"),
        Excuse(each(ANY_TEXT, "command"), "what runs the script, or another DaemonSet", of="DaemonSet"),
        Excuse(each(ANY_TEXT, "falaj.dev/pool-name"), "hidden on every node", "hidden on every node"),
        Excuse(
            (*each(ANY_TEXT, "operator", "path"), *each(OTHER, "values"), "unknown nodeSelector"),
            "the other DaemonSet, or the other pool",
            "hidden on the pool",
        ),
    ),
    "TEN-011": (
        Excuse(
            (*each(OTHER, "amiType", "image"), *each(f"{OTHER} abroad", "chart"), "abroad image"),
            "any other brings no device plugin",
            of="DaemonSet NodeGroup Release",
        ),
        Excuse(
            each("offend", "chart"),
            "the only one in the stack",
            (
                "the operator's",
                "the operator's by default, beside other charts",
                "a chart of its own, the operator's switched off",
            ),
        ),
        Excuse(each("delete null flip", "enabled"), "the only one, or switched off", of="Release"),
        Excuse(("unknown enabled",), "on or off, it stays away", "a node's own, the operator's kept away"),
    ),
    "TEN-012": (
        Excuse(each(f"{OTHER} abroad", "chart"), "another chart installs no driver", of="Release"),
        Excuse(each(OTHER, "vmSize", "instanceTypes"), NO_GPU, of="AgentPool NodeGroup"),
        Excuse(
            each("unknown", "instanceTypes"),
            "the other size tells",
            ("nodes that bring the driver", "nodes that bring the plugin too", "nodes that bring nothing"),
        ),
        Excuse(each("unknown offend", "amiType"), NO_GPU, "nodes of another stack"),
        Excuse(each("flip offend", "enabled"), "either is decided", "nodes of another stack"),
    ),
    "TEN-013": (
        Excuse(each(OTHER, "vmSize", "instanceTypes"), NO_GPU, of="AgentPool ManagedCluster NodeGroup"),
        Excuse(each("unknown", "instanceTypes"), "the other size tells", "kept, and until ready"),
        Excuse(each("unknown offend second", "nodeTaints"), NO_GPU, "kept in a cluster's own pool"),
    ),
    "TEN-014": (
        Excuse(each(OTHER, "vmSize", "instanceTypes"), NO_GPU, of="AgentPool ManagedCluster NodeGroup"),
        Excuse(
            each("unknown", "instanceTypes"), "the other size tells", ("named by its layout", "divided by the image")
        ),
        Excuse(
            each(OTHER, "gpuInstanceProfile", "nvidia.com/mig.config", "falaj.dev/gpu-sharing"),
            "another layout, or none",
            of="AgentPool ManagedCluster NodeGroup",
        ),
        Excuse(
            (*each(f"{ANY_TEXT} offend second", "name"), "unknown gpuInstanceProfile"),
            NO_GPU,
            "named so in a cluster's own pool",
        ),
    ),
    "TEN-015": (
        Excuse(each(OTHER, "vmSize"), NO_GPU, of="AgentPool"),
        Excuse(each(f"{OTHER} offend", "osSKU"), "one image, whichever", of="AgentPool"),
        Excuse(("unknown osSKU", "unknown vmSize"), "a pool without GPUs", "two alike, beside others"),
    ),
}
LOGIC: dict[str, dict[str, str]] = {}
