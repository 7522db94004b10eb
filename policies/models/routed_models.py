"""Where a call of a managed model is answered, told from how the model is named and from who may call it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from falaj.catalog.global_services import global_services
from falaj.catalog.providers import Provider
from policies.documents import Condition, Statement, covers, is_document, statements
from policies.geography.places import uae_regions
from policies.node import Node
from policies.outcomes import Outcome

CALLS: Final = (
    "bedrock:InvokeModel",
    "bedrock:InvokeModelWithResponseStream",
    "bedrock:InvokeModelWithBidirectionalStream",
    "bedrock:CreateModelInvocationJob",
)
"""The actions that send a prompt to a model."""
_HOME: Final = ", ".join(uae_regions(Provider.AWS))
IN_THE_REGION: Final = f"a model in {_HOME}, by its ARN there or its id"
NAMED_IN_THE_REGION: Final = f"ARNs of models in {_HOME}, or a condition that holds aws:RequestedRegion to it"
_ROUTING: Final = tuple(f"{prefix}." for prefix in global_services()["aws-bedrock-inference"].prefixes)
_ID: Final = re.compile(r"[a-z0-9-]+\.[A-Za-z0-9.:_-]+")
_ARN: Final = re.compile(r"arn:aws[a-z-]*:bedrock:(?P<region>[^:]*):[^:]*:(?P<kind>[a-z-]+)/.+")
_ROUTERS: Final = ("inference-profile", "prompt-router", "default-prompt-router")
_ARN_OF_ANOTHER_SERVICE: Final = re.compile(r"arn:[^:]*:(?!bedrock:)[a-z0-9-]+:.*")


def is_answered_here(node: Node) -> Iterator[Outcome]:
    """Judge the name of a model: an id, or an ARN. What AWS routes is answered wherever there is room."""
    yield from node.must(_is_answered_here, IN_THE_REGION)


def may_call_here_alone(policy: Node) -> Iterator[Outcome]:
    """Judge a policy of an identity: whoever it is for may call models of the region and no others."""
    yield from is_document(policy)
    for statement in statements(policy):
        if not statement.effect.known:
            yield statement.effect.undecided
        elif statement.effect.value == "Allow":
            yield from _statement_stays(statement)


def _statement_stays(statement: Statement) -> Iterator[Outcome]:
    actions = [*statement.actions, statement.node["NotAction"]]
    not_known = [each.undecided for each in actions if not each.known]
    if not_known or not _calls(statement):
        yield from not_known
        return
    conditions = list(statement.conditions_on("aws:RequestedRegion"))
    if any(_holds_to_region(condition) for condition in conditions):
        return
    if doubtful := [condition.node.undecided for condition in conditions if not condition.node.known]:
        yield from doubtful
        return
    for resource in statement.resources:
        yield from resource.must(_names_no_model_elsewhere, NAMED_IN_THE_REGION)
    if statement.node["NotResource"].value is not None:
        yield statement.node["NotResource"].finding(NAMED_IN_THE_REGION)


def _calls(statement: Statement) -> bool:
    allowed = [action.value for action in statement.actions]
    excepted = statement.node["NotAction"].value
    if excepted is not None:
        patterns = excepted if isinstance(excepted, list) else [excepted]
        return not all(any(covers(pattern, call) for pattern in patterns) for call in CALLS)
    return any(covers(pattern, call) for pattern in allowed for call in CALLS)


def _holds_to_region(condition: Condition) -> bool:
    # The key is that of each region a call is routed to, and a missing key must not let the call pass.
    if condition.operator != "StringEquals" or condition.if_exists or condition.quantifier == "ForAllValues":
        return False
    values = [each.value for each in condition.values]
    return bool(values) and all(value in uae_regions(Provider.AWS) for value in values)


def _is_answered_here(value: object) -> bool:
    if not isinstance(value, str):
        return False
    if value.startswith("arn:"):
        return _is_arn_here(value)
    return _ID.fullmatch(value) is not None and not value.startswith(_ROUTING)


def _is_arn_here(value: str) -> bool:
    match = _ARN.fullmatch(value)
    if match is None or match["region"] not in uae_regions(Provider.AWS):
        return False
    return match["kind"] not in _ROUTERS


def _names_no_model_elsewhere(value: object) -> bool:
    return isinstance(value, str) and (_ARN_OF_ANOTHER_SERVICE.fullmatch(value) is not None or _is_arn_here(value))
