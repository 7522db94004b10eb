"""Policy documents of AWS: who may do what to which resource, read from JSON text or from plain values.

`is_document` says what is wrong with a document as a whole; `statements` yields what it says. A document that is not
known yet yields one statement of which nothing is known, so a check that asks it anything comes out undecided. Text
that holds an unknown is unknown as a whole; in a plain document a part may be.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from policies.geography.places import account_of_arn
from policies.node import Node
from policies.outcomes import Outcome
from policies.values import UNKNOWN, Secret

ELEMENTS: Final = frozenset({"Version", "Id", "Statement"})
STATEMENT_ELEMENTS: Final = frozenset(
    {
        *("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"),
        *("Resource", "NotResource", "Condition"),
    }
)
EFFECTS: Final = ("Allow", "Deny")
ANYONE: Final = "*"
_ACCOUNT: Final = re.compile(r"\d{12}")
_OPERATOR: Final = re.compile(r"(?:(?P<set>ForAllValues|ForAnyValue):)?(?P<base>[A-Za-z0-9]+?)(?P<if_exists>IfExists)?")


@dataclass(frozen=True, slots=True)
class Principal:
    """One of those a statement is about."""

    kind: str
    """``AWS``, ``Service``, ``Federated`` or ``CanonicalUser``; ``*`` for everyone."""
    node: Node
    """Its name: an ARN, an account, a service."""

    @property
    def is_anyone(self) -> bool:
        """Whether it stands for everyone, signed in or not."""
        return self.node.value == ANYONE and self.kind in (ANYONE, "AWS")

    @property
    def account(self) -> str | None:
        """The account it belongs to; nothing for a service, everyone, and what is not known."""
        name = self.node.value
        if isinstance(name, str) and _ACCOUNT.fullmatch(name):
            return name[:]
        return account_of_arn(name) or None


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of a statement's condition. Every comparison of a statement has to hold."""

    operator: str
    """Such as ``StringEquals``, without what stands before and after it."""
    key: str
    """The key, in lower case: AWS does not tell ``aws:SourceArn`` from ``AWS:sourcearn``."""
    node: Node
    """What the key is compared with: text, or a list of which one has to match."""
    if_exists: bool = False
    """Whether it also holds where the request has no such key."""
    quantifier: str | None = None
    """``ForAllValues`` or ``ForAnyValue``."""

    @property
    def values(self) -> Iterator[Node]:
        """What the key is compared with, one by one."""
        return one_or_many(self.node)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy document."""

    node: Node

    @property
    def effect(self) -> Node:
        """``Allow`` or ``Deny``."""
        return self.node["Effect"]

    @property
    def allows(self) -> bool:
        """Whether it may allow something; one that is not known yet may."""
        return self.effect.value != "Deny"

    @property
    def denies(self) -> bool:
        """Whether it may deny something; one that is not known yet may."""
        return self.effect.value != "Allow"

    @property
    def actions(self) -> Iterator[Node]:
        """What it is about."""
        return one_or_many(self.node["Action"])

    @property
    def not_actions(self) -> Iterator[Node]:
        """It is about everything but these."""
        return one_or_many(self.node["NotAction"])

    @property
    def resources(self) -> Iterator[Node]:
        """On which resources."""
        return one_or_many(self.node["Resource"])

    @property
    def principals(self) -> Iterator[Principal]:
        """For whom; none in the policy of an identity."""
        yield from _principals(self.node["Principal"])

    @property
    def excepted_principals(self) -> Iterator[Principal]:
        """For everyone but these."""
        yield from _principals(self.node["NotPrincipal"])

    @property
    def conditions(self) -> Iterator[Condition]:
        """When."""
        whole = self.node["Condition"]
        if whole.value is UNKNOWN:
            yield Condition("", "", whole)
            return
        for operator, keys in _members(whole):
            match = _OPERATOR.fullmatch(operator)
            base, quantifier = (match["base"], match["set"]) if match else (operator, None)
            for key, node in _members(keys):
                yield Condition(base, key.lower(), node, bool(match and match["if_exists"]), quantifier)

    def conditions_on(self, key: str) -> Iterator[Condition]:
        """Yield the comparisons of one key; one that is not known yet may be of any."""
        return (found for found in self.conditions if found.key in ("", key.lower()))


def document(node: Node) -> Node:
    """Return the document that a value holds, as JSON text or in plain form, at the place of the value.

    What is unknown or absent stays so; text that is no JSON stays text, which `is_document` finds.
    """
    if not isinstance(node.value, str):
        return node
    try:
        value = json.loads(node.value[:], object_pairs_hook=_without_repetition)
    except (ValueError, RecursionError):
        return node
    return replace(node, value=_secret(value) if isinstance(node.value, Secret) else value)


def is_document(node: Node) -> Iterator[Outcome]:
    """Find a value that is missing or no policy document; AWS would refuse it, and no check can read it."""
    whole = document(node)
    if whole.value is UNKNOWN:
        yield from node.must(bool, "a policy document")
    elif not isinstance(whole.value, Mapping):
        yield node.finding("a policy document in JSON")
    elif strange := sorted(whole.value.keys() - ELEMENTS):
        yield whole[strange[0]].finding(f"one of the elements {', '.join(sorted(ELEMENTS))}")
    elif not whole.value.get("Statement"):
        yield whole["Statement"].finding("statements")
    else:
        for each in one_or_many(whole["Statement"]):
            yield from _is_statement(each)


def statements(node: Node) -> Iterator[Statement]:
    """Yield the statements of a document; what is no statement is left to `is_document`."""
    whole = document(node)
    if whole.value is UNKNOWN or isinstance(whole.value, Mapping):
        for each in one_or_many(whole["Statement"]):
            if each.value is UNKNOWN or isinstance(each.value, Mapping):
                yield Statement(each)


def one_or_many(node: Node) -> Iterator[Node]:
    """Yield the elements of a list, or the value itself where it stands alone."""
    if isinstance(node.value, list):
        yield from node.items()
    elif node.value is not None:
        yield node


def covers(pattern: object, name: str) -> bool:
    """Tell whether a pattern of actions or resources, with ``*`` and ``?``, stands for a name in any case."""
    if not isinstance(pattern, str):
        return False
    # Brackets are plain characters to AWS.
    return fnmatch.fnmatchcase(name.lower(), pattern[:].lower().replace("[", "[[]"))


def is_everything(pattern: object) -> bool:
    """Tell whether a pattern stands for every action, or every resource: ``*``, ``*:*``, ``arn:aws:*``."""
    if not isinstance(pattern, str):
        return False
    rest = re.sub(r"^arn:(aws[a-z-]*|\*)(?=:)", "", pattern[:].lower())
    return "*" in rest and not rest.strip("*:/")


def _principals(node: Node) -> Iterator[Principal]:
    if isinstance(node.value, Mapping):
        for kind, names in _members(node):
            yield from (Principal(kind, name) for name in one_or_many(names))
    else:
        yield from (Principal(ANYONE, name) for name in one_or_many(node))


def _members(node: Node) -> Iterator[tuple[str, Node]]:
    if isinstance(node.value, Mapping):
        yield from ((str(name), node[str(name)]) for name in node.value)


def _is_statement(node: Node) -> Iterator[Outcome]:
    if not isinstance(node.value, Mapping):
        if node.value is not UNKNOWN:
            yield node.finding("a statement")
    elif strange := sorted(node.value.keys() - STATEMENT_ELEMENTS):
        yield node[strange[0]].finding(f"one of the elements {', '.join(sorted(STATEMENT_ELEMENTS))}")
    elif node["Effect"].value not in (*EFFECTS, UNKNOWN):
        yield node["Effect"].finding(" or ".join(EFFECTS))


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _secret(value: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
    if isinstance(value, dict):
        return {name: _secret(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_secret(member) for member in value]
    return Secret(value, alone=False) if isinstance(value, str) else value
