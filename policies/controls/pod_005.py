"""POD-005: containers run under a seccomp profile."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Properties, Severity
from policies.examples.kubernetes import container, cronjob, deployment, pod, security, service
from policies.outcomes import Outcome
from policies.values import UNKNOWN
from policies.workloads.mending import Part, containers_of, found, inside, put, with_mended_pods
from policies.workloads.workload import WORKLOADS, Workload

RUNTIME_DEFAULT = "RuntimeDefault"
FILTERED = (RUNTIME_DEFAULT, "Localhost")
EXPECTED = " or ".join(FILTERED)
PROFILE = ("securityContext", "seccompProfile")

CONTROL = Control(
    id="POD-005",
    title="Containers run under a seccomp profile",
    harm="A process that may make every system call needs only one hole in the kernel to own the node.",
    severity=Severity.HIGH,
    applies_to=WORKLOADS,
    reads=("pod.securityContext.seccompProfile.type", "container.securityContext.seccompProfile.type"),
    remedy="Set securityContext.seccompProfile.type to RuntimeDefault, on the pod once or on each container.",
    admits=(
        "variables.pod.?securityContext.seccompProfile.type.orValue('RuntimeDefault') in "
        "['RuntimeDefault', 'Localhost'] && variables.containers.all(c, "
        "c.?securityContext.seccompProfile.type.orValue("
        "variables.pod.?securityContext.seccompProfile.type.orValue('Unconfined')) in ['RuntimeDefault', 'Localhost'])"
    ),
    note=(
        "A container's own profile wins over the pod's. The pod's must be one of these too where it is set, because "
        "the sandbox that holds the containers runs under it."
    ),
)


@CONTROL.check
def runs_under_a_profile(workload: Workload) -> Iterator[Outcome]:
    """Find each container without a profile, and a pod that switches it off."""
    pod_wide = workload.pod["securityContext"]["seccompProfile"]["type"]
    yield from pod_wide.must(lambda value: value in (None, *FILTERED), EXPECTED)
    for each in workload.containers:
        own = each["securityContext"]["seccompProfile"]["type"]
        yield from own.or_else(pod_wide).must(lambda value: value in FILTERED, EXPECTED)


@CONTROL.fix
def filtered(properties: Properties) -> Properties:
    """Put the runtime's own profile where there is none, or one that lets everything pass."""
    return with_mended_pods(properties, with_profiles)


def with_profiles(pod: Part) -> None:
    """Mend one pod, then each container that has no profile of its own and gets none from the pod."""
    if found(pod, *PROFILE, "type") not in (None, *FILTERED):
        filter_calls(pod)
    for each in containers_of(pod):
        if (found(each, *PROFILE, "type") or found(pod, *PROFILE, "type")) not in FILTERED:
            filter_calls(each)


def filter_calls(part: Part) -> None:
    """Give a pod or a container the runtime's own profile."""
    put(inside(part, *PROFILE), "type", RUNTIME_DEFAULT)


RUNTIME = {"seccompProfile": {"type": "RuntimeDefault"}}
UNCONFINED = {"seccompProfile": {"type": "Unconfined"}}
LOCALHOST = {"seccompProfile": {"type": "Localhost", "localhostProfile": "profiles/onnxruntime.json"}}
DEPLOYED = "spec.template.spec"

CONTROL.good("once for the pod", deployment(securityContext=RUNTIME))
CONTROL.good(
    "on every container",
    pod([container(securityContext=security(**RUNTIME))], initContainers=[container(securityContext=LOCALHOST)]),
)
CONTROL.good(
    "a profile of its own for one",
    cronjob([container(securityContext=security(**LOCALHOST)), container(name="sidecar")], securityContext=RUNTIME),
)
CONTROL.bad(
    "nobody says so",
    cronjob(),
    finding=(
        "spec.jobTemplate.spec.template.spec.containers[0].securityContext.seccompProfile.type: "
        f"found nothing, expected {EXPECTED}"
    ),
)
CONTROL.bad(
    "switched off for the pod",
    deployment(securityContext=UNCONFINED),
    finding=f"{DEPLOYED}.securityContext.seccompProfile.type: found Unconfined, expected {EXPECTED}",
)
CONTROL.bad(
    "switched off for the sandbox alone",
    deployment([container(securityContext=security(**RUNTIME))], securityContext=UNCONFINED),
    finding=f"{DEPLOYED}.securityContext.seccompProfile.type: found Unconfined, expected {EXPECTED}",
)
CONTROL.bad(
    "a debugging container takes it back",
    deployment(ephemeralContainers=[container(securityContext=UNCONFINED)], securityContext=RUNTIME),
    finding=(
        f"{DEPLOYED}.ephemeralContainers[0].securityContext.seccompProfile.type: found Unconfined, expected {EXPECTED}"
    ),
)
CONTROL.unknown(
    "profile chosen elsewhere",
    deployment(securityContext={"seccompProfile": UNKNOWN}),
    at=f"{DEPLOYED}.securityContext.seccompProfile",
)
CONTROL.not_applicable("a Service runs nothing", service())
