"""The movements of data in a stack: what components declare, and what a resource's own settings would carry away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from falaj.catalog.data_flows import Channel
from policies.evaluator import Result, Verdict
from policies.node import MalformedError, Node
from policies.outcomes import Finding
from policies.resources import Resource
from policies.values import UNKNOWN
from policies.workloads.kinds import COMPONENTS

RESIDENCY: Final = "RES-"
"""How the ids of controls begin that judge where data lies."""
FLOWS: Final = ("RES-021", "RES-022")
"""The controls that judge declared flows; their findings are about edges that are here already."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One movement of data. A value that is not known yet is None, and no edge with one is proven."""

    source: str
    sink: str
    channel: str | None
    data_class: str | None
    region: str | None
    encryption: str | None
    global_service: str | None
    key: str | None
    purpose: str
    urn: str
    """The resource that declares it, or whose setting makes it."""
    at: str
    """Where in that resource."""
    finding: Finding | None = None
    """For a movement that a setting makes: what its control says of it."""
    control: str = FLOWS[0]
    """Id of the control that judges it."""
    waived: bool = False
    """Whether a reviewed waiver lets that finding be."""

    @property
    def known(self) -> bool:
        """Whether everything that the proof hangs on is known."""
        needed = (self.source, self.sink, self.channel, self.data_class, self.region, self.encryption)
        return self.finding is not None or all(value is not None for value in needed)


def declared(resources: Sequence[Resource]) -> Iterator[Edge]:
    """Yield what the components say they move, in the order of the stack."""
    for component in resources:
        if component.type.startswith(COMPONENTS.removesuffix("*")):
            for flow in _flows(component):
                yield _edge(component, flow)


def made_by_settings(results: Sequence[Result]) -> Iterator[Edge]:
    """Yield the movements out of the country that controls of residency found in resources' own settings."""
    for result in results:
        if result.verdict not in (Verdict.FAIL, Verdict.WAIVED) or not result.control.id.startswith(RESIDENCY):
            continue
        for finding in result.findings if result.control.id not in FLOWS else ():
            urn = finding.urn or result.urn
            yield Edge(
                source=urn.split("::", 3)[-1],
                sink=finding.found,
                channel=None,
                data_class=None,
                region=None,
                encryption=None,
                global_service=None,
                key=None,
                purpose=result.control.title,
                urn=urn,
                at=str(finding.at),
                finding=finding,
                control=result.control.id,
                waived=result.verdict is Verdict.WAIVED,
            )


def order_of(channel: str | None) -> int:
    """Return where on its way data takes a channel: requests first, then stores, copies, backups, logs, people."""
    return _WAY.index(channel) if channel in _WAY else len(_WAY)


_WAY: Final = (
    Channel.HTTPS,
    Channel.HTTP,
    Channel.GRPC,
    Channel.DNS,
    Channel.IMAGE_VOLUME,
    Channel.IMAGE_PULL,
    Channel.OBJECT,
    Channel.COPY,
    Channel.BACKUP,
    Channel.LOG,
    Channel.METRICS,
    Channel.TELEMETRY,
    Channel.CONTROL,
    Channel.IDENTITY,
)


def _flows(component: Resource) -> Iterator[Node]:
    try:
        yield from component["dataFlows"].items()
    except MalformedError:
        return


def _edge(component: Resource, flow: Node) -> Edge:
    def text(name: str) -> str | None:
        value = flow[name].value
        return None if value is UNKNOWN or value is None else str(value)

    return Edge(
        source=text("source") or "not known yet",
        sink=text("sink") or "not known yet",
        channel=text("channel"),
        data_class=text("data_class"),
        region=text("region"),
        encryption=text("encryption"),
        global_service=text("global_service"),
        key=text("key"),
        purpose=text("purpose") or "",
        urn=component.urn,
        at=str(flow.path),
    )
