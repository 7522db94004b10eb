"""SUP-001: container images are named by digest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.control import Control, Severity
from policies.examples.kubernetes import DIGEST, container, cronjob, deployment, service
from policies.outcomes import Outcome
from policies.values import UNKNOWN
from policies.workloads.workload import WORKLOADS, Workload

NAMED_BY_DIGEST = re.compile(r"[^\s@]+@sha256:[0-9a-f]{64}")

CONTROL = Control(
    id="SUP-001",
    title="Container images are named by digest",
    harm="A tag can be moved: what runs tomorrow is not what was reviewed today.",
    severity=Severity.HIGH,
    applies_to=WORKLOADS,
    reads=("container.image", "pod.volumes[*].image.reference"),
    remedy="Write the image as name@sha256:…; `falaj images build` records the digest of each image it makes.",
    admits=(
        "variables.containers.all(c, c.?image.orValue('').matches('^[^@]+@sha256:[0-9a-f]{64}$')) && "
        "variables.pod.?volumes.orValue([]).all(v, "
        "!has(v.image) || v.image.?reference.orValue('').matches('^[^@]+@sha256:[0-9a-f]{64}$'))"
    ),
    note="Images mounted as volumes count too: a model is code that decides.",
)


@CONTROL.check
def image_has_digest(workload: Workload) -> Iterator[Outcome]:
    """Find each image that a tag could move."""
    for found in workload.containers:
        yield from found["image"].must(has_digest, "name@sha256:<64 hex>")
    for volume in workload.pod["volumes"].items():
        if volume["image"].value is not None:
            yield from volume["image"]["reference"].must(has_digest, "name@sha256:<64 hex>")


def has_digest(image: object) -> bool:
    """Tell whether an image name ends in a complete SHA-256 digest."""
    return isinstance(image, str) and NAMED_BY_DIGEST.fullmatch(image) is not None


CONTROL.good("digest and tag", deployment([container(image=f"registry.ae/triton:26.07@{DIGEST}")]))
CONTROL.good(
    "model as image volume by digest",
    deployment(
        volumes=[
            {"name": "model", "image": {"reference": f"falaj.local/models/iris@{DIGEST}"}},
            {"name": "tmp", "emptyDir": {}},
        ]
    ),
)
CONTROL.bad(
    "tag in an init container",
    cronjob(initContainers=[container(image="registry.ae/fetch:1.2")]),
    finding=(
        "spec.jobTemplate.spec.template.spec.initContainers[0].image: "
        "found registry.ae/fetch:1.2, expected name@sha256:<64 hex>"
    ),
)
CONTROL.bad(
    "digest cut short",
    deployment([container(image="registry.ae/triton@sha256:abc")]),
    finding=(
        "spec.template.spec.containers[0].image: found registry.ae/triton@sha256:abc, expected name@sha256:<64 hex>"
    ),
)
CONTROL.bad(
    "no image",
    deployment([container(image=None)]),
    finding="spec.template.spec.containers[0].image: found nothing, expected name@sha256:<64 hex>",
)
CONTROL.bad(
    "model volume by tag",
    deployment(volumes=[{"name": "model", "image": {"reference": "falaj.local/models/iris:1"}}]),
    finding=(
        "spec.template.spec.volumes[0].image.reference: found falaj.local/models/iris:1, expected name@sha256:<64 hex>"
    ),
)
CONTROL.unknown(
    "image made by another resource",
    deployment([container(image=UNKNOWN)]),
    at="spec.template.spec.containers[0].image",
)
CONTROL.not_applicable("a Service has no container", service())
