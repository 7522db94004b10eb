"""SUP-009: every model server names the bill of materials and the provenance of its image."""

from __future__ import annotations

from collections.abc import Iterator

from falaj.catalog.model_annotations import ModelAnnotation
from policies.control import Control, Severity
from policies.controls.sup_001 import NAMED_BY_DIGEST, has_digest
from policies.examples.kubernetes import DIGEST, container, deployment, pod_spec, service
from policies.examples.served_models import scoring_job, served_by, server
from policies.expressions import HAS_REGISTRY, annotation, registry, text, where_a_model_is_served, whole
from policies.geography.card_hosts import registry_of
from policies.models.served_models import MARKS, MODEL_SERVERS, ServedModel, of_served_models, path_of
from policies.node import Node
from policies.outcomes import Outcome
from policies.values import UNKNOWN

RECORDS = (ModelAnnotation.SBOM, ModelAnnotation.PROVENANCE)
BESIDE_THE_IMAGE = "name@sha256:<64 hex>, in a registry that the pods pull from"

CONTROL = Control(
    id="SUP-009",
    title="Every model server names the bill of materials and the provenance of its image",
    harm="When a library turns out to be poisoned, nobody can tell which servers hold it or how they were built.",
    severity=Severity.MEDIUM,
    applies_to=MODEL_SERVERS,
    reads=(*MARKS, *map(path_of, RECORDS), "container.image", "pod.volumes[*].image.reference"),
    remedy=(
        f"Push both records beside the image and annotate the workload with {' and '.join(RECORDS)}, "
        "each as name@sha256:…."
    ),
    admits=where_a_model_is_served(
        "[(variables.containers.map(c, c.?image.orValue('')) + "
        "variables.pod.?volumes.orValue([]).map(v, v.?image.reference.orValue('')))"
        f".filter(image, image.matches({text(HAS_REGISTRY)})).map(image, {registry('image')})].all(registries, "
        f"[{', '.join(map(annotation, RECORDS))}].all(record, "
        f"record.matches({whole(NAMED_BY_DIGEST.pattern)}) && record.matches({text(HAS_REGISTRY)}) && "
        f"{registry('record')} in registries))"
    ),
    note=(
        "Judged is that both are named, cannot be moved and lie where the images lie, so that SUP-002 places them "
        "too; what they say, and who signed them, no plan tells. Asked of workloads that serve a model."
    ),
)


@CONTROL.check
@of_served_models
def names_its_records(model: ServedModel) -> Iterator[Outcome]:
    """Find each record that is missing, that could be moved, or that lies elsewhere."""
    images = list(model.pulled)
    for record in RECORDS:
        yield from lies_beside(images, model[record])


def lies_beside(images: list[Node], record: Node) -> Iterator[Outcome]:
    """Judge one record by its name; where its registry is no known one, by the images that are not known yet."""
    registry = registry_of(record.value) if has_digest(record.value) else None
    beside = registry in [registry_of(image.value) for image in images]
    not_known = [image.undecided for image in images if not image.known]
    if registry and not beside and not_known:
        yield from not_known
    else:
        yield from record.must(lambda _: registry and beside, BESIDE_THE_IMAGE)


SBOM, PROVENANCE = RECORDS
BILL, ORIGIN = f"registry.ae/onnxruntime/sbom@{DIGEST}", f"registry.ae/onnxruntime/provenance@{DIGEST}"
BOTH = {SBOM: BILL, PROVENANCE: ORIGIN}
FOUND = 'metadata.annotations["{}"]: found {}, expected ' + BESIDE_THE_IMAGE
CONTROL.good("both beside the image", server(BOTH))
CONTROL.good("both beside the image of a job", scoring_job(BOTH))
CONTROL.good(
    "beside one image, another made elsewhere",
    served_by("kubernetes:core/v1:Pod", BOTH, **pod_spec([container(), container(image=UNKNOWN)])),
)
CONTROL.bad("nothing said", server(), finding=tuple(FOUND.format(record, "nothing") for record in RECORDS))
CONTROL.bad(
    "a tag, and another registry",
    server({SBOM: "registry.ae/onnxruntime/sbom:1", PROVENANCE: f"registry.example.com/onnxruntime@{DIGEST}"}),
    finding=(
        FOUND.format(SBOM, "registry.ae/onnxruntime/sbom:1"),
        FOUND.format(PROVENANCE, f"registry.example.com/onnxruntime@{DIGEST}"),
    ),
)
CONTROL.bad(
    "no registry at all",
    served_by(
        "kubernetes:core/v1:Pod",
        BOTH | {SBOM: f"sbom@{DIGEST}"},
        **pod_spec([container(), container(image=f"onnxruntime@{DIGEST}")]),
    ),
    finding=FOUND.format(SBOM, f"sbom@{DIGEST}"),
)
CONTROL.unknown("records made elsewhere", server(annotations=UNKNOWN), at="metadata.annotations")
CONTROL.unknown(
    "an image made elsewhere",
    served_by("kubernetes:core/v1:Pod", BOTH, **pod_spec([container(image=UNKNOWN)])),
    at="spec.containers[0].image",
)
CONTROL.unknown(
    "a bill by tag, an image made elsewhere",
    served_by("kubernetes:core/v1:Pod", {**BOTH, SBOM: UNKNOWN}, **pod_spec([container(image=UNKNOWN)])),
    at=('metadata.annotations["falaj.dev/sbom"]', "spec.containers[0].image"),
)
CONTROL.not_applicable("a Deployment that serves no model", deployment())
CONTROL.not_applicable("a Service runs nothing", service())
