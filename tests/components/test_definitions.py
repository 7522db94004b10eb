from __future__ import annotations

import json

import pytest

from components.gateway.crds.vendor import CERTIFICATE_KINDS, GATEWAY_KINDS, HERE, without_descriptions


def test_there_is_a_file_for_every_kind_and_none_besides() -> None:
    expected = {f"gateway.networking.k8s.io_{kind}.json" for kind in GATEWAY_KINDS}
    expected |= {f"cert-manager.io_{kind}.json" for kind in CERTIFICATE_KINDS}

    assert {file.name for file in HERE.glob("*.json")} == expected


@pytest.mark.parametrize("file", sorted(HERE.glob("*.json")), ids=lambda file: file.stem)
def test_a_definition_carries_no_text_the_server_ignores(file: object) -> None:
    definition = json.loads((HERE / str(file)).read_text(encoding="utf-8"))

    assert definition["kind"] == "CustomResourceDefinition"
    assert definition == without_descriptions(definition)
    assert "status" not in definition


@pytest.mark.parametrize("kind", ["clusterissuers", "issuers"])
def test_an_issuer_is_one_that_our_controller_serves(kind: str) -> None:
    definition = json.loads((HERE / f"cert-manager.io_{kind}.json").read_text(encoding="utf-8"))

    (version,) = definition["spec"]["versions"]
    properties = version["schema"]["openAPIV3Schema"]["properties"]
    assert sorted(properties["spec"]["properties"]) == ["ca", "selfSigned"]


def test_a_property_named_description_stays() -> None:
    schema = {
        "description": "text",
        "properties": {
            "description": {"type": "string", "description": "text"},
            "properties": {"properties": {"description": {"description": "text", "type": "string"}}},
        },
        "items": [{"description": "text", "type": "object"}],
    }

    assert without_descriptions(schema) == {
        "properties": {
            "description": {"type": "string"},
            "properties": {"properties": {"description": {"type": "string"}}},
        },
        "items": [{"type": "object"}],
    }
