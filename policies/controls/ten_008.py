"""TEN-008: who asks for GPUs asks for whole numbers, and who is let onto their nodes asks for some."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policies.control import Control, Severity
from policies.examples.kubernetes import container, cronjob, deployment, pod, pod_spec, service
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome, Undecided
from policies.resources import Resource, resource
from policies.values import UNKNOWN
from policies.workloads.workload import WORKLOADS, Workload

VENDOR = "nvidia.com/"
"""The beginning of every name by which a GPU, or a part of one, is asked for."""
TAINT = "nvidia.com/gpu"
"""What keeps pods that ask for no GPU off the nodes that have some."""
NUMBER = re.compile(r"[1-9]\d{0,3}")
DAEMON_SETS = ("kubernetes:apps/v1:DaemonSet", "kubernetes:apps/v1:DaemonSetPatch")
"""What belongs to every node, whatever it asks for."""

CONTROL = Control(
    id="TEN-008",
    title="GPUs are asked for in whole numbers, by whoever is let onto their nodes",
    harm="A pod on a node with GPUs that holds none of them takes its memory and cores from those that do.",
    severity=Severity.MEDIUM,
    applies_to=WORKLOADS,
    reads=(
        "lasting_container.resources.limits",
        "lasting_container.resources.requests",
        "pod.tolerations[*].key",
    ),
    remedy=(
        "Put nvidia.com/gpu: 1, or a part as nvidia.com/mig-<profile>, into resources.limits; leave it out of "
        f"requests, or write the same number; tolerate {TAINT} in pods that ask alone."
    ),
    admits=(
        "variables.lasting.all(c, c.?resources.limits.orValue({}).all(k, "
        f"!k.startsWith('{VENDOR}') || string(c.resources.limits[k]).matches('^[1-9][0-9]{{0,3}}$')) && "
        f"c.?resources.requests.orValue({{}}).all(k, !k.startsWith('{VENDOR}') || "
        "string(c.resources.requests[k]) == string(c.?resources.limits[?k].orValue('')))) && "
        f"(variables.made || object.kind == 'DaemonSet' || "
        f"!variables.pod.?tolerations.orValue([]).exists(t, t.?key.orValue('') == '{TAINT}') || "
        f"variables.lasting.exists(c, c.?resources.limits.orValue({{}}).exists(k, k.startsWith('{VENDOR}'))))"
    ),
    note=(
        "Kubernetes hands out whole devices and holds requests to limits itself; here it is said before anything "
        "waits. Parts that tenants share are judged by TEN-003. A DaemonSet, such as what measures GPUs, belongs to "
        "every node."
    ),
)


@CONTROL.check
def asks_for_whole_numbers(workload: Workload) -> Iterator[Outcome]:
    """Find amounts that are no number of devices, and a pod that is let in and asks for none."""
    found = list(workload.lasting_containers)
    lets_in = [each["key"] for each in workload.pod["tolerations"].items()]
    asking = [name for container in found for name in names_in(container["resources"]["limits"])]
    outcomes = [outcome for each in found for outcome in amounts(each["resources"])]
    yield from outcomes
    if not asking and workload.resource.type not in DAEMON_SETS:
        undecided = any(isinstance(each, Undecided) for each in outcomes)
        for key in () if undecided else lets_in:
            yield from key.must(lambda name: name != TAINT, f"no toleration of {TAINT}: it asks for no GPU")
    elif not asking:
        yield NotApplicable("belongs to every node")


def names_in(amounts_: Node) -> list[str]:
    """Return the names of GPUs that a list of amounts holds."""
    given = amounts_.value
    return [str(name) for name in given if str(name).startswith(VENDOR)] if isinstance(given, Mapping) else []


def amounts(resources: Node) -> Iterator[Outcome]:
    """Judge how many GPUs a container asks for."""
    limits, requests = resources["limits"], resources["requests"]
    for given in (limits, requests):
        if given.value is UNKNOWN:
            yield given.undecided
    for name in names_in(limits):
        yield from limits[name].must(lambda value: NUMBER.fullmatch(str(value)), "a whole number of GPUs")
    for name in names_in(requests):
        if limits[name].known:
            yield from is_as_much(requests[name], limits[name].value)


def is_as_much(request: Node, limit: object) -> Iterator[Outcome]:
    """Judge whether as many GPUs are requested as there may be."""
    yield from request.must(lambda value: str(value) == str(limit), f"{limit or 'nothing'}, as its limit")


def asking(limits: object, **requests: object) -> dict[str, Any]:
    """Describe a container that asks for these amounts."""
    return container(resources={"limits": limits} | ({"requests": requests} if requests else {}))


def daemon_set(tolerations: object) -> Resource:
    """Make a DaemonSet."""
    template = {"metadata": {}, "spec": pod_spec(tolerations=tolerations)}
    return resource(DAEMON_SETS[0], {"metadata": {"name": "example"}, "spec": {"template": template}})


def patched(*containers: object) -> Resource:
    """Change a Deployment that was made elsewhere."""
    return resource(
        "kubernetes:apps/v1:DeploymentPatch", {"spec": {"template": {"spec": {"containers": list(containers)}}}}
    )


LET_IN = [{"key": TAINT, "operator": "Exists", "effect": "NoSchedule"}]
PART = "nvidia.com/mig-1g.10gb"
CONTROL.good("no GPU", deployment(tolerations=[{"key": "falaj.dev/tenant", "operator": "Exists"}]))
CONTROL.good("a GPU", cronjob([asking({TAINT: "1", "memory": "8Gi"})], tolerations=LET_IN))
CONTROL.good("a part, said twice", pod([container(), asking({PART: 1}, **{PART: "1"})], tolerations=LET_IN))
CONTROL.bad(
    "none of them",
    pod([asking({TAINT: "0"})]),
    finding=f'spec.containers[0].resources.limits["{TAINT}"]: found 0, expected a whole number of GPUs',
)
CONTROL.bad(
    "some of one, and another amount than its limit",
    patched(asking({TAINT: "500m"}), asking({PART: "2"}, **{PART: "1"}), asking({}, **{TAINT: "1"})),
    finding=(
        f'spec.template.spec.containers[0].resources.limits["{TAINT}"]: found 500m, expected a whole number of GPUs',
        f'spec.template.spec.containers[1].resources.requests["{PART}"]: found 1, expected 2, as its limit',
        f'spec.template.spec.containers[2].resources.requests["{TAINT}"]: found 1, expected nothing, as its limit',
    ),
)
CONTROL.bad(
    "let onto the nodes for nothing",
    deployment(tolerations=LET_IN),
    finding=(
        f"spec.template.spec.tolerations[0].key: found {TAINT}, expected no toleration of {TAINT}: it asks for no GPU"
    ),
)
CONTROL.unknown("amounts made elsewhere", pod([asking(UNKNOWN)]), at="spec.containers[0].resources.limits")
CONTROL.unknown(
    "an amount made elsewhere", pod([asking({TAINT: UNKNOWN})]), at=f'spec.containers[0].resources.limits["{TAINT}"]'
)
CONTROL.unknown(
    "requests made elsewhere",
    pod([container(resources={"requests": UNKNOWN})], tolerations=LET_IN),
    at="spec.containers[0].resources.requests",
)
CONTROL.unknown("a toleration made elsewhere", pod(tolerations=[{"key": UNKNOWN}]), at="spec.tolerations[0].key")
CONTROL.not_applicable("what measures GPUs on every node", daemon_set(LET_IN))
CONTROL.not_applicable("a Service asks for nothing", service())
