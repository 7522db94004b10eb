"""RES-022: a copy is of the class of what it copies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from falaj.catalog.data_flows import Channel, DataClass
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import component, data_flow, service
from policies.node import Node
from policies.outcomes import Outcome
from policies.resources import Plan
from policies.values import UNKNOWN
from policies.workloads.kinds import COMPONENTS

COPIES: Final = (Channel.COPY, Channel.BACKUP)
"""Channels that carry all that a store holds."""
GUARDED: Final = (DataClass.PERSONAL, DataClass.HEALTH, DataClass.FINANCIAL, DataClass.GOVERNMENT)
"""Classes that a law guards; none of them stands for another."""

CONTROL = Control(
    id="RES-022",
    title="A copy is of the class of what it copies",
    harm="A backup that is called harmless is let go to places where the data in it may not lie.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(COMPONENTS,), view=situated, stack_wide=True),
    reads=(
        "dataFlows[*].channel",
        "dataFlows[*].data_class",
        "dataFlows[*].source",
        "dataFlows[*].sink",
    ),
    remedy="Declare the copy's flow with the class of the data that flow into its source, and protect it as that.",
    note="Our own addition: it follows what components declare from store to copy and backup.",
)


@CONTROL.check
def is_called_what_it_holds(found: Situated) -> Iterator[Outcome]:
    """Find each copy or backup that is declared as less than what flows into its source."""
    for flow in found["dataFlows"].items():
        channel, source = flow["channel"], flow["source"]
        if not_known := [each.undecided for each in (channel, source) if not each.known]:
            yield from not_known
        elif channel.value in COPIES:
            yield from _is_one_of_those(flow["data_class"], _held_by(source.value, found.plan))


def _is_one_of_those(data_class: Node, held: frozenset[str]) -> Iterator[Outcome]:
    if held:
        yield from data_class.must(
            lambda value: value in held, " or ".join(sorted(map(str, held))) + ", as what is copied"
        )


def _held_by(store: object, plan: Plan) -> frozenset[str]:
    """The guarded classes of data that any component of the stack sends into a store."""
    held = plan.index(CONTROL.id, lambda: _guarded(plan))
    return frozenset(held.get(store, ()))


def _guarded(plan: Plan) -> dict[object, set[str]]:
    held: dict[object, set[str]] = {}
    for member in plan.resources:
        for flow in member["dataFlows"].items():
            carried = flow["data_class"].value
            if carried in GUARDED:
                held.setdefault(flow["sink"].value, set()).add(str(carried))
    return held


def _backup(**properties: object) -> dict[str, object]:
    return data_flow(
        **{"source": "store", "sink": "vault", "channel": "backup", "data_class": "financial"} | properties
    )


INTO_THE_STORE = data_flow(sink="store", channel="object", data_class="financial")
AS_COPIED = "expected financial, as what is copied"
CONTROL.good("a backup called what it holds", component([INTO_THE_STORE, _backup()]))
CONTROL.good("a store of nothing that a law guards", component([_backup(data_class="internal")]))
CONTROL.good(
    "states of a store that holds more",
    component([INTO_THE_STORE, _backup(channel="metrics", data_class="operational")]),
)
CONTROL.good(
    "two classes in one store, copied as one of them",
    component([INTO_THE_STORE, _backup(channel="copy")]),
    component([INTO_THE_STORE | {"data_class": "personal"}], token="falaj:index:LocalCluster"),  # noqa: S106 - a type token
)
CONTROL.bad(
    "a backup called internal",
    component([INTO_THE_STORE, _backup(data_class="internal")]),
    finding=f"dataFlows[1].data_class: found internal, {AS_COPIED}",
)
CONTROL.bad(
    "a backup called as the least of what its source holds",
    component([INTO_THE_STORE | {"data_class": "internal"}, INTO_THE_STORE, _backup(data_class="internal")]),
    finding=f"dataFlows[2].data_class: found internal, {AS_COPIED}",
)
CONTROL.bad(
    "a copy called operational, of what another component stores",
    component([_backup(channel="copy", data_class="operational")]),
    component([INTO_THE_STORE], token="falaj:index:LocalCluster"),  # noqa: S106 - a type token
    finding=f"dataFlows[0].data_class: found operational, {AS_COPIED}",
)
CONTROL.unknown(
    "a source made elsewhere", component([INTO_THE_STORE, _backup(source=UNKNOWN)]), at="dataFlows[1].source"
)
CONTROL.unknown("a channel made elsewhere", component([_backup(channel=UNKNOWN)]), at="dataFlows[0].channel")
CONTROL.unknown(
    "a class made elsewhere", component([INTO_THE_STORE, _backup(data_class=UNKNOWN)]), at="dataFlows[1].data_class"
)
CONTROL.not_applicable("a Service belongs to a component", service())
