"""The picture's colours, in the light and in the dark; each text on each ground at least 4.5 to 1.

The hues of data classes are Okabe and Ito's, which colour-blind readers tell apart, darkened or lightened for contrast.
"""

from __future__ import annotations

from dataclasses import dataclass

from falaj.catalog.data_flows import DataClass, Encryption
from falaj.graph.picture import Look


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours for one ground."""

    paper: str
    """The ground of it all."""
    ink: str
    """Titles and text."""
    muted: str
    """Remarks."""
    rule: str
    """Lines of the table."""
    fills: dict[Look, str]
    """Grounds of frames and cards."""
    card: str
    """Ground of every card."""
    strokes: dict[Look, str]
    """Edges of frames and cards."""
    data: dict[DataClass, str]
    """Lines, by the data that move."""
    on_data: str
    """Text on a line's colour."""


LIGHT = Palette(
    paper="#ffffff",
    ink="#16202a",
    muted="#4d5a66",
    rule="#d5dbe1",
    fills={
        Look.OUTSIDE: "#f4f4f2",
        Look.ABROAD: "#fbeeea",
        Look.REGION: "#f5f9fc",
        Look.NETWORK: "#eaf3f8",
        Look.CLUSTER: "#e2eef4",
        Look.WORKLOAD: "#eef4e8",
        Look.SERVICE: "#f3eff8",
    },
    card="#ffffff",
    strokes={
        Look.OUTSIDE: "#8a8f94",
        Look.ABROAD: "#b3261e",
        Look.REGION: "#2f6f93",
        Look.NETWORK: "#4a8db0",
        Look.CLUSTER: "#3c7f8f",
        Look.WORKLOAD: "#6d8f4e",
        Look.SERVICE: "#7d6aa3",
    },
    data={
        DataClass.GOVERNMENT: "#5b2a86",
        DataClass.HEALTH: "#9c2f5f",
        DataClass.FINANCIAL: "#9a4a00",
        DataClass.PERSONAL: "#a8321e",
        DataClass.INTERNAL: "#00598f",
        DataClass.OPERATIONAL: "#00664a",
        DataClass.PUBLIC: "#525b63",
    },
    on_data="#ffffff",
)

DARK = Palette(
    paper="#0f1419",
    ink="#e8edf2",
    muted="#a9b4bf",
    rule="#343d46",
    fills={
        Look.OUTSIDE: "#171b1f",
        Look.ABROAD: "#2a1715",
        Look.REGION: "#111a21",
        Look.NETWORK: "#13212b",
        Look.CLUSTER: "#162833",
        Look.WORKLOAD: "#1a2518",
        Look.SERVICE: "#1e1a29",
    },
    card="#1a2129",
    strokes={
        Look.OUTSIDE: "#7b838b",
        Look.ABROAD: "#f0857a",
        Look.REGION: "#5a9dc2",
        Look.NETWORK: "#4a86a6",
        Look.CLUSTER: "#4f98a8",
        Look.WORKLOAD: "#86a866",
        Look.SERVICE: "#9a87c2",
    },
    data={
        DataClass.GOVERNMENT: "#c9a2f0",
        DataClass.HEALTH: "#f0a3c4",
        DataClass.FINANCIAL: "#f0b168",
        DataClass.PERSONAL: "#f59a86",
        DataClass.INTERNAL: "#7cc4f2",
        DataClass.OPERATIONAL: "#6fd3ae",
        DataClass.PUBLIC: "#b9c2ca",
    },
    on_data="#0f1419",
)

DASHES = {
    Encryption.TLS: "",
    Encryption.MUTUAL_TLS: "",
    Encryption.CLUSTER_NETWORK: "6 3",
    Encryption.NODE: "6 3",
    Encryption.NONE: "1 4",
}
"""How a line is broken, by what protects the data on their way: whole for TLS."""
