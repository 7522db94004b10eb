"""TEN-012: the GPU operator installs what the images of the nodes leave to it, and nothing besides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from falaj.catalog.recipes import DriverOwner, GpuOperator, node_images
from policies.capacity.gpu_pools import SIZES, gpu_pools, of_azure, undecided_pools
from policies.capacity.machines import LAUNCH_TEMPLATE
from policies.capacity.pools import NODE_GROUP, POOL_TYPES, Pool
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.helm import HERE, release
from policies.examples.kubernetes import service
from policies.examples.pools import AZURE_GPU, GPU, agent_pool, launch_template, node_group
from policies.joins import said_of
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome
from policies.resources import Resource
from policies.templates import is_true
from policies.values import UNKNOWN
from policies.workloads.helm import RELEASE

OPERATOR = re.compile(r"(.*/)?gpu-operator([:@].*)?")
PARTS = {"driver": "driver", "toolkit": "toolkit", "devicePlugin": "device_plugin"}
"""Parts of the chart, and what the catalog calls them."""
CLOSED = (
    "ACCEPT_NVIDIA_VISIBLE_DEVICES_ENVVAR_WHEN_UNPRIVILEGED",
    "ACCEPT_NVIDIA_VISIBLE_DEVICES_AS_VOLUME_MOUNTS",
)
"""Ways to a GPU past the scheduler that the operator's container toolkit leaves open unless told otherwise."""
DRIVERS: dict[object, DriverOwner] = {"Install": DriverOwner.IMAGE, "None": DriverOwner.OPERATOR}
"""Who owns the driver, by what AKS is told."""
OWN_IMAGE = "CUSTOM"
"""How the catalog calls an image of one's own, beside which a node group names no type."""

CONTROL = Control(
    id="TEN-012",
    title="The GPU operator installs what the images of the nodes leave to it, and nothing besides",
    harm="Two owners of one driver break each other, and a toolkit left open shows every GPU to every pod.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(RELEASE,), view=situated, stack_wide=True, beside=(*POOL_TYPES, LAUNCH_TEMPLATE)),
    reads=(
        *(f"Release:{path}" for path in ("chart", "skipCrds", *(f"values.{part}.enabled" for part in PARTS))),
        "Release:values.toolkit.env[*].name",
        "Release:values.toolkit.env[*].value",
        *SIZES,
        "NodeGroup:amiType",
        *of_azure("gpuProfile.driver"),
    ),
    remedy=(
        "Take the values of components.gpu, which the row of falaj/catalog/data/node_images.yaml decides, and install "
        "the definitions as a step of their own, with skipCrds."
    ),
    not_at_the_door="A release is no object of a cluster, and what its nodes bring, the pools of the cloud tell.",
    note=(
        "The chart installs each part unless it is switched off. What the pools of the stack bring is read off their "
        "image; without pools with GPUs, that each part is decided is all that can be asked."
    ),
)


@CONTROL.check
def fits_the_nodes(found: Situated) -> Iterator[Outcome]:
    """Find a part of the operator that nobody decided, or that the nodes' image decided otherwise."""
    chart, values = found["chart"], found["values"]
    if not chart.known:
        yield chart.undecided
        return
    if not OPERATOR.fullmatch(str(chart.value)):
        yield NotApplicable("is another chart")
        return
    yield from is_true(found["skipCrds"], "true: definitions are a step of their own")
    pools = list(gpu_pools(found.plan))
    unclear = [*undecided_pools(found.plan), *(outcome for pool in pools for outcome in is_known(pool))]
    yield from unclear
    for part, name in () if unclear else PARTS.items():
        yield from is_as_left(values[part]["enabled"], [getattr(row, name) for pool in pools for row in rows_of(pool)])
    if values["toolkit"]["enabled"].value is True:
        for variable in CLOSED:
            yield from is_closed(values["toolkit"]["env"], variable)


def image_of(pool: Pool) -> Node:
    """Return what tells the image of a pool's nodes."""
    return pool.root["amiType"] if pool.resource.type == NODE_GROUP else pool.root["gpuProfile"]["driver"]


def is_known(pool: Pool) -> Iterator[Outcome]:
    """Judge whether the catalog knows the image of a pool's nodes."""
    image = image_of(pool)
    yield from said_of(pool.resource, image.must(lambda _: any(rows_of(pool)), "an image that node_images.yaml knows"))


def rows_of(pool: Pool) -> list[GpuOperator]:
    """Return how the catalog sets the operator for the image of a pool's nodes."""
    said, rows = image_of(pool).value, node_images().values()
    if pool.resource.type == NODE_GROUP:
        fitting = [row for row in rows if row.target == "eks" and (said or OWN_IMAGE) in row.provider_names.values()]
    else:
        fitting = [row for row in rows if row.target == "aks" and row.driver_owner is DRIVERS.get(said)]
    return [row.gpu_operator for row in fitting if row.gpu_operator is not None]


def is_as_left(switch: Node, asked: list[bool]) -> Iterator[Outcome]:
    """Judge whether one part is on where an image leaves it to the operator, and off where none does."""
    if not asked:
        yield from switch.must(lambda value: value in (True, False), "true or false")
    else:
        wanted = any(asked)
        words = f"{str(wanted).lower()}, as the images of the nodes have it"
        yield from switch.must(lambda value: value is wanted, words)


def is_closed(env: Node, variable: str) -> Iterator[Outcome]:
    """Judge one way that the toolkit has to be told to close, and of a variable that is said twice, both."""
    variables = list(env.items())
    if unknown := [each["name"].undecided for each in variables if not each["name"].known]:
        yield from unknown
        return
    said = [each["value"] for each in variables if each["name"].value == variable]
    if not said:
        yield replace(env.finding(f"{variable}: false"), found="nothing of it")
    for value in said:
        yield from value.must(lambda text: text == "false", "false")


def operator(values: object, *, skip: object = True) -> Resource:
    """Make a release of the GPU operator."""
    return release(chart=f"oci://{HERE}/charts/gpu-operator@sha256:{'c' * 64}", values=values, skipCrds=skip)


def switched(
    driver: object, toolkit: object, plugin: object, *names: object, value: object = "false"
) -> dict[str, object]:
    """Describe which parts are on, and which variables the toolkit has."""
    env = [{"name": name, "value": value} for name in names]
    return {
        "driver": {"enabled": driver},
        "toolkit": {"enabled": toolkit, "env": env},
        "devicePlugin": {"enabled": plugin},
    }


ON_AL2023 = node_group(instanceTypes=list(GPU), amiType="AL2023_x86_64_NVIDIA")
ON_BOTTLEROCKET = node_group("other", instanceTypes=list(GPU), amiType="BOTTLEROCKET_x86_64_NVIDIA")
ON_UBUNTU = node_group(instanceTypes=list(GPU))
ALL = switched(True, True, True, *CLOSED)
NONE_BUT_PLUGIN = switched(False, False, True)
AS_IMAGES = "as the images of the nodes have it"
CONTROL.good("nodes that bring the driver", operator(NONE_BUT_PLUGIN), ON_AL2023, ON_BOTTLEROCKET)
CONTROL.good("nodes that bring the plugin too", operator(switched(False, False, False)), ON_BOTTLEROCKET)
CONTROL.good("nodes that bring nothing", operator(ALL), ON_UBUNTU)
CONTROL.good(
    "nodes on which AKS installs nothing", operator(ALL), agent_pool(vmSize=AZURE_GPU, gpuProfile={"driver": "None"})
)
CONTROL.good(
    "nodes on which AKS installs the driver",
    operator(NONE_BUT_PLUGIN),
    agent_pool(vmSize=AZURE_GPU, gpuProfile={"driver": "Install"}),
)
CONTROL.good(
    "nodes of several sizes, one chosen elsewhere",
    operator(NONE_BUT_PLUGIN),
    node_group(instanceTypes=[GPU[0], UNKNOWN], amiType="AL2023_x86_64_NVIDIA"),
)
CONTROL.good("nodes of another stack", operator(switched(False, False, True)), node_group())
CONTROL.bad(
    "left to the chart",
    operator({}, skip=None),
    finding=(
        "skipCrds: found nothing, expected true: definitions are a step of their own",
        *(f"values.{part}.enabled: found nothing, expected true or false" for part in PARTS),
    ),
)
CONTROL.bad(
    "a second owner of the driver",
    operator(ALL),
    ON_AL2023,
    finding=tuple(f"values.{part}.enabled: found true, expected false, {AS_IMAGES}" for part in ("driver", "toolkit")),
)
CONTROL.bad(
    "a driver that nobody installs",
    operator(NONE_BUT_PLUGIN),
    agent_pool(vmSize=AZURE_GPU, gpuProfile={"driver": "None"}),
    finding=tuple(f"values.{part}.enabled: found false, expected true, {AS_IMAGES}" for part in ("driver", "toolkit")),
)
CONTROL.bad(
    "a toolkit that is half open",
    operator(switched(True, True, True, CLOSED[1])),
    ON_UBUNTU,
    finding=f"values.toolkit.env: found nothing of it, expected {CLOSED[0]}: false",
)
CONTROL.bad(
    "a toolkit that is told to open",
    operator(switched(True, True, True, *CLOSED, value="true")),
    ON_UBUNTU,
    finding=tuple(f"values.toolkit.env[{index}].value: found true, expected false" for index in (0, 1)),
)
CONTROL.bad(
    "nodes of an image that nobody knows",
    operator(NONE_BUT_PLUGIN),
    node_group(instanceTypes=list(GPU), amiType="AL2_x86_64_GPU"),
    finding="amiType: found AL2_x86_64_GPU, expected an image that node_images.yaml knows",
)
CONTROL.bad(
    "nodes of which AKS is told nothing",
    operator(NONE_BUT_PLUGIN),
    agent_pool(vmSize=AZURE_GPU),
    finding="gpuProfile.driver: found nothing, expected an image that node_images.yaml knows",
)
CONTROL.bad(
    "a second owner on nodes of a size that their template tells",
    operator(switched(True, False, True)),
    node_group(instanceTypes=None, launchTemplate={"name": "example"}, amiType="AL2023_x86_64_NVIDIA"),
    launch_template(instanceType=GPU[0]),
    finding=f"values.driver.enabled: found true, expected false, {AS_IMAGES}",
)
CONTROL.unknown(
    "nodes of a size that their template takes from elsewhere",
    operator(NONE_BUT_PLUGIN),
    node_group(instanceTypes=None, launchTemplate={"name": "example"}),
    launch_template(instanceType=UNKNOWN),
    at="instanceType",
)
CONTROL.unknown("a chart chosen elsewhere", release(chart=UNKNOWN), at="chart")
CONTROL.unknown("nodes of a size chosen elsewhere", operator(NONE_BUT_PLUGIN), agent_pool(vmSize=UNKNOWN), at="vmSize")
CONTROL.unknown("a part chosen elsewhere", operator(switched(UNKNOWN, False, True)), at="values.driver.enabled")
CONTROL.unknown(
    "nodes of an image chosen elsewhere",
    operator(NONE_BUT_PLUGIN),
    node_group(instanceTypes=list(GPU), amiType=UNKNOWN),
    at="amiType",
)
CONTROL.unknown(
    "a variable named elsewhere",
    operator(switched(True, True, True, UNKNOWN)),
    ON_UBUNTU,
    at="values.toolkit.env[0].name",
)
CONTROL.not_applicable("another chart", release())
CONTROL.not_applicable("a Service installs nothing", service())
