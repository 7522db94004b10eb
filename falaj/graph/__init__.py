"""The topology picture of a stack, drawn from its plan: network, cluster, workloads, services, the data between them.

The picture is one SVG file with real text, without scripts or references, in the reader's light or dark.
"""

from __future__ import annotations

from falaj.graph.picture import Picture
from falaj.graph.reading import picture_of
from falaj.graph.svg import svg

__all__ = ["Picture", "picture_of", "svg"]
