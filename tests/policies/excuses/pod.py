"""Why some mutants of POD controls survive."""

from __future__ import annotations

from policies.workload import CONTAINER_LISTS
from tests.policies.excuses.excuse import Excuse, each

ABSENT_IS_SAFE = "Kubernetes takes its absence as the safe value"

RESOURCES: dict[str, tuple[Excuse, ...]] = {
    "POD-002": (
        Excuse(
            each("crowd", *CONTAINER_LISTS), "a container that says nothing takes the pod's setting", "set on the pod"
        ),
        Excuse(each("delete null", "runAsUser"), "the image names the user, and runAsNonRoot refuses root"),
        Excuse(each("more less", "runAsUser"), "another user, not root"),
    ),
    "POD-003": (Excuse(each("delete null", "privileged", "procMount"), ABSENT_IS_SAFE),),
    "POD-004": (Excuse(each("delete null empty", "add"), "nothing is added"),),
    "POD-006": (Excuse(each("delete null", "hostNetwork", "hostPort"), ABSENT_IS_SAFE),),
    "POD-009": (
        Excuse(each("crowd", "ephemeralContainers"), "an ephemeral container may not ask for resources"),
        Excuse(each("more", "cpu"), "another amount, above zero", "as numbers"),
        Excuse(each("upper cut", "cpu"), "another amount, above zero", "all four"),
        Excuse(each("cut", "memory"), "another amount, above zero", "all four"),
    ),
    "POD-012": (Excuse(each("delete null empty", "env", "envFrom"), "nothing is passed"),),
}
LOGIC: dict[str, dict[str, str]] = {}
