"""AIG-003: every served model says its risk tier and who oversees it."""

from __future__ import annotations

from collections.abc import Iterator

from falaj.catalog.model_annotations import ModelAnnotation, Oversight, RiskTier
from policies.control import Control, Severity
from policies.examples.kubernetes import deployment, service
from policies.examples.served_models import HIGH_RISK, scoring_job, served_by, server
from policies.expressions import annotation, where_a_model_is_served
from policies.expressions import is_one_of as says_one_of
from policies.models.served_models import MARKS, MODEL_SERVERS, ServedModel, of_served_models, path_of
from policies.outcomes import Outcome
from policies.templates import is_one_of
from policies.values import UNKNOWN

RISK, OVERSIGHT = ModelAnnotation.RISK, ModelAnnotation.OVERSIGHT
BY_A_PERSON = (Oversight.ON_THE_LOOP, Oversight.IN_THE_LOOP)

CONTROL = Control(
    id="AIG-003",
    title="Every served model says its risk tier and who oversees it",
    harm="A model whose mistakes cost people their money or their rights runs with nobody who could stop it.",
    severity=Severity.HIGH,
    applies_to=MODEL_SERVERS,
    reads=(*MARKS, path_of(RISK), path_of(OVERSIGHT)),
    remedy=(
        "Annotate the workload with falaj.dev/risk-tier and falaj.dev/human-oversight; "
        "put a person on or in the loop where the risk is high."
    ),
    admits=where_a_model_is_served(
        says_one_of(annotation(RISK), RiskTier),
        f"({annotation(RISK)} == '{RiskTier.HIGH}' ? {says_one_of(annotation(OVERSIGHT), BY_A_PERSON)}"
        f" : {says_one_of(annotation(OVERSIGHT), Oversight)})",
    ),
)


@CONTROL.check
@of_served_models
def is_overseen(model: ServedModel) -> Iterator[Outcome]:
    """Find a tier or an oversight that there is not, and high risk without a person."""
    risk, oversight = model[RISK], model[OVERSIGHT]
    yield from is_one_of(risk, tuple(RiskTier))
    if risk.value == RiskTier.HIGH:
        yield from is_one_of(oversight, BY_A_PERSON, "on-the-loop or in-the-loop where the risk is high")
    else:
        yield from is_one_of(oversight, tuple(Oversight))


CONTROL.good("low risk, nobody looks", server())
CONTROL.good("medium risk, nobody looks", scoring_job({RISK: "medium"}))
CONTROL.good("high risk, a person decides", server(HIGH_RISK))
CONTROL.good(
    "high risk, a person watches", served_by("kubernetes:core/v1:Pod", {**HIGH_RISK, OVERSIGHT: "on-the-loop"})
)
NO_OVERSIGHT = (
    'metadata.annotations["falaj.dev/human-oversight"]: found nothing, expected none or on-the-loop or in-the-loop'
)
CONTROL.bad(
    "nothing said",
    server({RISK: None, OVERSIGHT: None}),
    finding=(
        'metadata.annotations["falaj.dev/risk-tier"]: found nothing, expected low or medium or high',
        'metadata.annotations["falaj.dev/human-oversight"]: found nothing, expected none or on-the-loop or in-the-loop',
    ),
)
CONTROL.bad(
    "words of another vocabulary",
    server({RISK: "limited", OVERSIGHT: "sometimes"}),
    finding=(
        'metadata.annotations["falaj.dev/risk-tier"]: found limited, expected low or medium or high',
        NO_OVERSIGHT.replace("nothing", "sometimes"),
    ),
)
CONTROL.bad(
    "high risk, nobody looks",
    server({RISK: "high"}),
    finding=(
        'metadata.annotations["falaj.dev/human-oversight"]: '
        "found none, expected on-the-loop or in-the-loop where the risk is high"
    ),
)
CONTROL.unknown("risk made elsewhere", server({RISK: UNKNOWN}), at='metadata.annotations["falaj.dev/risk-tier"]')
CONTROL.unknown(
    "oversight made elsewhere",
    server({**HIGH_RISK, OVERSIGHT: UNKNOWN}),
    at='metadata.annotations["falaj.dev/human-oversight"]',
)
CONTROL.not_applicable("a Deployment that serves no model", deployment())
CONTROL.not_applicable("a Service runs nothing", service())
