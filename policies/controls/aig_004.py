"""AIG-004: every served model is watched for drift, and one of high risk for bias."""

from __future__ import annotations

from collections.abc import Iterator

from falaj.catalog.model_annotations import AlertLabel, ModelAnnotation, Watch
from policies.control import Control, Severity
from policies.days import is_within_a_year
from policies.examples.kubernetes import deployment, service
from policies.examples.served_models import (
    HIGH_RISK,
    LAST_MONTH,
    alert,
    alerts,
    alerts_in_aws,
    alerts_in_azure,
    scoring_job,
    server,
)
from policies.models.alert_rules import KEEPERS, READS, alert_rules, unreadable
from policies.models.served_models import ServedModel, is_said, of_served_models, reads_of_servers, servers_of_the_stack
from policies.node import Node
from policies.outcomes import Finding, Outcome
from policies.resources import Plan
from policies.values import UNKNOWN

NAME, RISK, CHECKED_ON = ModelAnnotation.NAME, ModelAnnotation.RISK, ModelAnnotation.BIAS_CHECKED_ON

CONTROL = Control(
    id="AIG-004",
    title="Every served model is watched for drift, and one of high risk for bias",
    harm="The world changes, the model does not: it goes on deciding, worse each month, and nobody notices.",
    severity=Severity.MEDIUM,
    applies_to=servers_of_the_stack(*KEEPERS),
    reads=(*reads_of_servers(NAME, RISK, CHECKED_ON), *READS),
    remedy=(
        f"Add an alert rule with the labels {AlertLabel.MODEL}: <falaj.dev/model-name> and "
        f"{AlertLabel.WATCHES}: {Watch.DRIFT}; for high risk one with {AlertLabel.WATCHES}: {Watch.BIAS} too, "
        "or the day of a check within a year in falaj.dev/bias-check-date."
    ),
    not_at_the_door="The alert rules that watch a model are other objects, often of another system.",
    note=(
        "The rule has to be in the stack that makes the server; one that only patches it is not asked. A risk tier "
        "that nobody named counts as high. That the expression measures drift at all, no plan can show."
    ),
)


@CONTROL.check
@of_served_models
def is_watched(model: ServedModel) -> Iterator[Outcome]:
    """Find a model that no alert rule watches, by the name it gives."""
    name = model[NAME]
    if not name.known or not is_said(name.value):
        yield from name.must(lambda _: False, "the name that its alert rules carry")
        return
    yield from unreadable(model.plan)
    yield from watched_for(Watch.DRIFT, name, model.plan)
    if model.is_high_risk is None:
        yield model[RISK].undecided
    elif model.is_high_risk:
        yield from is_watched_for_bias(model)


def is_watched_for_bias(model: ServedModel) -> Iterator[Outcome]:
    """Find a model of which no alert rule tells its bias, and nobody has looked for it within a year."""
    lapsed = list(is_within_a_year(model[CHECKED_ON], today=model.plan.today))
    for outcome in watched_for(Watch.BIAS, model[NAME], model.plan) if lapsed else ():
        yield from lapsed if isinstance(outcome, Finding) else (outcome,)


def watched_for(what: Watch, name: Node, plan: Plan) -> Iterator[Outcome]:
    """Look for an alert rule that watches the model of that name."""
    wanted = str(name.value)
    answers = [(rule, rule.watches(wanted, what)) for rule in alert_rules(plan)]
    if any(answer for _, answer in answers):
        return
    perhaps = [rule for rule, answer in answers if answer is None]
    if perhaps:
        yield perhaps[0].undecided(wanted, what)
    else:
        expected = f"one with the labels {AlertLabel.MODEL}: {wanted} and {AlertLabel.WATCHES}: {what}"
        yield Finding(name.path, f"no alert rule that watches {wanted} for {what}", expected)


WATCHED_FOR_BIAS = alert("bias", alert="CreditIsUnfair")
UNNAMED = 'metadata.annotations["falaj.dev/model-name"]: found nothing, expected the name that its alert rules carry'
NO_DRIFT = (
    'metadata.annotations["falaj.dev/model-name"]: found no alert rule that watches credit for drift, '
    "expected one with the labels model: credit and watches: drift"
)
NO_CHECK = (
    'metadata.annotations["falaj.dev/bias-check-date"]: found nothing, expected a day of the last 365, as YYYY-MM-DD'
)
CONTROL.good("a rule in the cluster", server(), alerts(alert()))
CONTROL.good("among others, on pods that are labelled", scoring_job(), alerts(alert("bias"), {"record": "a"}, alert()))
CONTROL.good("a rule in Amazon's Prometheus", server(), alerts_in_aws(alert()))
CONTROL.good("a rule in Azure's Prometheus", server(), alerts_in_azure(alert()))
CONTROL.good("switched on in so many words", server(), alerts_in_azure(alert(enabled=True), enabled=True))
CONTROL.good("high risk, watched for both", server(HIGH_RISK), alerts(alert(), WATCHED_FOR_BIAS))
CONTROL.good("high risk, checked last month", server({**HIGH_RISK, CHECKED_ON: LAST_MONTH}), alerts(alert()))
CONTROL.good(
    "high risk, checked last month, a second rule made elsewhere",
    server({**HIGH_RISK, CHECKED_ON: LAST_MONTH}),
    alerts(alert(), alert(UNKNOWN)),
)
CONTROL.bad("no rule at all", server(), finding=NO_DRIFT)
CONTROL.bad("no name to look for", server({NAME: None}), alerts(alert()), finding=UNNAMED)
CONTROL.bad(
    "a rule for another model", server(), alerts(alert(labels={"model": "fraud", "watches": "drift"})), finding=NO_DRIFT
)
CONTROL.bad("a rule for another reason", server(), alerts(alert("latency")), finding=NO_DRIFT)
CONTROL.bad("a rule that only records", server(), alerts(alert(alert=None, record="drift")), finding=NO_DRIFT)
CONTROL.bad("a rule without an expression", server(), alerts_in_aws(alert(expr=None)), finding=NO_DRIFT)
CONTROL.bad("a rule switched off", server(), alerts_in_azure(alert(enabled=False)), finding=NO_DRIFT)
CONTROL.bad("a group switched off", server(), alerts_in_azure(alert(), enabled=False), finding=NO_DRIFT)
CONTROL.bad(
    "rules that are no YAML",
    server(),
    alerts(alert()),
    alerts_in_aws("groups: ["),
    finding="data: found text that holds no groups, expected groups of alert rules, as YAML",
)
CONTROL.bad("high risk, never checked for bias", server(HIGH_RISK), alerts(alert()), finding=NO_CHECK)
CONTROL.bad("a risk that nobody named", server({RISK: None}), alerts(alert()), finding=NO_CHECK)
CONTROL.bad(
    "high risk, checked long ago, and nothing else",
    server({**HIGH_RISK, CHECKED_ON: "2020-01-31"}),
    finding=(
        NO_DRIFT,
        NO_CHECK.replace("nothing", "2020-01-31"),
    ),
)
CONTROL.unknown(
    "a name made elsewhere",
    server({NAME: UNKNOWN}),
    alerts(alert()),
    at='metadata.annotations["falaj.dev/model-name"]',
)
CONTROL.unknown("a label made elsewhere", server(), alerts(alert(UNKNOWN)), at="spec.groups[0].rules[0].labels.watches")
CONTROL.unknown("rules made elsewhere", server(), alerts_in_aws(UNKNOWN), at="data")
CONTROL.unknown("a switch made elsewhere", server(), alerts_in_azure(alert(enabled=UNKNOWN)), at="rules[0].enabled")
CONTROL.unknown(
    "an expression made elsewhere", server(), alerts(alert(expr=UNKNOWN)), at="spec.groups[0].rules[0].expr"
)
CONTROL.unknown(
    "risk made elsewhere", server({RISK: UNKNOWN}), alerts(alert()), at='metadata.annotations["falaj.dev/risk-tier"]'
)
CONTROL.unknown(
    "high risk, perhaps watched for bias",
    server(HIGH_RISK),
    alerts(alert(), alert("bias", alert=UNKNOWN)),
    at="spec.groups[0].rules[1].alert",
)
CONTROL.unknown(
    "high risk, a check made elsewhere",
    server({**HIGH_RISK, CHECKED_ON: UNKNOWN}),
    alerts(alert()),
    at='metadata.annotations["falaj.dev/bias-check-date"]',
)
CONTROL.not_applicable("a Deployment that serves no model", deployment(), alerts(alert()))
CONTROL.not_applicable("a Service runs nothing", service())
