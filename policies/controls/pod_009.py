"""POD-009: containers ask for CPU and memory and are held to a limit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.control import Control, Severity
from policies.examples.kubernetes import container, cronjob, deployment, service
from policies.outcomes import Outcome
from policies.values import UNKNOWN
from policies.workloads.workload import WORKLOADS, Workload

QUANTITY = re.compile(r"(?=[0-9.]*[1-9])[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|e[0-9]+)?")
EXPECTED = "a quantity above zero"

CONTROL = Control(
    id="POD-009",
    title="Containers ask for CPU and memory and are held to a limit",
    harm="One tenant's burst starves its neighbours, and the scheduler places pods where there is no room.",
    severity=Severity.MEDIUM,
    applies_to=WORKLOADS,
    reads=(
        "lasting_container.resources.requests.cpu",
        "lasting_container.resources.requests.memory",
        "lasting_container.resources.limits.cpu",
        "lasting_container.resources.limits.memory",
    ),
    remedy="Write all four: resources.requests and resources.limits, each with cpu and memory.",
    admits=(
        "variables.lasting.all(c, ['requests', 'limits'].all(kind, ['cpu', 'memory'].all(unit, "
        "c.?resources[?kind][?unit].hasValue() && "
        "isQuantity(string(c.resources[kind][unit])) && "
        "quantity(string(c.resources[kind][unit])).isGreaterThan(quantity('0')))))"
    ),
    note="Kubernetes would copy a missing request from the limit; written out, a reviewer sees both.",
)


@CONTROL.check
def resources_are_set(workload: Workload) -> Iterator[Outcome]:
    """Find each amount that is missing or zero. Ephemeral containers may not have any."""
    for found in workload.lasting_containers:
        for amounts in ("requests", "limits"):
            for name in ("cpu", "memory"):
                yield from found["resources"][amounts][name].must(is_above_zero, EXPECTED)


def is_above_zero(amount: object) -> bool:
    """Tell whether a Kubernetes quantity, as text or number, is more than nothing."""
    if isinstance(amount, bool):
        return False
    if isinstance(amount, (int, float)):
        return amount > 0
    return isinstance(amount, str) and QUANTITY.fullmatch(amount) is not None


def sized(**resources: object) -> dict[str, object]:
    """Describe a container with these resources."""
    return container(resources=resources)


CONTROL.good("all four", deployment())
CONTROL.good("as numbers", cronjob([sized(requests={"cpu": 0.5, "memory": 5e8}, limits={"cpu": 1, "memory": 5e8})]))
CONTROL.bad(
    "nothing",
    deployment([container(resources=None)]),
    finding=(
        f"spec.template.spec.containers[0].resources.requests.cpu: found nothing, expected {EXPECTED}",
        f"spec.template.spec.containers[0].resources.requests.memory: found nothing, expected {EXPECTED}",
        f"spec.template.spec.containers[0].resources.limits.cpu: found nothing, expected {EXPECTED}",
        f"spec.template.spec.containers[0].resources.limits.memory: found nothing, expected {EXPECTED}",
    ),
)
CONTROL.bad(
    "zero and words",
    deployment(
        [sized(requests={"cpu": "0m", "memory": "1Gi"}, limits={"cpu": "1", "memory": "lots"})],
    ),
    finding=(
        f"spec.template.spec.containers[0].resources.requests.cpu: found 0m, expected {EXPECTED}",
        f"spec.template.spec.containers[0].resources.limits.memory: found lots, expected {EXPECTED}",
    ),
)
CONTROL.bad(
    "numbers that are no amount",
    deployment([sized(requests={"cpu": True, "memory": 0}, limits={"cpu": 0.1, "memory": -1})]),
    finding=(
        f"spec.template.spec.containers[0].resources.requests.cpu: found true, expected {EXPECTED}",
        f"spec.template.spec.containers[0].resources.requests.memory: found 0, expected {EXPECTED}",
        f"spec.template.spec.containers[0].resources.limits.memory: found -1, expected {EXPECTED}",
    ),
)
CONTROL.bad(
    "an init container without a memory limit",
    cronjob(
        initContainers=[sized(requests={"cpu": "100m", "memory": "64Mi"}, limits={"cpu": "100m"})],
    ),
    finding=(
        "spec.jobTemplate.spec.template.spec.initContainers[0].resources.limits.memory: "
        f"found nothing, expected {EXPECTED}"
    ),
)
CONTROL.unknown(
    "limits made elsewhere",
    deployment([sized(requests={"cpu": "100m", "memory": "64Mi"}, limits=UNKNOWN)]),
    at="spec.template.spec.containers[0].resources.limits",
)
CONTROL.not_applicable("a Service runs nothing", service())
