"""When somebody is told."""

from __future__ import annotations

from dataclasses import dataclass

from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption


@dataclass(frozen=True, slots=True)
class Threshold:
    """A share of the budget, of what was spent or of what the month is going to cost."""

    percent: int
    forecast: bool

    @property
    def name(self) -> str:
        """How it is called where it needs a name."""
        return f"{'forecast' if self.forecast else 'spent'}-{self.percent}"


THRESHOLDS = (Threshold(80, forecast=False), Threshold(100, forecast=True), Threshold(100, forecast=False))
"""Early enough to look, when the month is going to be too dear, and when it is."""


def costs_known(sink: str, region: str, global_service: str) -> DataFlow:
    """Return the flow of costs, which every cloud adds up in one place for all its regions."""
    return DataFlow(
        source="account",
        sink=sink,
        data_class=DataClass.OPERATIONAL,
        region=region,
        global_service=global_service,
        channel=Channel.TELEMETRY,
        port=443,
        encryption=Encryption.TLS,
        purpose="what was used and what it cost, tags, and who is told; no content, and no region can be chosen",
    )
