"""TEN-007: pods come by GPUs through what they ask of Kubernetes, and by no other way."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import reduce

from policies.capacity.gpus import NOTHING_VISIBLE, VISIBLE
from policies.control import Control, Severity
from policies.examples.kubernetes import container, cronjob, deployment, metadata, pod, pod_spec, service
from policies.expressions import texts
from policies.node import Node
from policies.outcomes import Outcome
from policies.resources import Resource, resource
from policies.values import UNKNOWN
from policies.workloads.workload import POD_SPEC_BY_TOKEN, WORKLOADS, Workload

MOUNTED_DEVICES = ("/var/run/nvidia-container-devices", "/run/nvidia-container-devices")
"""Where NVIDIA's container toolkit looks for the GPUs that a container wants, if told to: any mount will do."""
DEVICE_PLACES = (
    "/dev/nvidia",
    "/dev/dri",
    "/proc/driver/nvidia",
    "/run/nvidia",
    "/var/run/nvidia",
    "/tmp/nvidia-mps",  # noqa: S108 - where NVIDIA's MPS keeps its pipes
    "/var/log/nvidia-mps",
    "/mps",
    "/etc/cdi",
    "/run/cdi",
    "/var/run/cdi",
    "/var/lib/kubelet/device-plugins",
    "/var/lib/kubelet/pod-resources",
)
"""Devices of a node, sockets of its driver, pipes of MPS, and what hands devices out."""
CDI = "cdi.k8s.io"
"""The beginning of an annotation by which a container runtime adds devices to a pod."""
UNUSUAL = "//|/[.][.]?(/|$)"
"""A path that leads elsewhere than its text says, as a pattern."""
TRUSTED = "namespaceObject.metadata.?labels['pod-security.kubernetes.io/enforce'].orValue('') == 'privileged'"

CONTROL = Control(
    id="TEN-007",
    title="Pods come by GPUs through what they ask of Kubernetes, and by no other way",
    harm="A pod that nobody gave a GPU computes on another tenant's, and reads what that one left in its memory.",
    severity=Severity.CRITICAL,
    applies_to=WORKLOADS,
    reads=(
        "pod.volumes[*].hostPath.path",
        "container.volumeMounts[*].mountPath",
        "container.env[*].name",
        "container.env[*].value",
        *(f"{token}:{'.'.join((*path[:-1], 'metadata', 'annotations'))}" for token, path in POD_SPEC_BY_TOKEN.items()),
    ),
    remedy=(
        f"Ask for nvidia.com/gpu or nvidia.com/mig-<profile> in resources.limits; take out {VISIBLE}, mounts below "
        f"{MOUNTED_DEVICES[0]}, annotations of {CDI}, and directories of the node that hold devices."
    ),
    admits=(
        f"{TRUSTED} || (variables.marked.all(m, !m.?annotations.orValue({{}}).exists(k, k.startsWith('{CDI}/'))) && "
        "variables.pod.?volumes.orValue([]).all(v, !has(v.hostPath) || "
        f"!v.hostPath.path.matches('{UNUSUAL}|/$') && !{texts(DEVICE_PLACES)}.exists(p, "
        "v.hostPath.path.startsWith(p) || p.startsWith(v.hostPath.path + '/'))) && variables.containers.all(c, "
        f"c.?volumeMounts.orValue([]).all(m, !m.mountPath.matches('{UNUSUAL}') && "
        f"!{texts(MOUNTED_DEVICES)}.exists(p, m.mountPath.startsWith(p))) && c.?env.orValue([]).all(e, "
        f"e.name != '{VISIBLE}' || e.?value.orValue('all') in {texts(NOTHING_VISIBLE)})))"
    ),
    only_in_a_plan=("what lies in namespaces that POD-001 lets be privileged, where drivers are loaded."),
    note=(
        "At the door a path that is written with dots or double slashes is refused. Every CUDA image sets the variable "
        "itself, which no plan shows: what hides GPUs from those is judged by TEN-010 and TEN-012."
    ),
)


@CONTROL.check
def asks_kubernetes(workload: Workload) -> Iterator[Outcome]:
    """Find each way to a GPU past the scheduler."""
    yield from names_no_device(annotations_of(workload.resource))
    for volume in workload.pod["volumes"].items():
        yield from volume["hostPath"]["path"].must(
            lambda path: path is None or not leads_to_devices(path), "no directory that holds devices of the node"
        )
    for found in workload.containers:
        for mount in found["volumeMounts"].items():
            yield from mount["mountPath"].must(lambda path: not asks_by_a_mount(path), "no place that stands for a GPU")
        for variable in found["env"].items():
            yield from is_not_shown(variable)


def annotations_of(held: Resource) -> Node:
    """Return the annotations that the pod itself gets."""
    path = (*POD_SPEC_BY_TOKEN[held.type][:-1], "metadata", "annotations")
    return reduce(Node.__getitem__, path, held.root)


def names_no_device(annotations: Node) -> Iterator[Outcome]:
    """Judge the names of annotations, whatever they say."""
    if annotations.value is UNKNOWN:
        yield annotations.undecided
    for name in annotations.value if isinstance(annotations.value, Mapping) else ():
        if str(name).partition("/")[0] == CDI:
            yield replace(annotations.finding("no annotation that adds devices"), found=str(name))


def leads_to_devices(path: object) -> bool:
    """Tell whether a directory of the node is, holds or lies in a place of devices."""
    found = posixpath.normpath(str(path))
    return any(place.startswith(found.rstrip("/") + "/") or found.startswith(place) for place in DEVICE_PLACES)


def asks_by_a_mount(path: object) -> bool:
    """Tell whether a mount stands for a GPU."""
    return posixpath.normpath(str(path)).startswith(MOUNTED_DEVICES)


def is_not_shown(variable: Node) -> Iterator[Outcome]:
    """Judge a variable by which a container takes GPUs that Kubernetes did not hand out."""
    name, value = variable["name"], variable["value"]
    if not name.known:
        yield name.undecided
    elif name.value == VISIBLE:
        yield from value.must(
            lambda text: text in NOTHING_VISIBLE, f"{' or '.join(NOTHING_VISIBLE)}, or no such variable"
        )


def with_variable(name: object, value: object) -> dict[str, object]:
    """Describe a container with one variable."""
    return container(env=[{"name": name, "value": value}])


def mounting(path: object) -> dict[str, object]:
    """Describe a container with one mount."""
    return container(volumeMounts=[{"name": "any", "mountPath": path}])


def annotated(annotations: object) -> Resource:
    """Make a pod with annotations."""
    return resource(
        "kubernetes:core/v1:Pod",
        {"metadata": metadata(annotations=annotations), "spec": pod_spec()},
    )


def on_the_node(path: object) -> Resource:
    """Make a pod that mounts a directory of its node."""
    return pod(volumes=[{"name": "any", "hostPath": {"path": path}}])


ANY = [{"name": "any", "emptyDir": {}}]
CONTROL.good("no GPU", deployment())
CONTROL.good(
    "a GPU that was asked for",
    cronjob(
        [container(resources={"limits": {"nvidia.com/gpu": "1"}}, volumeMounts=[{"name": "any", "mountPath": "/tmp"}])],  # noqa: S108 - in a container of its own
        volumes=ANY,
    ),
)
CONTROL.good("no GPU in sight", pod([with_variable(VISIBLE, "void")]))
CONTROL.good("annotations of others", annotated({"falaj.dev/card": "https://models.example.ae/iris"}))
CONTROL.good("a directory without devices", on_the_node("/var/lib/models"))
CONTROL.bad(
    "devices of the node, what holds them, and the pipes of others",
    pod(
        volumes=[
            {"name": name, "hostPath": {"path": path}}
            for name, path in (("one", "/dev/nvidia0"), ("all", "/dev"), ("pipes", "/tmp/nvidia-mps"))  # noqa: S108 - on the node
        ]
    ),
    finding=tuple(
        f"spec.volumes[{index}].hostPath.path: found {path}, expected no directory that holds devices of the node"
        for index, path in enumerate(("/dev/nvidia0", "/dev", "/tmp/nvidia-mps"))  # noqa: S108 - on the node
    ),
)
CONTROL.bad(
    "every GPU of the node by a variable",
    deployment([with_variable(VISIBLE, "all")]),
    finding=("spec.template.spec.containers[0].env[0].value: found all, expected void or none, or no such variable"),
)
CONTROL.bad(
    "one by a variable without a value",
    pod([container(env=[{"name": VISIBLE}])]),
    finding="spec.containers[0].env[0].value: found nothing, expected void or none, or no such variable",
)
CONTROL.bad(
    "every GPU by a mount of nothing",
    pod([mounting("/var/run/nvidia-container-devices/all"), mounting("/run/nvidia-container-devices")], volumes=ANY),
    finding=tuple(
        f"spec.containers[{index}].volumeMounts[0].mountPath: found {path}, expected no place that stands for a GPU"
        for index, path in enumerate(("/var/run/nvidia-container-devices/all", "/run/nvidia-container-devices"))
    ),
)
CONTROL.bad(
    "every GPU by an annotation",
    annotated({"cdi.k8s.io/any": "nvidia.com/gpu=all"}),
    finding="metadata.annotations: found cdi.k8s.io/any, expected no annotation that adds devices",
)
CONTROL.unknown("a variable made elsewhere", pod([with_variable(UNKNOWN, "all")]), at="spec.containers[0].env[0].name")
CONTROL.unknown("a value made elsewhere", pod([with_variable(VISIBLE, UNKNOWN)]), at="spec.containers[0].env[0].value")
CONTROL.unknown("a mount made elsewhere", pod([mounting(UNKNOWN)]), at="spec.containers[0].volumeMounts[0].mountPath")
CONTROL.unknown("annotations made elsewhere", annotated(UNKNOWN), at="metadata.annotations")
CONTROL.unknown("a directory made elsewhere", on_the_node(UNKNOWN), at="spec.volumes[0].hostPath.path")
CONTROL.not_applicable("a Service takes no GPU", service())
