from __future__ import annotations

import pytest
from pydantic import ValidationError

from components.model_store.flows import model_store_flows
from components.model_store.spec import ModelStoreSpec, model_store_name
from tests.components.locked_storage.samples import aws, azure


def test_its_name_is_known_before_it_exists() -> None:
    assert model_store_name(ModelStoreSpec(**aws(), immutable_days=30)) == "aws-me-central-1-prod-models-ab0fb4e4"
    assert model_store_name(ModelStoreSpec(**azure(), immutable_days=30)) == "azureuaenorthproec431313"


def test_old_versions_stay_at_least_as_long_as_the_lock() -> None:
    assert ModelStoreSpec(**aws(), immutable_days=30).storage.old_versions_days == 365
    assert ModelStoreSpec(**aws(), immutable_days=1827).storage.old_versions_days == 1827


def test_a_misspelt_field_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="imutable_days"):
        ModelStoreSpec.model_validate({**aws(), "immutable_days": 30, "imutable_days": 30})


def test_every_flow_stays_in_the_country_with_its_key() -> None:
    spec = ModelStoreSpec(**azure(), immutable_days=30, copy_to_pair=True)

    assert [(flow.source, flow.sink, flow.region, flow.key) for flow in model_store_flows(spec)] == [
        ("model-publishers", "model-store", "uaenorth", "model_store"),
        ("model-store", "nodes", "uaenorth", "model_store"),
        ("model-store", "audit-trail", "uaenorth", "audit"),
        ("model-store", "model-store-uaecentral", "uaecentral", "model_store"),
    ]
    at_home = ModelStoreSpec(**azure(), immutable_days=30)
    assert {flow.region for flow in model_store_flows(at_home)} == {"uaenorth"}
