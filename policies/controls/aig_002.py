"""AIG-002: models about people, or of high risk, name a fresh impact assessment."""

from __future__ import annotations

from collections.abc import Iterator

from falaj.catalog.model_annotations import ModelAnnotation, YesNo
from policies.control import Control, Severity
from policies.days import is_within_a_year
from policies.examples.kubernetes import deployment, service
from policies.examples.served_models import HIGH_RISK, LAST_MONTH, scoring_job, served_by, server
from policies.models.served_models import MARKS, MODEL_SERVERS, ServedModel, of_served_models, path_of, says_something
from policies.outcomes import Outcome
from policies.templates import is_one_of
from policies.values import UNKNOWN

PERSONAL, RISK = ModelAnnotation.PERSONAL_DATA, ModelAnnotation.RISK
ENTRY, DAY = ModelAnnotation.ASSESSMENT, ModelAnnotation.ASSESSED_ON

CONTROL = Control(
    id="AIG-002",
    title="Models about people, or of high risk, name an impact assessment not older than a year",
    harm="A model changes what happens to people before anyone has asked what it may do to them.",
    severity=Severity.HIGH,
    applies_to=MODEL_SERVERS,
    reads=(*MARKS, path_of(PERSONAL), path_of(RISK), path_of(ENTRY), path_of(DAY)),
    remedy=(
        "Say falaj.dev/personal-data: yes or no; where it is yes, or falaj.dev/risk-tier is high, name the assessment "
        "in falaj.dev/dpia-id and its day in falaj.dev/dpia-date."
    ),
    not_at_the_door="CEL has no clock to tell how old an assessment is.",
    note=(
        "Whether a model is about people has to be said either way, and a risk tier that nobody named, or that there "
        "is not, counts as high. That the assessment exists, and what it found, no plan can show."
    ),
)


@CONTROL.check
@of_served_models
def is_assessed(model: ServedModel) -> Iterator[Outcome]:
    """Find a model that needs an assessment and names none, or one of more than a year ago."""
    personal, risk = model[PERSONAL], model[RISK]
    yield from is_one_of(personal, tuple(YesNo))
    if model.needs_assessment is None:
        yield from (each.undecided for each in (personal, risk) if not each.known)
    elif model.needs_assessment:
        yield from says_something(model[ENTRY], "the entry of its impact assessment")
        yield from is_within_a_year(model[DAY], today=model.plan.today)


ASSESSED = {PERSONAL: "yes", ENTRY: "DPIA-2026-014", DAY: LAST_MONTH}
CONTROL.good("low risk, about nobody", server())
CONTROL.good("medium risk, about nobody", served_by("kubernetes:core/v1:Pod", {RISK: "medium"}))
CONTROL.good("about people, assessed last month", scoring_job(ASSESSED))
CONTROL.good("high risk, about nobody, assessed last month", server({**HIGH_RISK, PERSONAL: "no"}))
CONTROL.good("about people, assessed, its risk made elsewhere", server({**ASSESSED, RISK: UNKNOWN}))
NO_ENTRY = 'metadata.annotations["falaj.dev/dpia-id"]: found nothing, expected the entry of its impact assessment'
NO_DAY = 'metadata.annotations["falaj.dev/dpia-date"]: found nothing, expected a day of the last 365, as YYYY-MM-DD'
CONTROL.bad("about people, never assessed", server({PERSONAL: "yes"}), finding=(NO_ENTRY, NO_DAY))
CONTROL.bad("high risk, never assessed", server({RISK: "high"}), finding=(NO_ENTRY, NO_DAY))
CONTROL.bad("a risk that nobody named", server({RISK: None}), finding=(NO_ENTRY, NO_DAY))
CONTROL.bad(
    "nobody said whether it is about people",
    server({PERSONAL: None}),
    finding='metadata.annotations["falaj.dev/personal-data"]: found nothing, expected yes or no',
)
CONTROL.bad(
    "another word for yes",
    server({PERSONAL: "true"}),
    finding='metadata.annotations["falaj.dev/personal-data"]: found true, expected yes or no',
)
CONTROL.bad(
    "assessed long ago",
    server({**ASSESSED, DAY: "2020-01-31"}),
    finding=(
        'metadata.annotations["falaj.dev/dpia-date"]: found 2020-01-31, expected a day of the last 365, as YYYY-MM-DD'
    ),
)
CONTROL.bad(
    "to be assessed one day",
    server({**ASSESSED, ENTRY: "tbd", DAY: "2999-01-01"}),
    finding=(
        'metadata.annotations["falaj.dev/dpia-id"]: found tbd, expected the entry of its impact assessment',
        'metadata.annotations["falaj.dev/dpia-date"]: found 2999-01-01, expected a day of the last 365, as YYYY-MM-DD',
    ),
)
CONTROL.unknown("risk made elsewhere", server({RISK: UNKNOWN}), at='metadata.annotations["falaj.dev/risk-tier"]')
CONTROL.unknown(
    "nobody knows yet whether it is about people",
    server({PERSONAL: UNKNOWN}),
    at='metadata.annotations["falaj.dev/personal-data"]',
)
CONTROL.not_applicable("a Deployment that serves no model", deployment())
CONTROL.not_applicable("a Service runs nothing", service())
