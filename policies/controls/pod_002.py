"""POD-002: containers run as non-root."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity
from policies.examples.kubernetes import container, deployment, pod, security, service
from policies.outcomes import Outcome
from policies.values import UNKNOWN
from policies.workloads.workload import WORKLOADS, Workload

CONTROL = Control(
    id="POD-002",
    title="Containers run as non-root",
    harm="A process that escapes its container as root is root on the node and in every tenant on it.",
    severity=Severity.HIGH,
    applies_to=WORKLOADS,
    reads=(
        "pod.securityContext.runAsNonRoot",
        "pod.securityContext.runAsUser",
        "container.securityContext.runAsNonRoot",
        "container.securityContext.runAsUser",
    ),
    remedy="Set securityContext.runAsNonRoot to true and runAsUser to a number other than 0, or leave it to the image.",
    admits=(
        "variables.containers.all(c, "
        "c.?securityContext.runAsNonRoot.orValue(variables.pod.?securityContext.runAsNonRoot.orValue(false)) && "
        "c.?securityContext.runAsUser.orValue(variables.pod.?securityContext.runAsUser.orValue(1)) != 0)"
    ),
)


@CONTROL.check
def runs_as_non_root(workload: Workload) -> Iterator[Outcome]:
    """Find each container that may, or does, run as user 0. A container's own setting wins over the pod's."""
    pod_wide = workload.pod["securityContext"]
    for found in workload.containers:
        own = found["securityContext"]
        non_root = own["runAsNonRoot"].or_else(pod_wide["runAsNonRoot"])
        yield from non_root.must(lambda value: value is True, "true")
        user = own["runAsUser"].or_else(pod_wide["runAsUser"])
        yield from user.must(lambda value: value != 0, "a user id other than 0")


CONTROL.good("set on the container", deployment())
CONTROL.good(
    "set on the pod",
    deployment(
        [container(securityContext=security(runAsNonRoot=None, runAsUser=None))],
        securityContext={"runAsNonRoot": True, "runAsUser": 1000},
    ),
)
CONTROL.good("user left to the image", pod([container(securityContext={"runAsNonRoot": True})]))
CONTROL.bad(
    "nobody says so",
    deployment([container(securityContext=None)]),
    finding="spec.template.spec.containers[0].securityContext.runAsNonRoot: found nothing, expected true",
)
CONTROL.bad(
    "a container takes back what the pod says",
    deployment(
        [container(securityContext=security(runAsNonRoot=False, runAsUser=0))], securityContext={"runAsNonRoot": True}
    ),
    finding=(
        "spec.template.spec.containers[0].securityContext.runAsNonRoot: found false, expected true",
        "spec.template.spec.containers[0].securityContext.runAsUser: found 0, expected a user id other than 0",
    ),
)
CONTROL.bad(
    "the pod's user is root",
    pod(
        [container(securityContext=security(runAsNonRoot=None, runAsUser=None))],
        securityContext={"runAsNonRoot": False, "runAsUser": 0},
    ),
    finding=(
        "spec.securityContext.runAsNonRoot: found false, expected true",
        "spec.securityContext.runAsUser: found 0, expected a user id other than 0",
    ),
)
CONTROL.unknown(
    "security context made elsewhere",
    deployment([container(securityContext=UNKNOWN)]),
    at="spec.template.spec.containers[0].securityContext",
)
CONTROL.not_applicable("a Service runs nothing", service())
