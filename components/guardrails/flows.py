"""What a cloud learns from its guardrails."""

from __future__ import annotations

from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption


def rules_kept(sink: str, region: str, global_service: str) -> DataFlow:
    """Return the flow of the rules themselves to where the cloud keeps them for all its regions."""
    return DataFlow(
        source="platform-team",
        sink=sink,
        data_class=DataClass.OPERATIONAL,
        region=region,
        global_service=global_service,
        channel=Channel.CONTROL,
        port=443,
        encryption=Encryption.TLS,
        purpose="text of the rules: names of regions, sizes and accounts, no content",
    )
