from __future__ import annotations

import pytest

from falaj.engine.kubernetes.client import ApiClient
from falaj.engine.kubernetes.configuration import Settings, load
from falaj.engine.kubernetes.errors import ApiError, refused
from falaj.errors import ClusterError
from tests.engine.kubernetes import fake_api
from tests.engine.kubernetes.fake_api import Answer, FakeApi, status


def test_an_apply_names_its_manager_and_refuses_unknown_fields(api: FakeApi, client: ApiClient) -> None:
    api.answers = lambda asked: Answer(body=asked.body, headers={"Warning": '299 - "spec.x is \\"old\\""'})
    applied = client.apply("/api/v1/x", {"a": 1}, manager="me", force=False, dry_run=True)
    assert applied.live == {"a": 1}
    assert applied.warnings == ('spec.x is "old"',)
    (asked,) = api.asked
    assert (asked.method, asked.path) == ("PATCH", "/api/v1/x")
    assert asked.query == {"fieldManager": "me", "force": "false", "fieldValidation": "Strict", "dryRun": "All"}


def test_a_busy_server_is_asked_again(api: FakeApi, client: ApiClient) -> None:
    answers = [status(429, "slow down", "TooManyRequests"), status(503, "soon", "Unavailable"), Answer(body={"a": 1})]
    api.answers = lambda _: answers.pop(0)
    assert client.get("/x") == {"a": 1}


def test_a_refusal_carries_its_reasons(api: FakeApi, client: ApiClient) -> None:
    cause = {"field": "spec.a", "reason": "FieldValueInvalid", "message": "must be blue"}
    api.answers = lambda _: status(422, "all of it", "Invalid", causes=[cause])
    with pytest.raises(ApiError) as refusal:
        client.get("/x")
    assert str(refused("urn", "Pod a/b", refusal.value)) == (
        "FAL-K8S-016  urn\n"
        "  Pod a/b was refused by the API server.\n"
        "  spec.a: must be blue\n"
        "  Next: correct the field named above in the program."
    )


def test_a_conflict_names_the_other_manager(api: FakeApi, client: ApiClient) -> None:
    cause = {"field": ".spec.replicas", "reason": "FieldManagerConflict", "message": 'conflict with "autoscaler"'}
    api.answers = lambda _: status(409, "conflict", "Conflict", causes=[cause])
    with pytest.raises(ApiError) as refusal:
        client.get("/x")
    assert str(refused("urn", "Deployment a/b", refusal.value)) == (
        "FAL-K8S-017  urn\n"
        "  Deployment a/b: fields of this program are managed by somebody else.\n"
        '  .spec.replicas: conflict with "autoscaler"\n'
        "  Next: leave these fields out of the program (or name them in ignore_changes), or annotate the object with "
        'pulumi.com/patchForce: "true" to take them over.'
    )


def test_refused_credentials_are_told_with_the_server(api: FakeApi, client: ApiClient) -> None:
    api.answers = lambda _: status(401, "Unauthorized", "Unauthorized")
    with pytest.raises(ClusterError) as refusal:
        client.get("/x")
    assert refusal.value.code == "FAL-K8S-002"
    assert refusal.value.where == client.server


def test_what_is_no_api_server_is_told(api: FakeApi, client: ApiClient) -> None:
    api.answers = lambda _: Answer(body="<html>")
    with pytest.raises(ClusterError, match="what answers there is not a Kubernetes API server"):
        client.get("/x")


def test_a_dead_server_is_told_with_the_way_out(api: FakeApi) -> None:
    text = api.kubeconfig.read_text()
    port = text.split("127.0.0.1:")[1].split()[0]
    dead = ApiClient(load(Settings(kubeconfig=text.replace(f":{port}", ":1"))))
    with pytest.raises(ClusterError) as refusal:
        dead.get("/x")
    dead.close()
    assert refusal.value.code == "FAL-K8S-001"
    assert refusal.value.where == "https://127.0.0.1:1"
    assert "falaj cluster up" in refusal.value.hint


def test_a_server_with_another_certificate_is_not_spoken_to(
    api: FakeApi, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with fake_api.serving(tmp_path_factory.mktemp("other")) as other:
        port = other.kubeconfig.read_text().split("127.0.0.1:")[1].split()[0]
        mine = api.kubeconfig.read_text()
        my_port = mine.split("127.0.0.1:")[1].split()[0]
        mixed = ApiClient(load(Settings(kubeconfig=mine.replace(f":{my_port}", f":{port}"))))
        with pytest.raises(ClusterError, match="certificate verify failed"):
            mixed.get("/x")
        mixed.close()
        assert other.asked == []
