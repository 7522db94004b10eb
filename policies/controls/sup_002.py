"""SUP-002: images come from registries in the UAE."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.helm import HERE, release
from policies.examples.kubernetes import DIGEST, container, cronjob, deployment, pod, service
from policies.examples.platforms import azure_registry
from policies.expressions import HAS_REGISTRY, host_in_the_uae, registry, text
from policies.node import Node
from policies.outcomes import Outcome
from policies.resources import Plan, Resource, resource
from policies.values import UNKNOWN
from policies.workloads.helm import RELEASE, sources_in
from policies.workloads.registries import (
    STACK_REFERENCE,
    WITNESSED,
    WITNESSES,
    OwnRegistries,
    expected,
    host_stays,
    image_stays,
)
from policies.workloads.workload import POD_SPEC_BY_TOKEN, WORKLOADS, Workload

PUBLIC_REPOSITORY = "aws:ecrpublic/repository:Repository"
HOST_HERE = rf"^(?:{host_in_the_uae()}|[^/:]*\.svc(?:\.cluster\.local)?)(?::[^/]*)?/"
"""An image whose registry's host says that it lies in the UAE, or in the cluster."""
ON_THE_NODE = "Never"
"""Pull policy of an image that was put onto the node: nobody is asked for it."""

CONTROL = Control(
    id="SUP-002",
    title="Images come from registries in the UAE",
    harm="A registry abroad learns what runs here, decides what runs next, and is away when it is needed most.",
    severity=Severity.HIGH,
    applies_to=Subject(
        tokens=(*WORKLOADS.tokens, RELEASE, PUBLIC_REPOSITORY), view=situated, stack_wide=True, beside=WITNESSES
    ),
    reads=(
        "container.image",
        "container.imagePullPolicy",
        "pod.volumes[*].image.reference",
        "pod.volumes[*].image.pullPolicy",
        "Release:values",
        f"{PUBLIC_REPOSITORY}:repositoryName",
        *WITNESSED,
    ),
    remedy="Mirror the image with `falaj mirror` and name it by the environment's own registry.",
    admits=(
        "(variables.containers.map(c, [c.?image.orValue(''), c.?imagePullPolicy.orValue('')]) + "
        "variables.pod.?volumes.orValue([]).filter(v, has(v.image)).map(v, "
        "[v.image.?reference.orValue(''), v.image.?pullPolicy.orValue('')])).all(pulled, "
        f"pulled[1] == '{ON_THE_NODE}' || pulled[0].lowerAscii().matches({text(HOST_HERE)}) || "
        f"pulled[0].matches({text(HAS_REGISTRY)}) && [{registry('pulled[0]')}].all(host, "
        "variables.sup_002_registries.exists(own, host == own || host.endsWith('.' + own))))"
    ),
    only_in_a_plan=(
        "releases of Helm, and registries that another stack exports: a cluster knows its environment's own."
    ),
    parameters=OwnRegistries,
    note=(
        "Models mounted as images count, and so does an image without a host, which Docker Hub serves. An image that "
        "is never pulled, because it was loaded onto the node, comes from nowhere. A name on azurecr.io does not tell "
        "where it lies: the stack makes it, the environment's stack exports it, or the operator vouches for it. "
        "A release has to say where its chart's images come from; what a Chart makes is judged object by object."
    ),
)


@CONTROL.check
def comes_from_here(found: Situated) -> Iterator[Outcome]:
    """Find each image that a registry abroad, or nobody knows where, would be asked for."""
    if found.resource.type in POD_SPEC_BY_TOKEN:
        yield from pods_pull_here(Workload(found.resource), found.plan)
    elif found.resource.type == RELEASE:
        yield from release_pulls_here(found["values"], found.plan)
    else:
        name = found["repositoryName"]
        yield replace(name.finding("a repository of the account's own registry"), found="a public repository abroad")


def pods_pull_here(workload: Workload, plan: Plan) -> Iterator[Outcome]:
    """Judge the images of containers and those mounted as volumes."""
    for found in workload.containers:
        yield from pulled_here(found["image"], found["imagePullPolicy"], plan)
    for volume in workload.pod["volumes"].items():
        mounted = volume["image"]
        if mounted.value is not None:
            yield from pulled_here(mounted["reference"], mounted["pullPolicy"], plan)


def pulled_here(image: Node, policy: Node, plan: Plan) -> Iterator[Outcome]:
    """Judge one image, unless it is never pulled."""
    outcomes = list(image_stays(image, plan))
    if outcomes and not policy.known:
        yield policy.undecided
    elif policy.value != ON_THE_NODE:
        yield from outcomes


def release_pulls_here(values: Node, plan: Plan) -> Iterator[Outcome]:
    """Judge the registries that a release names; one that names none leaves them to its chart."""
    sources = list(sources_in(values))
    for source in sources:
        if source.node.known:
            yield from host_stays(source.node, source.host, plan)
        else:
            yield source.node.undecided
    if not sources and values.known:
        yield replace(values.finding(expected()), found="no registry for the chart's images")
    elif not sources:
        yield values.undecided


ECR = f"{HERE}/aws-prod/onnxruntime@{DIGEST}"
ACR = f"acmeuae.azurecr.io/onnxruntime@{DIGEST}"
ENVIRONMENT = {"region": "uaenorth", "registry": "acmeuae.azurecr.io", "cluster": "acme"}
DEPLOYED = "spec.template.spec"
IMAGE = f"{DEPLOYED}.containers[0].image"


def model_from(reference: object, **image: object) -> list[object]:
    """Describe the volumes of a pod that mounts a model."""
    return [{"name": "tmp", "emptyDir": {}}, {"name": "model", "image": {"reference": reference} | image}]


def environment(outputs: object) -> Resource:
    """Make the reference to an environment's stack that exports these."""
    return resource(STACK_REFERENCE, {"name": "organization/falaj/azure", "outputs": outputs})


def pulling(image: object, **properties: object) -> Resource:
    """Make a Deployment of one image."""
    return deployment([container(image=image, **properties)])


CONTROL.good("ECR in the UAE", deployment([container(image=ECR)], volumes=model_from(f"{HERE}/models/iris@{DIGEST}")))
CONTROL.good("a registry of the stack", cronjob([container(image=ACR)]), azure_registry())
CONTROL.good("a registry of the environment's stack", pod([container(image=ACR)]), environment(ENVIRONMENT))
CONTROL.good(
    "loaded onto the node",
    deployment(
        [container(image=f"falaj.local/onnxruntime@{DIGEST}", imagePullPolicy="Never")],
        volumes=model_from(f"falaj.local/models/iris@{DIGEST}", pullPolicy="Never"),
    ),
)
CONTROL.good("a release that says so", release())
CONTROL.good(
    "a release of several images",
    release(
        values={
            "global": {"imageRegistry": HERE},
            "proxy": {"image": {"repository": f"{HERE}/envoy", "pullPolicy": "IfNotPresent"}, "replicas": 2},
            "sidecars": [{"initImage": f"{HERE}/init:1"}],
            "source": {"repository": "https://git.acme.ae/charts"},
        }
    ),
)
CONTROL.good(
    "a release whose images are parted into folder and name",
    release(values={"driver": {"repository": f"{HERE}/nvidia", "image": "driver", "version": f"sha256:{'0' * 64}"}}),
)
CONTROL.bad(
    "a release whose images lie in a folder abroad",
    release(values={"driver": {"repository": "nvcr.io/nvidia", "image": "driver", "version": "580"}}),
    finding=f"values.driver.repository: found nvcr.io/nvidia of nvcr.io, expected {expected()}",
)
CONTROL.bad(
    "Docker Hub by default, and NVIDIA's registry",
    deployment([container(image="nginx:1.27")], initContainers=[container(image="nvcr.io/nvidia/triton:26.07")]),
    finding=(
        f"{DEPLOYED}.initContainers[0].image: found nvcr.io/nvidia/triton:26.07 of nvcr.io, expected {expected()}",
        f"{IMAGE}: found nginx:1.27 of Docker Hub, expected {expected()}",
    ),
)
CONTROL.bad(
    "ECR of another region",
    pulling("111122223333.dkr.ecr.eu-west-1.amazonaws.com/iris:1"),
    finding=(
        f"{IMAGE}: found 111122223333.dkr.ecr.eu-west-1.amazonaws.com/iris:1 "
        f"of 111122223333.dkr.ecr.eu-west-1.amazonaws.com, expected {expected()}"
    ),
)
CONTROL.bad(
    "a model from a public registry",
    pod([container(image=ECR)], volumes=model_from("registry.example.com/iris:1", pullPolicy="Always")),
    finding=(
        "spec.volumes[1].image.reference: "
        f"found registry.example.com/iris:1 of registry.example.com, expected {expected()}"
    ),
)
CONTROL.bad(
    "no image",
    pulling(None),
    finding=f"{IMAGE}: found nothing, expected {expected()}",
)
CONTROL.bad(
    "a registry of the stack abroad",
    pulling("acmeeu.azurecr.io/iris:1"),
    azure_registry(registryName="acmeeu", location="westeurope"),
    finding=f"{IMAGE}: found acmeeu.azurecr.io/iris:1 of acmeeu.azurecr.io, expected {expected()}",
)
CONTROL.bad(
    "a registry of an environment abroad",
    pulling("acmeeu.azurecr.io/iris:1"),
    environment({"region": "westeurope", "registry": "acmeeu.azurecr.io/images"}),
    finding=f"{IMAGE}: found acmeeu.azurecr.io/iris:1 of acmeeu.azurecr.io, expected {expected()}",
)
CONTROL.bad(
    "a registry that nobody vouches for",
    pulling("other.azurecr.io/iris:1"),
    azure_registry(),
    environment(ENVIRONMENT),
    finding=f"{IMAGE}: found other.azurecr.io/iris:1 of other.azurecr.io, expected {expected()}",
)
CONTROL.bad(
    "a release from elsewhere",
    release(
        values={"image": {"registry": "registry.example.com", "repository": "acme/keda"}, "operatorImage": "busybox:1"}
    ),
    finding=(
        f"values.image.registry: found registry.example.com of registry.example.com, expected {expected()}",
        f"values.operatorImage: found busybox:1 of Docker Hub, expected {expected()}",
    ),
)
CONTROL.bad(
    "a release that leaves it to its chart",
    release(values={"replicas": 2, "image": {"tag": "2.17.1"}}),
    finding=f"values: found no registry for the chart's images, expected {expected()}",
)
CONTROL.bad(
    "a release without values",
    release(values=None),
    finding=f"values: found no registry for the chart's images, expected {expected()}",
)
CONTROL.bad(
    "published to everyone",
    resource(PUBLIC_REPOSITORY, {"repositoryName": "iris"}),
    finding="repositoryName: found a public repository abroad, expected a repository of the account's own registry",
)
CONTROL.good(
    "a registry that the operator keeps in the UAE",
    pulling(f"harbor.bank.ae/onnxruntime@{DIGEST}"),
    parameters=OwnRegistries(registries=("harbor.bank.ae",)),
)
CONTROL.unknown("image made elsewhere", pulling(UNKNOWN), at=IMAGE)
CONTROL.unknown(
    "pulled or not", pulling("nginx:1.27", imagePullPolicy=UNKNOWN), at=f"{DEPLOYED}.containers[0].imagePullPolicy"
)
CONTROL.unknown("a registry of whatever name", pulling(ACR), azure_registry(registryName=UNKNOWN), at="registryName")
CONTROL.unknown("a registry wherever", pulling(ACR), azure_registry(location=UNKNOWN), at="location")
CONTROL.unknown("an environment not made yet", pulling(ACR), environment(UNKNOWN), at="outputs")
CONTROL.unknown("an environment that says nothing", pulling(ACR), environment(None), at="outputs")
CONTROL.unknown("values made elsewhere", release(values={"image": {"registry": UNKNOWN}}), at="values.image.registry")
CONTROL.unknown(
    "a folder made elsewhere",
    release(values={"driver": {"repository": UNKNOWN, "image": "driver"}}),
    at="values.driver.repository",
)
CONTROL.unknown("no values yet", release(values=UNKNOWN), at="values")
CONTROL.unknown("values of whatever", release(values={"image": UNKNOWN}), at="values.image")
CONTROL.not_applicable("a Service has no image", service())
