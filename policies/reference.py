"""The reference page of controls."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from policies.admission import guarded, resource_of
from policies.control import Control, Reference, shown_references
from policies.controls import load
from policies.workloads.workload import MADE, WORKLOADS

INTRODUCTION: Final = """\
# Controls

What may run, judged on the plan before anything exists. A mandatory control stops the plan. A value that is not
known before its resource is made is told as advice in a preview and must be known in the update. A check that fails
counts as broken. References are an engineering reading, to be confirmed by counsel.
"""


def markdown() -> str:
    """Return the page: a table of every control, then one section each."""
    rows = (
        f"| [{control.id}](#{control.id.lower()}) | {control.title} | {control.severity} | {control.level} "
        f"| {'; '.join(str(reference) for reference in shown_references(control))} |"
        for control in load()
    )
    table = ["| control | what holds | severity | level | asked for by |", "|---|---|---|---|---|", *rows]
    return "\n".join([INTRODUCTION, *table, "", *(section(control) for control in load())])


def section(control: Control[Any]) -> str:
    """Return everything a reviewer needs to know about one control."""
    proof = control.examples
    counts = f"{len(proof.good)} good, {len(proof.bad)} bad, {len(proof.unknown)} unknown"
    lines = [
        f"## {control.id}",
        "",
        f"**{control.title}.** {control.harm}",
        "",
        f"- Remedy: {control.remedy}",
        *([f"- Note: {control.note}"] if control.note else []),
        f"- Judges: {subject(control)}",
        f"- Reads: {', '.join(f'`{path}`' for path in control.reads)}",
        *at_the_door(control),
        *settings(control),
        f"- Asked for by: {'; '.join(grouped(control.references))}",
        f"- Proof: {counts} and {len(proof.not_applicable)} not applicable examples, such as:",
        *(f"  - {example.label}: `{example.says[0]}`" for example in proof.bad),
        "",
    ]
    return "\n".join(lines)


def subject(control: Control[Any]) -> str:
    """Name the resources a control judges."""
    if control.applies_to == WORKLOADS:
        return "every kind that runs containers, made or patched"
    tokens = ", ".join(f"`{token}`" for token in control.applies_to.tokens)
    return f"{tokens}{' with the whole stack in view' if control.applies_to.stack_wide else ''}"


def settings(control: Control[Any]) -> list[str]:
    """Say what the operator's policy configuration may set for it, with the defaults."""
    fields = control.parameters.model_fields.items() if control.parameters is not None else ()
    defaults = control.parameters().model_dump(mode="json") if control.parameters is not None else {}
    return [f"- Parameter `{name}` (`{json.dumps(defaults[name])}`): {field.description}" for name, field in fields]


def at_the_door(control: Control[Any]) -> list[str]:
    """Say of which objects a cluster holds the control too, or why it can't; nothing of what is no cluster's."""
    if control.not_at_the_door:
        return [f"- At the door of a cluster: not judged. {control.not_at_the_door}"]
    if not control.admits:
        return []
    workloads = {resource_of(token) for token in MADE}
    names = [f"`{name.strip('/')}`" for name in guarded(control) if name not in workloads]
    if workloads & set(guarded(control)):
        names.append("every kind that runs containers")
    left = f" Left to the plan: {control.only_in_a_plan}" if control.only_in_a_plan else ""
    return [f"- At the door of a cluster: {', '.join(names)}.{left}"]


def grouped(references: Iterable[Reference]) -> list[str]:
    """Write references with the clauses of one framework and relation together."""
    clauses: dict[tuple[str, str], list[str]] = {}
    for reference in references:
        clauses.setdefault((reference.framework, reference.relation), []).append(reference.clause)
    return [f"{framework} {', '.join(found)} ({relation})" for (framework, relation), found in clauses.items()]
