"""POD-004: containers drop all Linux capabilities."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Properties, Severity
from policies.examples.kubernetes import container, deployment, pod, security, service
from policies.outcomes import Outcome
from policies.values import UNKNOWN
from policies.workloads.mending import Part, elements, inside, put, with_mended_containers
from policies.workloads.workload import WORKLOADS, Workload

HARMLESS = "NET_BIND_SERVICE"

CONTROL = Control(
    id="POD-004",
    title="Containers drop all Linux capabilities",
    harm="One capability such as SYS_ADMIN or NET_RAW is enough to leave the container or to listen to a neighbour.",
    severity=Severity.HIGH,
    applies_to=WORKLOADS,
    reads=("container.securityContext.capabilities.drop", "container.securityContext.capabilities.add"),
    remedy=f"Set securityContext.capabilities.drop to [ALL] and add nothing but {HARMLESS}.",
    admits=(
        "variables.containers.all(c, 'ALL' in c.?securityContext.capabilities.drop.orValue([]) && "
        "c.?securityContext.capabilities.add.orValue([]).all(added, added == 'NET_BIND_SERVICE'))"
    ),
)


@CONTROL.check
def drops_all_capabilities(workload: Workload) -> Iterator[Outcome]:
    """Find each container that keeps a capability or takes one that is not harmless."""
    for found in workload.containers:
        capabilities = found["securityContext"]["capabilities"]
        yield from capabilities["drop"].must(lambda value: isinstance(value, list) and "ALL" in value, "[ALL]")
        for added in capabilities["add"].items():
            yield from added.must(lambda value: value == HARMLESS, f"nothing but {HARMLESS}")


@CONTROL.fix
def without_capabilities(properties: Properties) -> Properties:
    """Drop all capabilities of each container and keep of those it adds the harmless one."""
    return with_mended_containers(properties, dropping_all)


def dropping_all(container: Part) -> None:
    """Mend one container."""
    capabilities = inside(container, "securityContext", "capabilities")
    if "ALL" not in elements(capabilities, "drop"):
        put(capabilities, "drop", ["ALL"])
    added = elements(capabilities, "add")
    if added:
        put(capabilities, "add", [each for each in added if each == HARMLESS])


CONTROL.good("all dropped", deployment())
CONTROL.good(
    "low ports only",
    pod([container(securityContext=security(capabilities={"drop": ["ALL"], "add": [HARMLESS]}))]),
)
CONTROL.good(
    "all dropped, and one of them by name",
    deployment([container(securityContext=security(capabilities={"drop": ["NET_RAW", "ALL"]}))]),
)
CONTROL.bad(
    "nothing dropped",
    deployment([container(securityContext=security(capabilities=None))]),
    finding="spec.template.spec.containers[0].securityContext.capabilities.drop: found nothing, expected [ALL]",
)
CONTROL.bad(
    "some dropped",
    deployment([container(securityContext=security(capabilities={"drop": ["NET_RAW", "CHOWN"]}))]),
    finding=(
        'spec.template.spec.containers[0].securityContext.capabilities.drop: found ["NET_RAW", "CHOWN"], expected [ALL]'
    ),
)
CONTROL.bad(
    "one taken back in an init container",
    pod(initContainers=[container(securityContext=security(capabilities={"drop": ["ALL"], "add": ["SYS_ADMIN"]}))]),
    finding=(
        "spec.initContainers[0].securityContext.capabilities.add[0]: "
        "found SYS_ADMIN, expected nothing but NET_BIND_SERVICE"
    ),
)
CONTROL.unknown(
    "added capability made elsewhere",
    deployment([container(securityContext=security(capabilities={"drop": ["ALL"], "add": [UNKNOWN]}))]),
    at="spec.template.spec.containers[0].securityContext.capabilities.add[0]",
)
CONTROL.not_applicable("a Service runs nothing", service())
