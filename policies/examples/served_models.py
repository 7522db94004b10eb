"""Builders for the examples of controls on served models: each makes one that keeps every control until told otherwise.

A keyword set to `None` leaves the property out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import yaml

from falaj.catalog.model_annotations import COMPONENT_LABEL, MODEL_REGISTER, MODEL_SERVER, AlertLabel, ModelAnnotation
from policies.days import EXAMPLE_DAY
from policies.examples.kubernetes import DIGEST, LABELS, metadata, pod_spec, without_none
from policies.models.alert_rules import IN_AWS, IN_AZURE, IN_CLUSTER
from policies.models.served_models import HTTP_ROUTE, ROLLOUT, STACK
from policies.resources import Resource, resource

MODEL: Final = f"registry.bank.ae/models/credit@{DIGEST}"
SERVER_LABELS: Final = {**LABELS, COMPONENT_LABEL: MODEL_SERVER}
LAST_MONTH: Final = str(EXAMPLE_DAY - timedelta(days=30))
SAID: Final[Mapping[ModelAnnotation, object]] = {
    ModelAnnotation.NAME: "credit",
    ModelAnnotation.VERSION: "3",
    ModelAnnotation.OWNER: "risk",
    ModelAnnotation.LICENCE: "Apache-2.0",
    ModelAnnotation.CARD: "https://cards.s3.me-central-1.amazonaws.com/credit/3.yaml",
    ModelAnnotation.RISK: "low",
    ModelAnnotation.OVERSIGHT: "none",
    ModelAnnotation.PERSONAL_DATA: "no",
    ModelAnnotation.AUTOMATED_DECISION: "no",
    ModelAnnotation.TRAINING_DATA: "loans-2019-2025",
    ModelAnnotation.TRAINING_RESIDENCY: "AE",
}
"""What a workload says of a model of low risk, trained on nobody's data."""
HIGH_RISK: Final[Mapping[ModelAnnotation, object]] = {
    ModelAnnotation.RISK: "high",
    ModelAnnotation.OVERSIGHT: "in-the-loop",
    ModelAnnotation.PERSONAL_DATA: "yes",
    ModelAnnotation.AUTOMATED_DECISION: "yes",
    ModelAnnotation.REVIEW_ROUTE: "mailto:review@bank.ae",
    ModelAnnotation.ASSESSMENT: "DPIA-2026-014",
    ModelAnnotation.ASSESSED_ON: LAST_MONTH,
}
"""What one says besides, or instead, of a model that decides about people."""


def said(changes: Mapping[ModelAnnotation, object] | None = None) -> dict[str, object]:
    """Write the annotations of a model, with some of them changed."""
    return without_none({str(key): value for key, value in {**SAID, **(changes or {})}.items()})


def server(
    changes: Mapping[ModelAnnotation, object] | None = None, *, image: object = MODEL, **meta: object
) -> Resource:
    """Make a Deployment that serves a model, mounted from an image."""
    volumes = [{"name": "model", "image": {"reference": image}}]
    pods = {
        "metadata": {"labels": dict(SERVER_LABELS), "annotations": {ModelAnnotation.IMAGE.value: image}},
        "spec": pod_spec(volumes=volumes),
    }
    own = {"name": "credit", "labels": dict(SERVER_LABELS), "annotations": said(changes)}
    return resource(
        "kubernetes:apps/v1:Deployment",
        {"metadata": metadata(**(own | meta)), "spec": {"replicas": 2, "template": pods}},
    )


def served_by(kind: str, changes: Mapping[ModelAnnotation, object] | None = None, **spec: object) -> Resource:
    """Make an object of another kind that serves a model, labelled as such itself alone."""
    own = metadata(name="credit", labels=dict(SERVER_LABELS), annotations=said(changes))
    return resource(kind, {"metadata": own, "spec": without_none(spec or pod_spec())})


def scoring_job(changes: Mapping[ModelAnnotation, object] | None = None) -> Resource:
    """Make a CronJob whose pods alone say that they serve a model."""
    pods = {"labels": dict(SERVER_LABELS), "annotations": {ModelAnnotation.IMAGE.value: MODEL}}
    template = {"metadata": pods, "spec": pod_spec()}
    return resource(
        "kubernetes:batch/v1:CronJob",
        {
            "metadata": metadata(name="credit", annotations=said(changes)),
            "spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": template}}},
        },
    )


def alert(watches: object = "drift", **properties: object) -> dict[str, Any]:
    """Describe an alert rule that watches the model."""
    return without_none(
        {
            "alert": "CreditDrifts",
            "expr": 'model_drift_score{model="credit"} > 0.2',
            "labels": {AlertLabel.MODEL.value: "credit", AlertLabel.WATCHES.value: watches},
        }
        | properties
    )


def alerts(*rules: object) -> Resource:
    """Make a group of alert rules in the cluster."""
    spec = {"groups": [{"name": "credit", "rules": list(rules)}]}
    return resource(IN_CLUSTER, {"metadata": metadata(name="credit"), "spec": spec})


def alerts_in_aws(*rules: object) -> Resource:
    """Make a namespace of alert rules in Amazon's Prometheus, from rules or from text as it stands."""
    data = rules[0] if not isinstance(rules[0], dict) else yaml.safe_dump({"groups": [{"rules": list(rules)}]})
    return resource(IN_AWS, {"workspaceId": "ws-1", "data": data})


def alerts_in_azure(*rules: Mapping[str, object], **properties: object) -> Resource:
    """Make a group of alert rules in Azure's Prometheus, which names the expression in full."""
    named = [{("expression" if key == "expr" else key): value for key, value in rule.items()} for rule in rules]
    return resource(IN_AZURE, {"location": "uaenorth", "scopes": ["workspace"], "rules": named} | properties)


def register(*entries: object) -> Resource:
    """Make the stack that exports a register of models."""
    return register_of(list(entries))


def register_of(value: object) -> Resource:
    """Make the stack that exports something as its register; `None` when it exports none."""
    return resource(STACK, without_none({"endpoints": {}, MODEL_REGISTER: value}))


def entry(**properties: object) -> dict[str, Any]:
    """Describe a model in the register."""
    return without_none(
        {
            "name": "credit",
            "version": "3",
            "digest": DIGEST,
            "purpose": "tells how likely a loan is paid back",
            "owner": "risk",
            "risk": "low",
            "residency": "AE",
        }
        | properties
    )


def route(*rules: object, name: object = "credit") -> Resource:
    """Make the route to a model."""
    own = without_none({ModelAnnotation.NAME.value: name})
    return resource(HTTP_ROUTE, {"metadata": metadata(annotations=own), "spec": {"rules": list(rules)}})


def backends(*weights: object) -> dict[str, Any]:
    """Describe a rule that shares requests between backends; `None` is one without a weight."""
    named = [without_none({"name": f"credit-{number}", "weight": weight}) for number, weight in enumerate(weights)]
    return {"backendRefs": named}


def rollout(name: object = "credit", **strategy: object) -> Resource:
    """Make a Rollout that serves a model of high risk."""
    own = metadata(labels=dict(SERVER_LABELS), annotations=said({**HIGH_RISK, ModelAnnotation.NAME: name}))
    return resource(ROLLOUT, {"metadata": own, "spec": {"strategy": strategy}})
