"""Why some mutants of POD controls survive."""

from __future__ import annotations

from policies.workloads.workload import CONTAINER_LISTS
from tests.policies.excuses.excuse import Excuse, each

AUTOMOUNT = "automountServiceAccountToken"
ENFORCE = "pod-security.kubernetes.io/enforce"
ABSENT_IS_SAFE = "Kubernetes takes its absence as the safe value"
SIDES = "one pod on the GPU side of an endpoint that CPUs answer too"

RESOURCES: dict[str, tuple[Excuse, ...]] = {
    "POD-001": (
        Excuse(
            each("unknown delete null strange upper cut empty", "name"),
            "restricted is right in any namespace",
            of="Namespace NamespacePatch",
        ),
        Excuse(each("offend", ENFORCE), "an operator of drivers may enforce less", "the operator of drivers"),
    ),
    "POD-002": (
        Excuse(
            each("crowd", *CONTAINER_LISTS), "a container that says nothing takes the pod's setting", "set on the pod"
        ),
        Excuse(
            each("delete null", "runAsUser"),
            "the image names the user, and runAsNonRoot refuses root",
            ("set on the container", "set on the pod"),
        ),
        Excuse(each("more less", "runAsUser"), "another user, not root", ("set on the container", "set on the pod")),
    ),
    "POD-003": (
        Excuse(
            each("delete null", "privileged", "procMount"),
            ABSENT_IS_SAFE,
            ("forbidden in so many words", "process tree as usual"),
        ),
    ),
    "POD-004": (Excuse(each("delete null empty", "add"), "nothing is added", "low ports only"),),
    "POD-005": (
        Excuse(
            each("crowd", *CONTAINER_LISTS), "a container that says nothing takes the pod's profile", "once for the pod"
        ),
        Excuse(
            (*each("crowd", *CONTAINER_LISTS), *each("delete null", "type")),
            "a container that says nothing takes the pod's profile",
            "a profile of its own for one",
        ),
    ),
    "POD-006": (Excuse(each("delete null", "hostNetwork", "hostPort"), ABSENT_IS_SAFE, "a pod of its own"),),
    "POD-008": (
        Excuse(
            (
                *each("unknown delete null empty strange upper cut", "serviceAccountName"),
                *each("unknown", "serviceAccount"),
            ),
            "no token is mounted, or the newer name has one of its own",
            of="CronJob Deployment Pod",
        ),
        Excuse(each("strange upper cut", "serviceAccount"), "another account of its own", "under the old name"),
        Excuse(
            each("flip", AUTOMOUNT),
            "the account is its own, and the pod says what it wants",
            ("no token for an account of its own", "a controller with its own", "under the old name"),
        ),
        Excuse(
            (*each("offend", AUTOMOUNT), *each("unknown delete null", "serviceAccountToken")),
            "the account is its own",
            "no token for an account of its own",
        ),
    ),
    "POD-009": (
        Excuse(
            each("crowd", "ephemeralContainers"),
            "an ephemeral container may not ask for resources",
            ("all four", "as numbers"),
        ),
        Excuse(each("more", "cpu"), "another amount, above zero", "as numbers"),
        Excuse(each("upper cut", "cpu"), "another amount, above zero", "all four"),
        Excuse(each("cut", "memory"), "another amount, above zero", "all four"),
    ),
    "POD-010": (
        Excuse(
            each("crowd", "initContainers", "ephemeralContainers"),
            "it ends before requests come, or answers none",
            of="Deployment StatefulSet",
        ),
        Excuse(
            (*each("delete null strange upper cut empty", "namespace"), *each("delete null", "labels", "selector")),
            "a workload that no Service selects answers no requests; another's budget does not matter",
            of="Deployment HorizontalPodAutoscaler PodDisruptionBudget Service StatefulSet",
        ),
        Excuse(
            each("unknown delete null strange upper cut empty", "name"),
            "a name matters to an autoscaler of it alone",
            of="Deployment HorizontalPodAutoscaler StatefulSet",
        ),
        Excuse(each("more", "replicas"), "more pods than are asked for", of="Deployment StatefulSet"),
        Excuse(
            (*each("unknown delete null offend second", "livenessProbe", "readinessProbe"), *each("unknown", "labels")),
            "other sides and the router are judged for themselves",
            SIDES,
        ),
        Excuse(
            each("unknown delete null less offend", "replicas"),
            "one pod is all that is asked for, and the router's are judged for themselves",
            SIDES,
        ),
        Excuse(each("offend", "minAvailable"), "left out, while maxUnavailable says enough", SIDES),
        Excuse(
            each("less offend", "replicas"),
            "still as many as are asked for",
            "a database of three, half of which may go",
        ),
        *(
            Excuse(each("offend delete null", "replicas"), "one pod is all that is asked for", label)
            for label in ("one pod on one machine", "one pod, as its tier is promised")
        ),
        Excuse(each("offend", "replicas"), "one pod is all that is asked for", "one pod for development"),
        *(
            Excuse(each("offend", "minAvailable"), "left out, while maxUnavailable says enough", label)
            for label in ("one pod for development", "one pod on one machine", "one pod, as its tier is promised")
        ),
        Excuse(
            (
                *each("unknown", "selector"),
                *each("unknown offend", "minAvailable"),
                *each("unknown delete null more less offend", "maxUnavailable"),
            ),
            "a budget of its own says enough",
            "another budget somewhere",
        ),
        Excuse(each("offend", "maxUnavailable"), "two of three may go", "a database of three, half of which may go"),
        Excuse(
            (*each("offend unknown", "maxUnavailable"), *each("less", "minAvailable")),
            "minAvailable decides, and one of three may stay alone",
            "three pods, of which two stay",
        ),
        Excuse(
            (
                *each("unknown offend", "replicas"),
                *each("unknown", "namespace"),
                *each("delete null strange upper cut empty", "kind"),
                *each("unknown delete null more less", "minReplicas"),
            ),
            "its autoscaler decides, and another's does not matter",
            "pods by load",
        ),
    ),
    "POD-011": (
        Excuse(
            each("unknown delete null more less", "replicas"),
            "spread, however many pods there are",
            of="Deployment StatefulSet",
        ),
        Excuse(
            (
                *each("unknown delete null strange upper cut empty", "topologyKey"),
                *each("unknown delete null more less", "maxSkew"),
                *each("unknown delete null", "labelSelector"),
            ),
            "the other constraint is by node and need not be there",
            "by the second of two constraints",
        ),
    ),
    "POD-012": (
        Excuse(
            each("delete null empty", "env", "envFrom"),
            "nothing is passed",
            ("settings only", "names that only sound secret", "settings from a ConfigMap"),
        ),
    ),
    "POD-013": (
        Excuse(
            (*each("delete null offend", "version"), *each("delete null", "orchestratorVersion")),
            "nodes without a version of their own have the cluster's, which is judged",
            of="AgentPool ManagedCluster NodeGroup",
        ),
        Excuse(
            each("delete null", "supportPlan", "nodeOSUpgradeChannel"),
            "Azure's default is the safe value",
            ("AKS on a patch of the newest minor", "AKS with security patches in place"),
        ),
    ),
    "POD-014": (
        Excuse(
            each("delete null empty", "command", "args"),
            "Triton's own defaults are the safe ones",
            ("models from a mounted image", "through the image's own entry point", "on other ports, by a shell"),
        ),
    ),
}
LOGIC: dict[str, dict[str, str]] = {
    "POD-001": {
        'least_minor: minor.partition(".") -> minor.rpartition(".")': "a minor version has one dot",
        **{
            f'least_minor: "{target}" -> "{other}"': "the other cloud supports the same oldest minor"
            for target, others in {"eks": ("XXeksXX", "EKS"), "aks": ("XXaksXX", "AKS")}.items()
            for other in others
        },
    },
}
