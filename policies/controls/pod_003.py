"""POD-003: no container is privileged or can become so."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Properties, Severity
from policies.examples.kubernetes import container, cronjob, deployment, security, service
from policies.outcomes import Outcome
from policies.values import UNKNOWN
from policies.workloads.mending import Part, inside, put, with_mended_containers
from policies.workloads.workload import WORKLOADS, Workload

CONTROL = Control(
    id="POD-003",
    title="No container is privileged or can become so",
    harm="A privileged container is the node: its disks, its memory and every other tenant on it.",
    severity=Severity.CRITICAL,
    applies_to=WORKLOADS,
    reads=(
        "container.securityContext.privileged",
        "container.securityContext.allowPrivilegeEscalation",
        "container.securityContext.procMount",
    ),
    remedy="Remove securityContext.privileged and set allowPrivilegeEscalation to false.",
    admits=(
        "variables.containers.all(c, !c.?securityContext.privileged.orValue(false) && "
        "!c.?securityContext.allowPrivilegeEscalation.orValue(true) && "
        "c.?securityContext.procMount.orValue('Default') == 'Default')"
    ),
)

HARMLESS = {"privileged": False, "procMount": "Default"}


@CONTROL.check
def stays_unprivileged(workload: Workload) -> Iterator[Outcome]:
    """Find each container that has, or may gain, the powers of the node."""
    for found in workload.containers:
        own = found["securityContext"]
        yield from own["privileged"].must(lambda value: value in (None, False), "false or nothing")
        # Kubernetes allows escalation unless told otherwise, so silence is not enough.
        yield from own["allowPrivilegeEscalation"].must(lambda value: value is False, "false")
        yield from own["procMount"].must(lambda value: value in (None, "Default"), "Default or nothing")


@CONTROL.fix
def unprivileged(properties: Properties) -> Properties:
    """Take from each container the powers of the node, and the way to them."""
    return with_mended_containers(properties, without_powers)


def without_powers(container: Part) -> None:
    """Mend one container."""
    security = inside(container, "securityContext")
    put(security, "allowPrivilegeEscalation", value=False)
    for name in HARMLESS.keys() & security.keys():
        put(security, name, HARMLESS[name])


CONTROL.good("forbidden in so many words", deployment())
CONTROL.good("process tree as usual", deployment([container(securityContext=security(procMount="Default"))]))
CONTROL.good("privileged left out", cronjob([container(securityContext=security(privileged=None))]))
CONTROL.bad(
    "privileged",
    deployment([container(securityContext=security(privileged=True))]),
    finding="spec.template.spec.containers[0].securityContext.privileged: found true, expected false or nothing",
)
CONTROL.bad(
    "escalation left to the default",
    cronjob([container(securityContext=security(allowPrivilegeEscalation=None))]),
    finding=(
        "spec.jobTemplate.spec.template.spec.containers[0].securityContext.allowPrivilegeEscalation: "
        "found nothing, expected false"
    ),
)
CONTROL.bad(
    "escalation in an ephemeral container",
    deployment(ephemeralContainers=[container(securityContext=security(allowPrivilegeEscalation=True))]),
    finding=(
        "spec.template.spec.ephemeralContainers[0].securityContext.allowPrivilegeEscalation: found true, expected false"
    ),
)
CONTROL.bad(
    "the kernel's process tree in full",
    deployment([container(securityContext=security(procMount="Unmasked"))]),
    finding="spec.template.spec.containers[0].securityContext.procMount: found Unmasked, expected Default or nothing",
)
CONTROL.unknown(
    "privileged comes from elsewhere",
    deployment([container(securityContext=security(privileged=UNKNOWN))]),
    at="spec.template.spec.containers[0].securityContext.privileged",
)
CONTROL.not_applicable("a Service runs nothing", service())
