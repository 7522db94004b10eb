"""Pictures of every shape: drawn by hand, and drawn at random."""

from __future__ import annotations

from hypothesis import strategies as st

from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption
from falaj.graph.picture import Card, Flow, Frame, Grid, Look, Part, Picture

words = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=40)


def flow(
    number: int,
    source: str,
    sink: str,
    *,
    data_class: DataClass = DataClass.OPERATIONAL,
    encryption: Encryption = Encryption.TLS,
    purpose: str = "state of nodes and pods",
) -> Flow:
    """One flow between two cards."""
    declared = DataFlow(
        source=source,
        sink=sink,
        data_class=data_class,
        region="me-central-1",
        channel=Channel.HTTPS,
        port=443,
        encryption=encryption,
        purpose=purpose,
    )
    return Flow(number, source, sink, declared)


def numbered(pairs: list[tuple[str, str]], classes: list[DataClass], kinds: list[Encryption]) -> tuple[Flow, ...]:
    """Flows between these cards, those of one pair one after another."""
    return tuple(
        flow(number, source, sink, data_class=data_class, encryption=encryption)
        for number, ((source, sink), data_class, encryption) in enumerate(
            zip(sorted(pairs), classes, kinds, strict=False), 1
        )
    )


@st.composite
def cards(draw: st.DrawFn, prefix: str, most: int) -> list[Card]:
    """Cards with texts of any length."""
    grids = st.none() | st.builds(
        Grid,
        columns=st.just(("mec1-az1", "mec1-az2")),
        rows=st.lists(st.tuples(words, st.tuples(words, words)), max_size=2).map(tuple),
    )
    return [
        Card(
            key=f"{prefix}{number}",
            title=draw(words),
            look=draw(st.sampled_from(Look)),
            lines=tuple(draw(st.lists(words, max_size=3))),
            grid=draw(grids),
            protected=draw(st.integers(0, 3)),
            tooltip=draw(words),
        )
        for number in range(draw(st.integers(0, most)))
    ]


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    """Any picture: three columns, nested frames, lines between any two cards."""
    outside, inner, services = draw(cards("o", 4)), draw(cards("p", 6)), draw(cards("s", 4))
    keys = [card.key for card in (*outside, *inner, *services)]
    pairs = draw(st.lists(st.tuples(st.sampled_from(keys), st.sampled_from(keys)), max_size=25)) if keys else []
    classes = [draw(st.sampled_from(DataClass)) for _ in pairs]
    kinds = [draw(st.sampled_from(Encryption)) for _ in pairs]
    half = len(inner) // 2
    nested: tuple[Part, ...] = (*inner[:half], Frame(draw(words), Look.CLUSTER, tuple(inner[half:]), draw(words)))
    return Picture(
        title=draw(words),
        facts=(draw(words),),
        outside=Frame("Outside the region", Look.OUTSIDE, tuple(outside)),
        region=draw(words),
        platform=Frame(draw(words), Look.NETWORK, nested),
        services=Frame("Services of the region", Look.REGION, tuple(services)),
        flows=numbered(pairs, classes, kinds),
    )
