"""AIG-008: every served model says what it was trained on and where that lay."""

from __future__ import annotations

import re
from collections.abc import Iterator

from falaj.catalog.model_annotations import ModelAnnotation
from policies.control import Control, Severity
from policies.examples.kubernetes import deployment, service
from policies.examples.served_models import scoring_job, served_by, server
from policies.expressions import annotation, model_says, where_a_model_is_served, whole
from policies.models.served_models import MARKS, MODEL_SERVERS, ServedModel, of_served_models, path_of, says_something
from policies.outcomes import Outcome
from policies.values import UNKNOWN

DATA, PLACE = ModelAnnotation.TRAINING_DATA, ModelAnnotation.TRAINING_RESIDENCY
COUNTRIES = re.compile(r"[A-Z]{2}(, ?[A-Z]{2})*")

CONTROL = Control(
    id="AIG-008",
    title="Every served model says what it was trained on and where that lay",
    harm="Data that may not leave the country, or may not be used at all, lives on in a model where nobody looks.",
    severity=Severity.MEDIUM,
    applies_to=MODEL_SERVERS,
    reads=(*MARKS, path_of(DATA), path_of(PLACE)),
    remedy=(
        "Annotate the workload with falaj.dev/training-data, a data set by name or address, and "
        "falaj.dev/training-residency, the countries it lay in, such as AE or AE,GB."
    ),
    admits=where_a_model_is_served(model_says(DATA), f"{annotation(PLACE)}.matches({whole(COUNTRIES.pattern)})"),
    note="What is asked for is that it is said. A country abroad is no finding: the impact assessment weighs it.",
)


@CONTROL.check
@of_served_models
def training_is_noted(model: ServedModel) -> Iterator[Outcome]:
    """Find training data that nobody named, and countries that are none."""
    yield from says_something(model[DATA], "the data it was trained on")
    yield from model[PLACE].must(
        lambda value: isinstance(value, str) and COUNTRIES.fullmatch(value), "ISO 3166 codes of countries, such as AE"
    )


CONTROL.good("trained at home", server())
CONTROL.good("trained on public data in two countries", scoring_job({DATA: "uci-iris", PLACE: "AE,GB"}))
CONTROL.good("with a space between", served_by("kubernetes:core/v1:Pod", {PLACE: "AE, GB"}))
NO_COUNTRY = (
    'metadata.annotations["falaj.dev/training-residency"]: '
    "found nothing, expected ISO 3166 codes of countries, such as AE"
)
CONTROL.bad(
    "nothing said",
    server({DATA: None, PLACE: None}),
    finding=(
        'metadata.annotations["falaj.dev/training-data"]: found nothing, expected the data it was trained on',
        NO_COUNTRY,
    ),
)
CONTROL.bad(
    "words that say nothing",
    server({DATA: "unknown", PLACE: "abroad"}),
    finding=(
        'metadata.annotations["falaj.dev/training-data"]: found unknown, expected the data it was trained on',
        NO_COUNTRY.replace("nothing", "abroad"),
    ),
)
CONTROL.unknown("data made elsewhere", server({DATA: UNKNOWN}), at='metadata.annotations["falaj.dev/training-data"]')
CONTROL.unknown("all of it made elsewhere", server(annotations=UNKNOWN), at="metadata.annotations")
CONTROL.not_applicable("a Deployment that serves no model", deployment())
CONTROL.not_applicable("a Service runs nothing", service())
