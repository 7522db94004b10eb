"""TEN-011: one device plugin hands out the GPUs of a cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from policies.capacity.pools import NODE_GROUP
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.helm import HERE, release
from policies.examples.kubernetes import container, metadata, pod_spec, service
from policies.examples.pools import node_group, urn
from policies.joins import said_of
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome
from policies.resources import Plan, Resource, resource
from policies.values import UNKNOWN
from policies.workloads.helm import CHART, RELEASE

DAEMON_SET = "kubernetes:apps/v1:DaemonSet"
OPERATOR = re.compile(r"(.*/)?gpu-operator([:@].*)?")
PLUGIN_CHART = re.compile(r"(.*/)?nvidia-device-plugin([:@].*)?")
PLUGIN_IMAGE = re.compile(r"(.*/)?(k8s-device-plugin|nvidia-k8s-device-plugin)([:@].*)?")
SHIPS_ONE = re.compile(r"BOTTLEROCKET_\w+_NVIDIA(_FIPS)?")
"""Images of nodes that run a device plugin of their own."""
STAYS_AWAY = "nvidia.com/gpu.deploy.device-plugin"
"""The label of a node by which the GPU operator's stays away."""
IMAGES = "spec.template.spec.containers[].image"
ONE = "one device plugin in the cluster"

CONTROL = Control(
    id="TEN-011",
    title="One device plugin hands out the GPUs of a cluster",
    harm="Two plugins answer for the same GPUs: two pods get one card, or nodes come up with none to hand out.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(RELEASE, CHART, DAEMON_SET, NODE_GROUP), view=situated, stack_wide=True),
    reads=(
        "Release:chart",
        "Chart:chart",
        "Release:values.devicePlugin.enabled",
        "Chart:values.devicePlugin.enabled",
        f"DaemonSet:{IMAGES.replace('[]', '[*]')}",
        "NodeGroup:amiType",
        f'NodeGroup:labels["{STAYS_AWAY}"]',
    ),
    remedy=(
        "Keep the GPU operator's device plugin and remove the other chart or DaemonSet; label pools whose image brings "
        f"one with {STAYS_AWAY}: 'false'."
    ),
    not_at_the_door="Whether another plugin runs in the cluster, other objects and the images of its nodes tell.",
    note="The plugin in the image of Bottlerocket's nodes can't be taken away; the operator's can.",
)


@CONTROL.check
def is_the_only_one(found: Situated) -> Iterator[Outcome]:
    """Find a second device plugin, beside another of the stack or beside that of a node's image."""
    held = found.resource
    if held.type == NODE_GROUP:
        yield from meets_no_other(held, found.plan)
        return
    own = plugin_of(held)
    if own is None:
        yield NotApplicable("is no device plugin")
        return
    others = list(found_in(found.plan, but=held))
    if not own.known:
        yield own.undecided
    elif any(other.known for _, other in others):
        yield own.finding(ONE)
    else:
        yield from undecided(others)


def found_in(plan: Plan, but: Resource | None = None) -> Iterator[tuple[Resource, Node]]:
    """Yield what brings a device plugin into the cluster, or may do so, and the value that says it."""
    for held in plan.of_type(RELEASE, CHART, DAEMON_SET):
        own = plugin_of(held)
        if own is not None and (but is None or held.urn != but.urn):
            yield held, own


def undecided(plugins: list[tuple[Resource, Node]]) -> Iterator[Outcome]:
    """Say of each plugin that may be one that it is not known."""
    for held, own in plugins:
        yield from said_of(held, [own.undecided])


def plugin_of(held: Resource) -> Node | None:
    """Return the value that says a resource brings a device plugin; where that is not known, it may do so."""
    if held.type == DAEMON_SET:
        images = list(held.root.select(IMAGES))
        named = [image for image in images if image.known and PLUGIN_IMAGE.fullmatch(str(image.value))]
        return next(iter([*named, *(image for image in images if not image.known)]), None)
    chart = held["chart"]
    if not chart.known or PLUGIN_CHART.fullmatch(str(chart.value)):
        return chart
    runs = held["values"]["devicePlugin"]["enabled"] if OPERATOR.fullmatch(str(chart.value)) else None
    if runs is None or runs.value is False:
        return None
    return chart if runs.known else runs


def meets_no_other(pool: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge a pool whose image may bring a device plugin."""
    image, label, plugins = pool["amiType"], pool["labels"][STAYS_AWAY], list(found_in(plan))
    if not plugins:
        yield NotApplicable("no other device plugin in the stack")
    elif not image.known:
        yield image.undecided
    elif not SHIPS_ONE.fullmatch(str(image.value)):
        yield NotApplicable("its image brings no device plugin")
    elif any(own.known and not is_operator(held) for held, own in plugins):
        yield image.finding(ONE)
    elif unknown := [each for each in plugins if not each[1].known and not is_operator(each[0])]:
        yield from undecided(unknown)
    else:
        yield from label.must(lambda value: value == "false", "false, beside the GPU operator")


def is_operator(held: Resource) -> bool:
    """Tell whether a release is of the GPU operator, whose plugin stays away from nodes with a label."""
    return held.type != DAEMON_SET and OPERATOR.fullmatch(str(held["chart"].value)) is not None


def operator(enabled: object = True) -> Resource:
    """Make a release of the GPU operator."""
    return release(chart=f"oci://{HERE}/charts/gpu-operator", values={"devicePlugin": {"enabled": enabled}})


def plugin() -> Resource:
    """Make a release of the device plugin's own chart."""
    return replace(release(chart=f"oci://{HERE}/charts/nvidia-device-plugin", values=None), urn=urn(RELEASE, "plugin"))


def daemon_set(image: object = f"{HERE}/nvidia/k8s-device-plugin:v0.19.3") -> Resource:
    """Make a DaemonSet of one container."""
    template = {"spec": pod_spec([container(image=image)])}
    return resource(DAEMON_SET, {"metadata": metadata(), "spec": {"template": template}})


BOTTLEROCKET = "BOTTLEROCKET_x86_64_NVIDIA"
SWITCHED_OFF = {STAYS_AWAY: "false"}
CONTROL.good("the operator's", operator())
CONTROL.good(
    "the operator's by default, beside other charts",
    release(chart="./charts/gpu-operator", values=None),
    release(name="other"),
)
CONTROL.good("a chart of its own, the operator's switched off", plugin(), operator(enabled=False))
CONTROL.good("a DaemonSet of one's own", daemon_set())
CONTROL.good(
    "a node's own, the operator's kept away", node_group(amiType=BOTTLEROCKET, labels=SWITCHED_OFF), operator()
)
CONTROL.bad(
    "the operator's and a chart's",
    operator(),
    plugin(),
    finding=f"chart: found oci://{HERE}/charts/gpu-operator, expected {ONE}",
)
CONTROL.bad(
    "a chart's and a DaemonSet's",
    plugin(),
    daemon_set(),
    finding=f"chart: found oci://{HERE}/charts/nvidia-device-plugin, expected {ONE}",
)
CONTROL.bad(
    "a DaemonSet's and the operator's",
    daemon_set(),
    operator(),
    finding=(f"spec.template.spec.containers[0].image: found {HERE}/nvidia/k8s-device-plugin:v0.19.3, expected {ONE}"),
)
CONTROL.bad(
    "a node's own and the operator's",
    node_group(amiType=BOTTLEROCKET),
    operator(),
    finding=f'labels["{STAYS_AWAY}"]: found nothing, expected false, beside the GPU operator',
)
CONTROL.bad(
    "a node's own and one that no label keeps away",
    node_group(amiType=BOTTLEROCKET, labels=SWITCHED_OFF),
    daemon_set(),
    finding=f"amiType: found {BOTTLEROCKET}, expected {ONE}",
)
CONTROL.bad(
    "a node's own and a chart's",
    node_group(amiType=BOTTLEROCKET, labels=SWITCHED_OFF),
    plugin(),
    finding=f"amiType: found {BOTTLEROCKET}, expected {ONE}",
)
CONTROL.unknown("a switch made elsewhere", operator(UNKNOWN), at="values.devicePlugin.enabled")
CONTROL.unknown("a chart chosen elsewhere", release(chart=UNKNOWN), at="chart")
CONTROL.unknown(
    "another's switch made elsewhere",
    plugin(),
    operator(UNKNOWN),
    at="values.devicePlugin.enabled",
)
CONTROL.unknown("an image made elsewhere", daemon_set(UNKNOWN), plugin(), at=IMAGES.replace("[]", "[0]"))
CONTROL.unknown("another's image made elsewhere", plugin(), daemon_set(UNKNOWN), at=IMAGES.replace("[]", "[0]"))
CONTROL.unknown(
    "a node's own and an image made elsewhere",
    node_group(amiType=BOTTLEROCKET, labels=SWITCHED_OFF),
    daemon_set(UNKNOWN),
    at=IMAGES.replace("[]", "[0]"),
)
CONTROL.unknown("an image of nodes made elsewhere", node_group(amiType=UNKNOWN), operator(), at="amiType")
CONTROL.unknown(
    "a label made elsewhere",
    node_group(amiType=BOTTLEROCKET, labels={STAYS_AWAY: UNKNOWN}),
    operator(),
    at=f'labels["{STAYS_AWAY}"]',
)
CONTROL.not_applicable("another chart", release())
CONTROL.not_applicable("another DaemonSet", daemon_set(f"{HERE}/nvidia/dcgm-exporter:4.5.3"))
CONTROL.not_applicable("an operator whose plugin is off", operator(enabled=False), plugin())
CONTROL.not_applicable("nodes without a plugin of their own", node_group(amiType="AL2023_x86_64_NVIDIA"), operator())
CONTROL.not_applicable("nodes with the only one", node_group(amiType=BOTTLEROCKET))
CONTROL.not_applicable("a Service hands out nothing", service())
