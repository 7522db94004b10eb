"""The vendored definitions, registered as resources."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pulumi

from components.custom_object import CustomObject

GATEWAY_API = "gateway.networking.k8s.io"
CERT_MANAGER = "cert-manager.io"


class Definitions(pulumi.ComponentResource):
    """The CustomResourceDefinitions of one API group, from components/gateway/crds.

    Makes one resource per vendored file of the group. Refuses a group that has no file. The SDK's own class for them is
    passed over: checking schemas against its types takes half a second of every preview.
    """

    definitions: tuple[CustomObject, ...]
    """What objects of the group have to depend on."""

    def __init__(self, name: str, group: str, *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("falaj:index:Definitions", name, {"dataFlows": [], "controls": []}, opts)
        folder = resources.files("components.gateway.crds")
        files = sorted(
            (file for file in folder.iterdir() if file.name.startswith(f"{group}_")), key=lambda file: file.name
        )
        if not files:
            raise ValueError(f"no definitions are vendored for the group {group}")

        self.definitions = tuple(self._register(json.loads(file.read_text(encoding="utf-8"))) for file in files)
        self.register_outputs({"group": group})

    def _register(self, definition: dict[str, Any]) -> CustomObject:
        return CustomObject(
            definition["metadata"]["name"],
            definition["apiVersion"],
            definition["kind"],
            metadata=definition["metadata"],
            spec=definition["spec"],
            opts=pulumi.ResourceOptions(parent=self),
        )
