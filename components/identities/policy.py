"""IAM policy documents as data: statements that name their actions one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Condition: TypeAlias = Mapping[str, Mapping[str, str | list[str]]]
"""Operator, then context key, then what it is compared with."""
Statement: TypeAlias = dict[str, object]
"""One statement of a policy document."""

VERSION = "2012-10-17"
"""The version of the policy language, which is the newest."""


def document(statements: Sequence[Statement]) -> str:
    """Return the policy document of these statements as JSON, the same text for the same statements."""
    return json.dumps({"Version": VERSION, "Statement": list(statements)})


def allow(sid: str, actions: Sequence[str], resources: Sequence[str], when: Condition | None = None) -> Statement:
    """Return a statement that allows these actions on these resources. Refuses an action with a wildcard."""
    return _statement(sid, actions, {"Resource": list(resources)}, when)


def allow_in_region(sid: str, actions: Sequence[str], region: str) -> Statement:
    """Return a statement for actions that work on no single resource, bound to one region."""
    return allow(sid, actions, ["*"], {"StringEquals": {"aws:RequestedRegion": region}})


def trust(sid: str, service: str, when: Condition | None, *, session_tags: bool = False) -> Statement:
    """Return a statement that lets a service of AWS take on the role that carries it."""
    actions = ["sts:AssumeRole", "sts:TagSession"] if session_tags else ["sts:AssumeRole"]
    return _statement(sid, actions, {"Principal": {"Service": service}}, when)


def allow_principal(
    sid: str, principal: Mapping[str, str | list[str]], actions: Sequence[str], when: Condition | None = None
) -> Statement:
    """Return a statement of a resource's own policy, in which `*` is that resource alone."""
    return _statement(sid, actions, {"Principal": dict(principal), "Resource": "*"}, when)


def _statement(sid: str, actions: Sequence[str], subject: Mapping[str, object], when: Condition | None) -> Statement:
    wild = [action for action in actions if "*" in action]
    if wild:
        raise ValueError(f"{sid}: {wild[0]} has a wildcard, allowed: actions named one by one")
    condition = {} if when is None else {"Condition": {operator: dict(keys) for operator, keys in when.items()}}
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), **subject, **condition}
