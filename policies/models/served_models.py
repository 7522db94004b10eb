"""A workload that serves a model, and what it says of the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce, wraps
from typing import Final

from falaj.catalog.model_annotations import COMPONENT_LABEL, MODEL_SERVER, ModelAnnotation, RiskTier, YesNo
from policies.control import Subject
from policies.node import Node
from policies.outcomes import Finding, NotApplicable, Outcome, Undecided
from policies.resources import Plan, Resource
from policies.workloads.workload import MADE, POD_SPEC_BY_TOKEN, WORKLOADS, Workload

STACK: Final = "pulumi:pulumi:Stack"
"""The stack itself, whose outputs are what it exports."""
INFERENCE_SERVICE: Final = "kubernetes:serving.kserve.io/v1beta1:InferenceService"
"""KServe's resource, which serves a model by its kind."""
ROLLOUT: Final = "kubernetes:argoproj.io/v1alpha1:Rollout"
"""Argo's resource, which stands for a Deployment."""
HTTP_ROUTE: Final = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"
LESSER_RISKS: Final = (RiskTier.LOW, RiskTier.MEDIUM)
PLACEHOLDERS: Final = frozenset({"", "-", "?", "n/a", "na", "none", "tbd", "unknown"})


def _marks(*places: str) -> tuple[str, ...]:
    marks = (("labels", COMPONENT_LABEL), ("annotations", ModelAnnotation.IMAGE))
    return tuple(f'{place}.{kind}["{key}"]' for place in dict.fromkeys(("metadata", *places)) for kind, key in marks)


MARKS: Final = _marks("spec.template.metadata", "spec.jobTemplate.spec.template.metadata")
"""Paths that tell whether a workload serves a model."""


def path_of(annotation: ModelAnnotation) -> str:
    """Return the path of an annotation, as a control declares what it reads."""
    return f'metadata.annotations["{annotation}"]'


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A workload that may serve a model, with the stack around it."""

    resource: Resource
    plan: Plan

    def __getitem__(self, annotation: ModelAnnotation) -> Node:
        """Return what the workload says of its model."""
        return self.resource["metadata"]["annotations"][annotation]

    @property
    def _metadata(self) -> Iterator[Node]:
        yield self.resource["metadata"]
        *above, _spec = POD_SPEC_BY_TOKEN.get(self.resource.type, ("spec",))
        if above:
            yield reduce(Node.__getitem__, (*above, "metadata"), self.resource.root)

    @property
    def images(self) -> Iterator[Node]:
        """The names of the model's image that it gives, on itself or its pods."""
        for metadata in self._metadata:
            yield metadata["annotations"][ModelAnnotation.IMAGE]

    @property
    def pulled(self) -> Iterator[Node]:
        """The images that its pods run, and those that they mount."""
        if self.resource.type in POD_SPEC_BY_TOKEN:
            workload = Workload(self.resource)
            for container in workload.containers:
                yield container["image"]
            for volume in workload.pod["volumes"].items():
                yield volume["image"]["reference"]

    @property
    def marks(self) -> Iterator[tuple[Node, bool]]:
        """The values that tell whether it serves a model, and whether each says so."""
        for metadata in self._metadata:
            role = metadata["labels"][COMPONENT_LABEL]
            yield role, role.value == MODEL_SERVER
        for image in self.images:
            yield image, image.value is not None

    @property
    def is_high_risk(self) -> bool | None:
        """Whether its mistakes may do harm. A tier nobody named is no lesser one; `None` when it is not known yet."""
        risk = self[ModelAnnotation.RISK]
        return risk.value not in LESSER_RISKS if risk.known else None

    @property
    def needs_assessment(self) -> bool | None:
        """Whether it needs a data protection impact assessment; `None` when that is not known yet."""
        personal = self[ModelAnnotation.PERSONAL_DATA]
        if personal.value == YesNo.YES or self.is_high_risk:
            return True
        return False if personal.known and self.is_high_risk is False else None


def as_served_model(found: Resource, plan: Plan) -> ServedModel:
    """View a workload as one that may serve a model."""
    return ServedModel(found, plan)


MODEL_SERVERS: Final = Subject(tokens=WORKLOADS.tokens, view=as_served_model)
"""Every kind that runs containers; `of_served_models` leaves out those that serve no model."""


def servers_of_the_stack(*beside: str, besides: tuple[str, ...] = ()) -> Subject[ServedModel]:
    """Return the servers that a stack makes, and what else of it is to be seen; what it only patches, another made."""
    return Subject(tokens=(*MADE, *besides), view=as_served_model, stack_wide=True, beside=beside)


def reads_of_servers(*annotations: ModelAnnotation) -> tuple[str, ...]:
    """Return what is read of the servers that a stack makes, kind by kind: what lies beside them may be no object."""
    return tuple(
        f"{token.rpartition(':')[2]}:{path}"
        for token, (*above, _spec) in MADE.items()
        for path in (*_marks(".".join((*above, "metadata"))), *map(path_of, annotations))
    )


Check = Callable[[ServedModel], Iterator[Outcome]]


def of_served_models(check: Check) -> Check:
    """Have a check judge the workloads that serve a model, and no others."""

    @wraps(check)
    def judged(model: ServedModel) -> Iterator[Outcome]:
        marks = list(model.marks)
        if model.resource.type == INFERENCE_SERVICE or any(mark.known and says_so for mark, says_so in marks):
            yield from check(model)
        elif not_known := [mark.undecided for mark, _ in marks if not mark.known]:
            yield from not_known
        else:
            yield NotApplicable("serves no model")

    return judged


def says_something(node: Node, expected: str) -> Iterator[Finding | Undecided]:
    """Find a value that is missing, or a word that stands for a missing one."""
    yield from node.must(is_said, expected)


def is_said(value: object) -> bool:
    """Tell whether a value is text that stands for something."""
    return isinstance(value, str) and value[:].strip().casefold() not in PLACEHOLDERS
