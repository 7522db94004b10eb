"""What a topology picture shows: frames in frames, cards in them, and the flows of data between the cards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from falaj.catalog.data_flows import DataClass, DataFlow, Encryption


class Look(StrEnum):
    """What a frame or card is, which decides its colours."""

    OUTSIDE = "outside"
    """Not in the region."""
    ABROAD = "abroad"
    """Not in the country."""
    REGION = "region"
    """The region itself."""
    NETWORK = "network"
    """The private network and its parts."""
    CLUSTER = "cluster"
    """The cluster, its API server and machines."""
    WORKLOAD = "workload"
    """What runs in the cluster."""
    SERVICE = "service"
    """A service of the cloud beside the cluster."""


class Column(StrEnum):
    """Where a card stands."""

    OUTSIDE = "outside"
    """Left: beyond the region."""
    PLATFORM = "platform"
    """In the middle: network, cluster, workloads."""
    SERVICES = "services"
    """Right: the region's services."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells by row and column, such as subnets by role and zone."""

    columns: tuple[str, ...]
    """Headings of the columns."""
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    """Heading and cells of each row."""


@dataclass(frozen=True, slots=True)
class Card:
    """One thing that data come from or go to."""

    key: str
    """Its name in this picture."""
    title: str
    """What it is."""
    look: Look
    """Its colours."""
    lines: tuple[str, ...] = ()
    """What else to know."""
    grid: Grid | None = None
    """Cells below the lines."""
    protected: int = 0
    """How many of its resources are protected."""
    tooltip: str = ""
    """What it is made of, for who points at it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What holds cards and other frames. Refuses nothing; an empty one is drawn as its title alone."""

    title: str
    """What it is."""
    look: Look
    """Its colours."""
    parts: tuple[Part, ...] = ()
    """What lies in it, from top to bottom."""
    note: str = ""
    """One line below the title."""

    def cards(self) -> Iterator[Card]:
        """Yield every card in it, from top to bottom."""
        for part in self.parts:
            if isinstance(part, Card):
                yield part
            else:
                yield from part.cards()


Part: TypeAlias = Card | Frame


@dataclass(frozen=True, slots=True)
class Flow:
    """One declared flow between two cards."""

    number: int
    """Its line in the table."""
    source: str
    """Key of the card it comes from."""
    sink: str
    """Key of the card it goes to."""
    declared: DataFlow
    """What the component declared."""
    leaves: bool = False
    """Whether it ends in another region than the stack's."""


SENSITIVITY = (
    DataClass.GOVERNMENT,
    DataClass.HEALTH,
    DataClass.FINANCIAL,
    DataClass.PERSONAL,
    DataClass.INTERNAL,
    DataClass.OPERATIONAL,
    DataClass.PUBLIC,
)
"""Data classes, the most sensitive first."""

WEAKNESS = (
    Encryption.NONE,
    Encryption.CLUSTER_NETWORK,
    Encryption.NODE,
    Encryption.TLS,
    Encryption.MUTUAL_TLS,
)
"""Protections on the way, the weakest first."""


@dataclass(frozen=True, slots=True)
class Edge:
    """Every flow from one card to another, drawn as one line."""

    source: str
    """Key of the card they come from."""
    sink: str
    """Key of the card they go to."""
    flows: tuple[Flow, ...]
    """The flows; their numbers follow one another."""

    @property
    def label(self) -> str:
        """The numbers of its flows, the first and the last of several."""
        first, last = self.flows[0].number, self.flows[-1].number
        return str(first) if first == last else f"{first}-{last}"

    @property
    def data_class(self) -> DataClass:
        """The most sensitive class that moves."""
        return min((flow.declared.data_class for flow in self.flows), key=SENSITIVITY.index)

    @property
    def encryption(self) -> Encryption:
        """The weakest protection of any of them."""
        return min((flow.declared.encryption for flow in self.flows), key=WEAKNESS.index)


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole picture."""

    title: str
    """The stack."""
    facts: tuple[str, ...]
    """What is true of the whole plan."""
    outside: Frame
    """The left column."""
    region: str
    """Title of the frame around the other two columns."""
    platform: Frame
    """The middle column."""
    services: Frame
    """The right column."""
    flows: tuple[Flow, ...]
    """Every declared flow, numbered from 1, those between the same two cards one after another."""

    def frames(self) -> tuple[Frame, ...]:
        """Return the columns, from left to right."""
        return (self.outside, self.platform, self.services)

    def edges(self) -> tuple[Edge, ...]:
        """Return the lines: flows between two cards, gathered."""
        pairs: dict[tuple[str, str], list[Flow]] = {}
        for flow in self.flows:
            pairs.setdefault((flow.source, flow.sink), []).append(flow)
        return tuple(Edge(source, sink, tuple(flows)) for (source, sink), flows in pairs.items())

    def column_of(self) -> dict[str, Column]:
        """Return where each card stands, by its key."""
        return {card.key: column for column, frame in zip(Column, self.frames(), strict=True) for card in frame.cards()}
