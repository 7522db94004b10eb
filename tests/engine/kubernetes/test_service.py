"""The provider on an API server that says what a real one can hardly be made to say."""

from __future__ import annotations

from collections.abc import Callable
from concurrent import futures

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2

from falaj.engine.kubernetes.values import Json
from tests.engine.kubernetes import plugin
from tests.engine.kubernetes.fake_api import Answer, Asked, FakeApi, status
from tests.engine.kubernetes.plugin import Plugin, RefusedError

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
NONE, SOME = provider_pb2.DiffResponse.DIFF_NONE, provider_pb2.DiffResponse.DIFF_SOME
INPUTS: dict[str, Json] = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "a", "namespace": "default"},
    "data": {"k": "v"},
}
MISSING = status(404, 'configmaps "a" not found', "NotFound", kind="configmaps", name="a")


def live(uid: str, manager: str = "somebody") -> dict[str, Json]:
    metadata = {**INPUTS["metadata"], "uid": uid, "managedFields": [{"manager": manager}]}
    return {**INPUTS, "metadata": metadata, "__inputs": INPUTS}


def storing(api: FakeApi, stored: dict[str, dict[str, Json]]) -> None:
    """Make the fake keep objects by their path."""

    def answers(asked: Asked) -> Answer:
        if asked.method == "GET":
            return Answer(body=stored[asked.path]) if asked.path in stored else MISSING
        made = {**asked.body, "metadata": {**asked.body["metadata"], "uid": "new"}}
        if "dryRun" not in asked.query:
            stored[asked.path] = made
        return Answer(body=made)

    api.answers = answers


def test_an_object_of_somebody_else_is_not_taken_over(connected: Plugin, api: FakeApi) -> None:
    storing(api, {"/api/v1/namespaces/default/configmaps/a": live("1")})
    for preview in (True, False):
        with pytest.raises(RefusedError) as refusal:
            connected.create(CONFIG_MAP, "a", INPUTS, preview=preview)
        assert refusal.value.refusal.text == (
            "FAL-K8S-011  urn:pulumi:test::falaj::kubernetes:core/v1:ConfigMap::a\n"
            "  ConfigMap default/a already exists in the cluster, made by somebody, and this stack's state does not "
            "know it.\n"
            '  Next: delete it, choose another name, or annotate it with pulumi.com/patchForce: "true" to take it over.'
        )
    assert api.of("PATCH") == []


def test_an_object_being_deleted_is_waited_for_by_the_user(connected: Plugin, api: FakeApi) -> None:
    going = live("1")
    going["metadata"] = {**going["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}
    storing(api, {"/api/v1/namespaces/default/configmaps/a": going})
    with pytest.raises(RefusedError, match="ConfigMap default/a still exists and is being deleted"):
        connected.create(CONFIG_MAP, "a", INPUTS)


def test_the_annotation_takes_an_object_over(connected: Plugin, api: FakeApi) -> None:
    storing(api, {"/api/v1/namespaces/default/configmaps/a": live("1")})
    metadata = {**INPUTS["metadata"], "annotations": {"pulumi.com/patchForce": "true"}}
    made, _ = connected.create(CONFIG_MAP, "a", {**INPUTS, "metadata": metadata})
    assert made == "default/a"
    assert [asked.query["force"] for asked in api.of("PATCH")] == ["true"]


def test_what_an_interrupted_run_of_ours_made_is_taken_up_again(connected: Plugin, api: FakeApi) -> None:
    stored: dict[str, dict[str, Json]] = {}
    storing(api, stored)
    _, outputs = connected.create(CONFIG_MAP, "a", INPUTS)
    (path,) = stored
    stored[path]["metadata"]["managedFields"] = [{"manager": outputs["__fieldManager"]}]
    assert connected.create(CONFIG_MAP, "a", INPUTS)[0] == "default/a"


def test_an_object_the_state_knows_is_not_taken_for_a_new_one(connected: Plugin, api: FakeApi) -> None:
    stored: dict[str, dict[str, Json]] = {}
    storing(api, stored)
    _, outputs = connected.create(CONFIG_MAP, "a", INPUTS)
    (path,) = stored
    stored[path]["metadata"]["managedFields"] = [{"manager": outputs["__fieldManager"]}]
    connected.diff(CONFIG_MAP, "a", "default/a", outputs, INPUTS)
    with pytest.raises(RefusedError, match="FAL-K8S-011"):
        connected.create(CONFIG_MAP, "a", INPUTS)


def test_an_unchanged_state_costs_one_request(connected: Plugin, api: FakeApi) -> None:
    storing(api, {"/api/v1/namespaces/default/configmaps/a": live("1")})
    for _ in range(3):
        assert connected.diff(CONFIG_MAP, "a", "default/a", live("1"), INPUTS).changes == NONE
    assert [asked.path for asked in api.asked] == ["/api", "/apis", "/api/v1/namespaces/default/configmaps/a"]


def test_objects_of_a_cluster_made_anew_are_made_again(connected: Plugin, api: FakeApi) -> None:
    storing(api, {})
    for name in ("a", "b"):
        answer = connected.diff(CONFIG_MAP, name, f"default/{name}", live("1"), INPUTS)
        assert (answer.changes, list(answer.detailedDiff), list(answer.replaces)) == (SOME, ["metadata.uid"], [])
    outputs = connected.update(CONFIG_MAP, "a", "default/a", live("1"), INPUTS)
    assert outputs["metadata"]["uid"] == "new"


def test_a_reconfigured_provider_keeps_its_connection_and_forgets_its_plan(connected: Plugin, api: FakeApi) -> None:
    storing(api, {})
    connected.create(CONFIG_MAP, "a", INPUTS, preview=True)
    connected.configure(kubeconfig=str(api.kubeconfig))
    connected.create(CONFIG_MAP, "a", INPUTS)
    assert [asked.path for asked in api.asked].count("/apis") == 1


def test_fields_applied_before_by_the_client_are_ours(connected: Plugin, api: FakeApi) -> None:
    message = 'conflict with "pulumi-kubernetes" using v1'
    cause = {"field": ".data.k", "reason": "FieldManagerConflict", "message": message}

    def answers(asked: Asked) -> Answer:
        if asked.query["force"] == "false":
            return status(409, "conflict", "Conflict", causes=[cause])
        return Answer(body=asked.body)

    api.answers = answers
    outputs = connected.update(CONFIG_MAP, "a", "default/a", live("1"), {**INPUTS, "data": {"k": "w"}})
    assert outputs["data"] == {"k": "w"}


def test_a_conflict_changes_nothing(connected: Plugin, api: FakeApi) -> None:
    cause = {"field": ".data.k", "reason": "FieldManagerConflict", "message": 'conflict with "helm" using v1'}
    api.answers = lambda _: status(409, "conflict", "Conflict", causes=[cause])
    with pytest.raises(RefusedError, match='conflict with "helm"'):
        connected.update(CONFIG_MAP, "a", "default/a", live("1"), {**INPUTS, "data": {"k": "w"}})
    assert len(api.of("PATCH")) == 1


def test_ignored_fields_are_applied_as_they_live(connected: Plugin, api: FakeApi) -> None:
    storing(api, {"/api/v1/namespaces/default/configmaps/a": {**live("1"), "data": {"k": "by hand"}}})
    news = {**INPUTS, "data": {"k": "v", "l": "w"}}
    connected.update(CONFIG_MAP, "a", "default/a", live("1"), news, ignoreChanges=["data.k"])
    (asked,) = api.of("PATCH")
    assert asked.body["data"] == {"k": "by hand", "l": "w"}


def test_a_former_field_manager_gives_up_its_fields(connected: Plugin, api: FakeApi) -> None:
    storing(api, {})
    old = {**live("1"), "__fieldManager": "before"}
    metadata = {**INPUTS["metadata"], "annotations": {"pulumi.com/patchFieldManager": "after"}}
    outputs = connected.update(CONFIG_MAP, "a", "default/a", old, {**INPUTS, "metadata": metadata})
    assert outputs["__fieldManager"] == "after"
    applied = [(asked.query["fieldManager"], sorted(asked.body)) for asked in api.of("PATCH")]
    assert applied == [
        ("after", ["apiVersion", "data", "kind", "metadata"]),
        ("before", ["apiVersion", "kind", "metadata"]),
    ]


def test_secret_texts_do_not_show_in_refusals(connected: Plugin, api: FakeApi) -> None:
    def answers(asked: Asked) -> Answer:
        if asked.method == "GET":
            return MISSING
        cause = {"field": "data", "reason": "FieldValueInvalid", "message": f"bad value {asked.body['data']['k']}"}
        return status(422, "invalid", "Invalid", causes=[cause])

    api.answers = answers
    token = "kubernetes:core/v1:Secret"
    inputs, _ = connected.check(token, "s", {"metadata": {"name": "s"}, "stringData": {"k": "hunter22"}})
    with pytest.raises(RefusedError) as refusal:
        connected.create(token, "s", inputs, preview=True)
    assert "data: bad value [secret]" in refusal.value.refusal.text


def test_a_refused_reading_is_an_error_without_a_traceback(connected: Plugin, api: FakeApi) -> None:
    api.answers = lambda _: status(403, 'configmaps is forbidden: User "u" cannot get', "Forbidden")
    with pytest.raises(RefusedError) as refusal:
        connected.read(CONFIG_MAP, "a", "default/a")
    assert refusal.value.refusal.code == "FAL-K8S-015"


def test_warnings_and_progress_reach_the_engine(api: FakeApi) -> None:
    logged: list[tuple[str, bool]] = []
    storing(api, {})
    plain: Callable[[Asked], Answer] = api.answers
    api.answers = lambda asked: Answer(
        plain(asked).status, plain(asked).body, {"Warning": '299 - "kind is old"'} if asked.method == "PATCH" else {}
    )

    class Engine(engine_pb2_grpc.EngineServicer):
        def Log(self, request: engine_pb2.LogRequest, context: grpc.ServicerContext) -> Empty:  # noqa: ARG002, N802 - gRPC
            logged.append((request.message, request.ephemeral))
            return Empty()

    server = grpc.server(futures.ThreadPoolExecutor(2))
    engine_pb2_grpc.add_EngineServicer_to_server(Engine(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with plugin.serving(f"127.0.0.1:{port}") as served:
        served.configure(kubeconfig=str(api.kubeconfig))
        served.create(CONFIG_MAP, "a", INPUTS, preview=True)
    server.stop(None).wait()
    assert logged == [("kind is old", False)]


def test_a_wait_ends_when_the_engine_cancels(connected: Plugin, api: FakeApi) -> None:
    storing(api, {})
    inputs = {**INPUTS, "metadata": {**INPUTS["metadata"], "annotations": {"pulumi.com/waitFor": "condition=Ready"}}}
    with futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(connected.create, CONFIG_MAP, "a", inputs)
        while not any(asked.path.endswith("/events") for asked in api.asked):
            pass
        connected.stub.Cancel(Empty())
        with pytest.raises(RefusedError) as refusal:
            waiting.result(timeout=30)
    assert refusal.value.refusal.partial is not None
    assert list(refusal.value.refusal.partial.reasons) == ["cancelled while waiting: condition Ready is not there yet"]
    assert refusal.value.refusal.partial.id == "default/a"


def test_a_cancellation_ends_with_the_run_it_was_for(connected: Plugin, api: FakeApi) -> None:
    connected.stub.Cancel(Empty())
    connected.configure(kubeconfig=str(api.kubeconfig))
    storing(api, {})
    inputs = {**INPUTS, "metadata": {**INPUTS["metadata"], "annotations": {"pulumi.com/waitFor": "condition=Ready"}}}
    with futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(connected.create, CONFIG_MAP, "a", inputs)
        while not any(asked.path.endswith("/events") for asked in api.asked):
            pass
        with pytest.raises(futures.TimeoutError):
            waiting.result(timeout=1)
        connected.stub.Cancel(Empty())
        with pytest.raises(RefusedError):
            waiting.result(timeout=30)
