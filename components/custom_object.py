"""An object of a custom kind whose metadata and status the program can read; the SDK's own class leaves both out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

if TYPE_CHECKING:
    from collections.abc import Mapping


class CustomObject(pulumi.CustomResource):
    """One object of a custom kind, made from its spec, or read where `opts.id` is given."""

    name: pulumi.Output[str]
    """Its name in the cluster."""
    status: pulumi.Output[Any]
    """What its controller says of it; unknown until it has been made."""

    def __init__(
        self,
        name: str,
        api_version: str,
        kind: str,
        *,
        metadata: Mapping[str, Any] | None = None,
        spec: Mapping[str, Any] | None = None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        properties = {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec, "status": None}
        super().__init__(f"kubernetes:{api_version}:{kind}", name, properties, opts)
        self.name = self._metadata().apply(lambda known: str(known["name"]))

    def _metadata(self) -> pulumi.Output[Mapping[str, Any]]:
        metadata: pulumi.Output[Mapping[str, Any]] = pulumi.get(self, "metadata")
        return metadata
