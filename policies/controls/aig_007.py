"""AIG-007: models of high risk go live by a canary or a shadow step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from falaj.catalog.model_annotations import ModelAnnotation
from policies.control import Control, Severity
from policies.examples.kubernetes import deployment, service
from policies.examples.served_models import HIGH_RISK, backends, rollout, route, scoring_job, served_by, server
from policies.models.served_models import (
    HTTP_ROUTE,
    INFERENCE_SERVICE,
    MARKS,
    ROLLOUT,
    ServedModel,
    is_said,
    of_served_models,
    path_of,
    servers_of_the_stack,
)
from policies.node import Node
from policies.outcomes import Finding, NotApplicable, Outcome, Undecided
from policies.resources import Resource
from policies.values import UNKNOWN

NAME, RISK = ModelAnnotation.NAME, ModelAnnotation.RISK
MIRROR = "RequestMirror"
WHOLE = 100

CONTROL = Control(
    id="AIG-007",
    title="Models of high risk go live by a canary or a shadow step",
    harm="A new version that decides wrongly does so for everyone at once.",
    severity=Severity.MEDIUM,
    applies_to=servers_of_the_stack(HTTP_ROUTE, besides=(ROLLOUT, INFERENCE_SERVICE)),
    reads=(
        *MARKS,
        path_of(NAME),
        path_of(RISK),
        "InferenceService:spec.predictor.canaryTrafficPercent",
        "Rollout:spec.strategy.canary.steps",
        "Rollout:spec.strategy.blueGreen.autoPromotionEnabled",
        f"HTTPRoute:{path_of(NAME)}",
        "HTTPRoute:spec.rules[*].backendRefs[*].weight",
        "HTTPRoute:spec.rules[*].filters[*].type",
    ),
    remedy=(
        "Give the model's HTTPRoute the annotation falaj.dev/model-name and two weighted backends, or a RequestMirror "
        "filter; or serve it by a Rollout with canary steps."
    ),
    not_at_the_door="The route that leads a first part of the requests to a new version is another object.",
    note=(
        "A route or Rollout speaks of the model whose name it carries in falaj.dev/model-name. A route with one "
        "backend at weight 0 counts: the step is there for the next version. So does a Rollout that waits for a "
        "person before it promotes. A risk tier that nobody named counts as high."
    ),
)


@CONTROL.check
@of_served_models
def goes_live_by_steps(model: ServedModel) -> Iterator[Outcome]:
    """Find a model of high risk whose versions replace each other at once."""
    if model.is_high_risk is None:
        yield model[RISK].undecided
    elif not model.is_high_risk:
        yield NotApplicable("not of high risk")
    elif not model[NAME].known or not is_said(model[NAME].value):
        yield from model[NAME].must(lambda _: False, "the name that its route or Rollout carries")
    else:
        yield from has_a_step(model)


def has_a_step(model: ServedModel) -> Iterator[Finding | Undecided]:
    """Look for a step on the model's own object, then on each route and Rollout that carries its name."""
    name = model[NAME]
    grounds = list(grounds_of(model))
    if any(answer for _, _, answer in grounds):
        return
    perhaps = [replace(ground.undecided, urn=urn) for urn, ground, answer in grounds if answer is None]
    if perhaps:
        yield perhaps[0]
    else:
        yield Finding(
            name.path,
            f"no canary and no shadow of {name.value}",
            "an HTTPRoute with two weighted backends or a mirror, a Rollout with steps, or canaryTrafficPercent",
        )


def grounds_of(model: ServedModel) -> Iterator[tuple[str, Node, bool | None]]:
    """Yield each value that may show a step, with the resource that holds it and whether it does."""
    for found in (model.resource, *model.plan.of_type(HTTP_ROUTE, ROLLOUT)):
        own = found["metadata"]["annotations"][NAME]
        if not own.known:
            yield found.urn, own, None
        elif own.value == model[NAME].value:
            for node, answer in steps_of(found):
                yield found.urn, node, answer if node.known else None


def steps_of(found: Resource) -> Iterator[tuple[Node, bool]]:
    """Yield the values of a route, Rollout or InferenceService that show a step, and whether each does."""
    spec = found["spec"]
    if found.type == INFERENCE_SERVICE:
        share = spec["predictor"]["canaryTrafficPercent"]
        yield share, type(share.value) is int and share.value < WHOLE
    elif found.type == ROLLOUT:
        steps, alone = spec["strategy"]["canary"]["steps"], spec["strategy"]["blueGreen"]["autoPromotionEnabled"]
        yield steps, bool(steps.value)
        yield alone, alone.value is False
    elif found.type == HTTP_ROUTE:
        for rule in spec["rules"].items():
            for kind in rule.select("filters[].type"):
                yield kind, kind.value == MIRROR
            weights = list(rule.select("backendRefs[].weight"))
            yield from ((weight, len(weights) > 1 and weight.value is not None) for weight in weights)


SHADOW = {"filters": [{"type": MIRROR}], **backends(None)}
STEPS = [{"setWeight": 10}, {"pause": {}}]
AT_ONCE = (
    'metadata.annotations["falaj.dev/model-name"]: found no canary and no shadow of credit, expected an HTTPRoute '
    "with two weighted backends or a mirror, a Rollout with steps, or canaryTrafficPercent"
)
CONTROL.good("a canary on the route", server(HIGH_RISK), route(backends(None), backends(90, 10)))
CONTROL.good("a canary that waits for the next version", scoring_job(HIGH_RISK), route(backends(100, 0)))
CONTROL.good("a shadow on the route", server(HIGH_RISK), route(SHADOW))
CONTROL.good("a Rollout beside it", server(HIGH_RISK), rollout(canary={"steps": STEPS}))
CONTROL.good("a Rollout of its own", rollout(canary={"steps": STEPS}))
CONTROL.good("a Rollout that waits for a person", rollout(blueGreen={"autoPromotionEnabled": False}))
CONTROL.good("a share of the requests", served_by(INFERENCE_SERVICE, HIGH_RISK, predictor={"canaryTrafficPercent": 10}))
CONTROL.bad("no route", server(HIGH_RISK), finding=AT_ONCE)
CONTROL.bad("a risk that nobody named", server({RISK: None}), finding=AT_ONCE)
CONTROL.bad("all at once", server(HIGH_RISK), route(backends(100)), finding=AT_ONCE)
CONTROL.bad("two backends without weights", server(HIGH_RISK), route(backends(None, None)), finding=AT_ONCE)
CONTROL.bad(
    "another filter", server(HIGH_RISK), route({"filters": [{"type": "URLRewrite"}], **backends(None)}), finding=AT_ONCE
)
CONTROL.bad(
    "a mirror on what is no route", served_by("kubernetes:core/v1:Pod", HIGH_RISK, rules=[SHADOW]), finding=AT_ONCE
)
CONTROL.bad("a canary of another model", server(HIGH_RISK), route(backends(90, 10), name="fraud"), finding=AT_ONCE)
CONTROL.bad("a canary of nobody's", server(HIGH_RISK), route(backends(90, 10), name=None), finding=AT_ONCE)
CONTROL.bad("a Rollout without steps", rollout(canary={"steps": []}), finding=AT_ONCE)
CONTROL.bad("a Rollout that promotes itself", rollout(blueGreen={"autoPromotionEnabled": True}), finding=AT_ONCE)
CONTROL.bad(
    "all requests to the new version",
    served_by(INFERENCE_SERVICE, HIGH_RISK, predictor={"canaryTrafficPercent": 100}),
    finding=AT_ONCE,
)
CONTROL.bad("no share at all", served_by(INFERENCE_SERVICE, HIGH_RISK, predictor={"model": {}}), finding=AT_ONCE)
CONTROL.bad(
    "no name to look for",
    server({**HIGH_RISK, NAME: None}),
    route(backends(90, 10)),
    finding=(
        'metadata.annotations["falaj.dev/model-name"]: '
        "found nothing, expected the name that its route or Rollout carries"
    ),
)
CONTROL.unknown(
    "risk made elsewhere",
    server({RISK: UNKNOWN}),
    route(backends(90, 10)),
    at='metadata.annotations["falaj.dev/risk-tier"]',
)
CONTROL.unknown(
    "a name made elsewhere",
    server({**HIGH_RISK, NAME: UNKNOWN}),
    route(backends(90, 10)),
    at='metadata.annotations["falaj.dev/model-name"]',
)
CONTROL.unknown(
    "a route to who knows what",
    server(HIGH_RISK),
    route(backends(90, 10), name=UNKNOWN),
    at='metadata.annotations["falaj.dev/model-name"]',
)
CONTROL.unknown(
    "weights made elsewhere",
    server(HIGH_RISK),
    route(backends(UNKNOWN, UNKNOWN)),
    at="spec.rules[0].backendRefs[0].weight",
)
CONTROL.not_applicable("a model of low risk", server())
CONTROL.not_applicable("a Deployment that serves no model", deployment())
CONTROL.not_applicable("a Service runs nothing", service())
