"""One view over every Kubernetes kind that runs containers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Final

from policies.control import Subject
from policies.node import Node
from policies.resources import Plan, Resource

TEMPLATE: Final = ("spec", "template", "spec")
POD_SPECS: Final = {
    "core/v1:Pod": ("spec",),
    "core/v1:ReplicationController": TEMPLATE,
    "apps/v1:Deployment": TEMPLATE,
    "apps/v1:StatefulSet": TEMPLATE,
    "apps/v1:DaemonSet": TEMPLATE,
    "apps/v1:ReplicaSet": TEMPLATE,
    "batch/v1:Job": TEMPLATE,
    "batch/v1:CronJob": ("spec", "jobTemplate", *TEMPLATE),
}
"""Where each kind keeps its pod's specification."""
LASTING_CONTAINERS: Final = ("initContainers", "containers")
"""Lists of containers that live as long as the pod or its start."""
CONTAINER_LISTS: Final = (*LASTING_CONTAINERS, "ephemeralContainers")
"""Every list of a pod that holds containers; ephemeral ones are for debugging and run beside the others."""

MADE: Final = {f"kubernetes:{kind}": path for kind, path in POD_SPECS.items()}
# A patch can weaken what was made elsewhere, so it is held to the same: it writes out all that a control reads.
PATCHED: Final = {f"{token}Patch": path for token, path in MADE.items()}
POD_SPEC_BY_TOKEN: Final = MADE | PATCHED


@dataclass(frozen=True, slots=True)
class Workload:
    """Anything that runs containers: a Pod or a kind that makes pods from a template."""

    resource: Resource

    @property
    def pod(self) -> Node:
        """The specification of its pod."""
        return reduce(Node.__getitem__, POD_SPEC_BY_TOKEN[self.resource.type], self.resource.root)

    @property
    def containers(self) -> Iterator[Node]:
        """Every container: init, ordinary and ephemeral."""
        for name in CONTAINER_LISTS:
            yield from self.pod[name].items()

    @property
    def lasting_containers(self) -> Iterator[Node]:
        """Every container but ephemeral ones, which may not ask for resources."""
        for name in LASTING_CONTAINERS:
            yield from self.pod[name].items()


def as_workload(found: Resource, _plan: Plan) -> Workload:
    """View a resource of one of the workload kinds."""
    return Workload(found)


WORKLOADS: Final = Subject(tokens=tuple(POD_SPEC_BY_TOKEN), view=as_workload)
"""Every kind that runs containers, made or patched."""


def expand(read: str, token: str) -> tuple[str, ...]:
    """Return the real path patterns of a declared read for one type.

    ``pod.`` stands for the pod's specification, ``container.`` for any element of any container list,
    ``lasting_container.`` for any but the ephemeral ones.
    """
    head, _, rest = read.partition(".")
    if head not in {"pod", "container", "lasting_container"}:
        return (read,)
    if token not in POD_SPEC_BY_TOKEN:
        return ()
    pod = ".".join(POD_SPEC_BY_TOKEN[token])
    if head == "pod":
        return (f"{pod}.{rest}",)
    lists = CONTAINER_LISTS if head == "container" else LASTING_CONTAINERS
    return tuple(f"{pod}.{name}[*].{rest}" for name in lists)
