"""Rules of the policy: the first one that fits a request decides."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from inference_router.decision.policy import Policy, Rule
from inference_router.decision.sides import Ask


def first(policy: Policy, ask: Ask, target_seconds: float) -> Rule | None:
    """The rule that decides; nothing where none fits."""
    for rule in policy.rules:
        if fits(rule, policy, ask, target_seconds):
            return rule
    return None


def fits(rule: Rule, policy: Policy, ask: Ask, target_seconds: float) -> bool:
    """Whether all conditions of a rule hold. What is not known fits no bound."""
    if rule.models and not any(fnmatchcase(ask.model, pattern) for pattern in rule.models):
        return False
    if rule.tiers and policy.tier not in rule.tiers:
        return False
    if rule.target_ms_at_most is not None and not target_seconds <= rule.target_ms_at_most / 1000:
        return False
    return all(_within(*bound) for bound in _bounds(rule, policy, ask))


def _bounds(rule: Rule, policy: Policy, ask: Ask) -> Iterable[tuple[int | None, int | None, int | None]]:
    yield ask.rows, rule.rows_at_least, rule.rows_at_most
    yield ask.body_bytes, rule.body_bytes_at_least, rule.body_bytes_at_most
    yield policy.size_of(ask.model), rule.model_bytes_at_least, rule.model_bytes_at_most


def _within(value: int | None, least: int | None, most: int | None) -> bool:
    if least is None and most is None:
        return True
    return value is not None and (least is None or value >= least) and (most is None or value <= most)
