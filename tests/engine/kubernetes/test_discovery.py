from __future__ import annotations

from typing import Any

import pytest

from falaj.engine.kubernetes.client import ApiClient
from falaj.engine.kubernetes.discovery import Discovery, Kind
from falaj.engine.kubernetes.errors import UnknownKindError
from falaj.engine.kubernetes.plan import Plan
from falaj.errors import ClusterError
from tests.engine.kubernetes.fake_api import Answer, FakeApi

WELLS: dict[str, Any] = {
    "spec": {
        "group": "falaj.test",
        "scope": "Cluster",
        "names": {"kind": "Well", "plural": "wells"},
        "versions": [{"name": "v1", "served": True}, {"name": "v0", "served": False}],
    }
}


def test_two_requests_find_every_kind(api: FakeApi, client: ApiClient) -> None:
    found = Discovery(client)
    assert found.find("apps/v1", "Deployment") == Kind("apps/v1", "Deployment", "deployments", namespaced=True)
    assert found.find("v1", "Namespace") == Kind("v1", "Namespace", "namespaces", namespaced=False)
    assert [asked.path for asked in api.asked] == ["/api", "/apis"]


def test_a_missing_kind_is_looked_for_again(api: FakeApi, client: ApiClient) -> None:
    found = Discovery(client)
    found.find("v1", "Secret")
    with pytest.raises(UnknownKindError, match=r"the API server serves no Well in falaj\.test/v1"):
        found.find("falaj.test/v1", "Well")
    assert len(api.asked) == 4


def test_a_definition_just_made_is_known_without_asking(api: FakeApi, client: ApiClient) -> None:
    found = Discovery(client)
    found.learn(WELLS)
    assert found.find("falaj.test/v1", "Well").path(name="a") == "/apis/falaj.test/v1/wells/a"
    assert api.asked == []
    found.forget(WELLS)
    with pytest.raises(UnknownKindError):
        found.find("falaj.test/v1", "Well")


def test_a_server_without_aggregated_discovery_is_too_old(
    client: ApiClient, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "answer", lambda _: Answer(body={"kind": "APIVersions"}))
    with pytest.raises(ClusterError, match="The API server has no aggregated discovery: /api is a APIVersions"):
        Discovery(client).find("v1", "Secret")


def test_paths_are_quoted() -> None:
    kind = Kind("rbac.authorization.k8s.io/v1", "Role", "roles", namespaced=True)
    path = "/apis/rbac.authorization.k8s.io/v1/namespaces/a/roles/system%3Acontroller%2Fx"
    assert kind.path("a", "system:controller/x") == path


def test_the_plan_knows_kinds_and_namespaces_to_come() -> None:
    plan = Plan()
    assert plan.defines("falaj.test/v1", "Well") is None
    plan.will_define(WELLS)
    assert plan.defines("falaj.test/v1", "Well") == Kind("falaj.test/v1", "Well", "wells", namespaced=False)
    assert plan.defines("falaj.test/v0", "Well") is None
    assert not plan.makes_namespace("acme", 0)
    plan.will_make_namespace("acme")
    assert plan.makes_namespace("acme", 0)
