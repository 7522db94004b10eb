"""POD-007: containers cannot write to their root file system."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Properties, Severity
from policies.examples.kubernetes import container, deployment, pod, security, service
from policies.outcomes import Outcome
from policies.values import UNKNOWN
from policies.workloads.mending import Part, inside, put, with_mended_containers
from policies.workloads.workload import WORKLOADS, Workload

CONTROL = Control(
    id="POD-007",
    title="Containers cannot write to their root file system",
    harm="An intruder who can write into the image's files stays there and changes what the model server does.",
    severity=Severity.MEDIUM,
    applies_to=WORKLOADS,
    reads=("container.securityContext.readOnlyRootFilesystem",),
    remedy="Set securityContext.readOnlyRootFilesystem to true and mount an emptyDir where the program writes.",
    admits="variables.containers.all(c, c.?securityContext.readOnlyRootFilesystem.orValue(false))",
    note="Mandatory here although benchmarks only advise it: every image of the platform runs so.",
)


@CONTROL.check
def root_is_read_only(workload: Workload) -> Iterator[Outcome]:
    """Find each container whose root file system can be written."""
    for found in workload.containers:
        setting = found["securityContext"]["readOnlyRootFilesystem"]
        yield from setting.must(lambda value: value is True, "true")


@CONTROL.fix
def reading_only(properties: Properties) -> Properties:
    """Close the root file system of each container; where the program writes is for the author to mount."""
    return with_mended_containers(properties, closed)


def closed(container: Part) -> None:
    """Mend one container."""
    put(inside(container, "securityContext"), "readOnlyRootFilesystem", value=True)


CONTROL.good("read-only", deployment())
CONTROL.good("read-only in every container", pod(initContainers=[container()]))
CONTROL.bad(
    "left to the default",
    deployment([container(securityContext=security(readOnlyRootFilesystem=None))]),
    finding="spec.template.spec.containers[0].securityContext.readOnlyRootFilesystem: found nothing, expected true",
)
CONTROL.bad(
    "writable in the second container",
    pod([container(), container(name="sidecar", securityContext=security(readOnlyRootFilesystem=False))]),
    finding="spec.containers[1].securityContext.readOnlyRootFilesystem: found false, expected true",
)
CONTROL.unknown("containers made elsewhere", deployment([UNKNOWN]), at="spec.template.spec.containers[0]")
CONTROL.not_applicable("a Service runs nothing", service())
