"""POD-006: pods share nothing with their node."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity
from policies.examples.kubernetes import container, cronjob, deployment, pod, service
from policies.outcomes import Outcome
from policies.values import UNKNOWN
from policies.workloads.workload import WORKLOADS, Workload

HOST_NAMESPACES = ("hostNetwork", "hostPID", "hostIPC")

CONTROL = Control(
    id="POD-006",
    title="Pods share nothing with their node",
    harm="A pod on the node's network, processes or disk walks around every wall between tenants.",
    severity=Severity.CRITICAL,
    applies_to=WORKLOADS,
    reads=(
        "pod.hostNetwork",
        "pod.hostPID",
        "pod.hostIPC",
        "pod.volumes[*].hostPath",
        "container.ports[*].hostPort",
    ),
    remedy=(
        "Remove hostNetwork, hostPID, hostIPC, hostPath and hostPort; "
        "for shared memory use an emptyDir of medium Memory with a sizeLimit."
    ),
    admits=(
        "!variables.pod.?hostNetwork.orValue(false) && !variables.pod.?hostPID.orValue(false) && "
        "!variables.pod.?hostIPC.orValue(false) && "
        "variables.pod.?volumes.orValue([]).all(v, !has(v.hostPath)) && "
        "variables.containers.all(c, c.?ports.orValue([]).all(p, p.?hostPort.orValue(0) == 0))"
    ),
)


@CONTROL.check
def shares_nothing_with_the_node(workload: Workload) -> Iterator[Outcome]:
    """Find each namespace, directory or port of the node that the pod asks for."""
    for name in HOST_NAMESPACES:
        yield from workload.pod[name].must(lambda value: value in (None, False), "false or nothing")
    for volume in workload.pod["volumes"].items():
        yield from volume["hostPath"].must(lambda value: value is None, "another kind of volume")
    for found in workload.containers:
        for port in found["ports"].items():
            # Zero is how the API writes that no port of the node is taken.
            yield from port["hostPort"].must(lambda value: value in (None, 0), "nothing")


CONTROL.good(
    "a pod of its own", deployment([container(ports=[{"containerPort": 8080, "hostPort": 0}])], hostNetwork=False)
)
CONTROL.good("shared memory without the host's", cronjob(volumes=[{"name": "shm", "emptyDir": {"medium": "Memory"}}]))
CONTROL.bad(
    "all three namespaces",
    deployment(hostNetwork=True, hostPID=True, hostIPC=True),
    finding=(
        "spec.template.spec.hostNetwork: found true, expected false or nothing",
        "spec.template.spec.hostPID: found true, expected false or nothing",
        "spec.template.spec.hostIPC: found true, expected false or nothing",
    ),
)
CONTROL.bad(
    "a directory of the node",
    pod(volumes=[{"name": "tmp", "emptyDir": {}}, {"name": "models", "hostPath": {"path": "/srv/models"}}]),
    finding='spec.volumes[1].hostPath: found {"path": "/srv/models"}, expected another kind of volume',
)
CONTROL.bad(
    "a port of the node",
    deployment([container(ports=[{"containerPort": 8080, "hostPort": 80}])]),
    finding="spec.template.spec.containers[0].ports[0].hostPort: found 80, expected nothing",
)
CONTROL.unknown("volumes made elsewhere", deployment(volumes=UNKNOWN), at="spec.template.spec.volumes")
CONTROL.not_applicable("a Service runs nothing", service())
