"""Alert rules that watch models, wherever they are kept: in the cluster, in Amazon's Prometheus, in Azure's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import yaml

from falaj.catalog.model_annotations import AlertLabel, Watch
from policies.node import Node
from policies.outcomes import Finding, Undecided
from policies.resources import Plan, Resource

IN_CLUSTER: Final = "kubernetes:monitoring.coreos.com/v1:PrometheusRule"
IN_AWS: Final = "aws:amp/ruleGroupNamespace:RuleGroupNamespace"
IN_AZURE: Final = "azure-native:alertsmanagement:PrometheusRuleGroup"
KEEPERS: Final = (IN_CLUSTER, IN_AWS, IN_AZURE)
"""The types that hold alert rules."""
READS: Final = (
    "PrometheusRule:spec.groups[*].rules[*].alert",
    "PrometheusRule:spec.groups[*].rules[*].expr",
    "PrometheusRule:spec.groups[*].rules[*].labels",
    "RuleGroupNamespace:data",
    "PrometheusRuleGroup:enabled",
    "PrometheusRuleGroup:rules[*].alert",
    "PrometheusRuleGroup:rules[*].expression",
    "PrometheusRuleGroup:rules[*].labels",
    "PrometheusRuleGroup:rules[*].enabled",
)
"""What is read of them, as a control declares it."""


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One rule, and the resource that holds it."""

    urn: str
    alert: Node
    """Its name; a rule without one records and raises no alarm."""
    expression: Node
    labels: Node
    switches: tuple[Node, ...] = ()
    """What may turn it off."""

    def watches(self, model: str, what: Watch) -> bool | None:
        """Tell whether it raises an alarm about that model for that reason; `None` when it is not known yet."""
        answers = [answer for _, answer in self._grounds(model, what)]
        if False in answers:
            return False
        return None if None in answers else True

    def undecided(self, model: str, what: Watch) -> Undecided:
        """Return what has to be known before it can be told whether it watches the model."""
        ground = next(node for node, answer in self._grounds(model, what) if answer is None)
        return replace(ground.undecided, urn=self.urn)

    def _grounds(self, model: str, what: Watch) -> Iterator[tuple[Node, bool | None]]:
        for label, wanted in ((AlertLabel.MODEL, model), (AlertLabel.WATCHES, what)):
            given = self.labels[label]
            yield given, given.value == wanted if given.known else None
        for text in (self.alert, self.expression):
            yield text, bool(text.value) if text.known else None
        for switch in self.switches:
            yield switch, switch.value is not False if switch.known else None


def alert_rules(plan: Plan) -> tuple[AlertRule, ...]:
    """Return every rule of the stack."""
    return plan.index(AlertRule, lambda: tuple(rule for found in plan.of_type(*KEEPERS) for rule in _rules(found)))


def unreadable(plan: Plan) -> Iterator[Finding]:
    """Find rules for Amazon's Prometheus that are no YAML."""
    for found in plan.of_type(IN_AWS):
        data = found["data"]
        if data.known and _parsed(data) is None:
            yield Finding(data.path, "text that holds no groups", "groups of alert rules, as YAML", urn=found.urn)


def _rules(found: Resource) -> Iterator[AlertRule]:
    if found.type == IN_AZURE:
        for rule in found["rules"].items():
            switches = (found["enabled"], rule["enabled"])
            yield AlertRule(found.urn, rule["alert"], rule["expression"], rule["labels"], switches)
        return
    groups = found["spec"] if found.type == IN_CLUSTER else _parsed(found["data"])
    for rule in groups.select("groups[].rules[]") if groups is not None else ():
        yield AlertRule(found.urn, rule["alert"], rule["expr"], rule["labels"])


def _parsed(data: Node) -> Node | None:
    """Return the document that a text holds, at the place of the text; nothing where it holds no mapping."""
    if not isinstance(data.value, str):
        return data if not data.known else None
    value = _document(data.value[:])
    return replace(data, value=value) if isinstance(value, dict) else None


@lru_cache(maxsize=64)
def _document(text: str) -> Any:  # noqa: ANN401 - whatever YAML can hold
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None
