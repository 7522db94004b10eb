"""AIG-006: models that decide about people on their own say where a decision is looked at again."""

from __future__ import annotations

import re
from collections.abc import Iterator

from falaj.catalog.model_annotations import ModelAnnotation, YesNo
from policies.control import Control, Severity
from policies.examples.kubernetes import deployment, service
from policies.examples.served_models import HIGH_RISK, scoring_job, served_by, server
from policies.expressions import annotation, where_a_model_is_served, whole
from policies.expressions import is_one_of as says_one_of
from policies.models.served_models import MARKS, MODEL_SERVERS, ServedModel, of_served_models, path_of
from policies.outcomes import Outcome
from policies.templates import is_one_of
from policies.values import UNKNOWN

DECIDES, ROUTE = ModelAnnotation.AUTOMATED_DECISION, ModelAnnotation.REVIEW_ROUTE
ADDRESS = re.compile(r"https://[^\s/]+\.[^\s]+|mailto:[^\s@]+@[^\s@]+\.[^\s@]+|tel:\+?[0-9-]{3,20}")

CONTROL = Control(
    id="AIG-006",
    title="Models that decide about people on their own say where a decision is looked at again",
    harm="A person refused by a machine has nobody to turn to, though the law gives a right to object.",
    severity=Severity.MEDIUM,
    applies_to=MODEL_SERVERS,
    reads=(*MARKS, path_of(DECIDES), path_of(ROUTE)),
    remedy=(
        "Say falaj.dev/automated-decision: yes or no; where it is yes, give falaj.dev/review-route, "
        "a page, mailbox or telephone number that reaches a person."
    ),
    admits=where_a_model_is_served(
        says_one_of(annotation(DECIDES), YesNo),
        f"({annotation(DECIDES)} != '{YesNo.YES}' || {annotation(ROUTE)}.matches({whole(ADDRESS.pattern)}))",
    ),
    note="Whether a model decides on its own has to be said either way. That somebody answers there, no plan can show.",
)


@CONTROL.check
@of_served_models
def decisions_are_reviewed(model: ServedModel) -> Iterator[Outcome]:
    """Find a model that decides on its own and gives no address for objections."""
    decides = model[DECIDES]
    yield from is_one_of(decides, tuple(YesNo))
    if decides.value == YesNo.YES:
        yield from model[ROUTE].must(
            lambda value: isinstance(value, str) and ADDRESS.fullmatch(value), "an https:, mailto: or tel: address"
        )


CONTROL.good("decides nothing", server())
CONTROL.good("a mailbox", server(HIGH_RISK))
CONTROL.good("a page", scoring_job({DECIDES: "yes", ROUTE: "https://bank.ae/review"}))
CONTROL.good("a telephone", served_by("kubernetes:core/v1:Pod", {DECIDES: "yes", ROUTE: "tel:+971-4-555-0100"}))
CONTROL.bad(
    "nobody said whether it decides",
    server({DECIDES: None}),
    finding='metadata.annotations["falaj.dev/automated-decision"]: found nothing, expected yes or no',
)
CONTROL.bad(
    "another word for no",
    server({DECIDES: "false"}),
    finding='metadata.annotations["falaj.dev/automated-decision"]: found false, expected yes or no',
)
CONTROL.bad(
    "decides, and that is that",
    server({DECIDES: "yes"}),
    finding=(
        'metadata.annotations["falaj.dev/review-route"]: found nothing, expected an https:, mailto: or tel: address'
    ),
)
CONTROL.bad(
    "a name without an address",
    server({DECIDES: "yes", ROUTE: "customer service"}),
    finding=(
        'metadata.annotations["falaj.dev/review-route"]: '
        "found customer service, expected an https:, mailto: or tel: address"
    ),
)
CONTROL.unknown(
    "nobody knows yet whether it decides",
    server({DECIDES: UNKNOWN}),
    at='metadata.annotations["falaj.dev/automated-decision"]',
)
CONTROL.unknown(
    "a route made elsewhere",
    server({DECIDES: "yes", ROUTE: UNKNOWN}),
    at='metadata.annotations["falaj.dev/review-route"]',
)
CONTROL.not_applicable("a Deployment that serves no model", deployment())
CONTROL.not_applicable("a Service runs nothing", service())
