"""A new version of a model takes over while every request is answered."""

from __future__ import annotations

import time

import pytest

from tests.end_to_end.callers import Caller, GrpcCaller, RestCaller, asking, assert_all_answered
from tests.end_to_end.conftest import Workspace

pytestmark = [pytest.mark.cluster, pytest.mark.slow]


def endpoints(model: str) -> dict[str, object]:
    return {"iris": {"model": f"falaj.local/models/{model}", "data_class": "public", "replicas": 2}}


def test_a_new_model_version_rolls_with_every_request_answered(environment: Workspace) -> None:
    environment.write_tenant("rolling", endpoints=endpoints("iris"))
    outputs = environment.up("rolling")["outputs"]
    way = (outputs["endpoints"]["iris"], outputs["certificate_authority"])
    callers: list[Caller] = [RestCaller(*way), RestCaller(*way), RestCaller(*way), GrpcCaller(*way)]
    try:
        with asking(callers):
            environment.write_tenant("rolling", endpoints=endpoints("iris-next"))
            rolled = environment.up("rolling")
            time.sleep(15)  # the last old pod drains after the new ones are ready
    finally:
        environment.destroy("rolling")

    assert_all_answered(callers)
    assert rolled["summary"].get("replace", 0) == 0
    for caller in callers:
        assert caller.versions[0] == "1"
        assert caller.versions[-1] == "2"
