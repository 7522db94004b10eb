"""The provider without a cluster: what it completes, compares and refuses by itself, and what it only repeats."""

from __future__ import annotations

import importlib.metadata
import json

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2

from falaj.engine.kubernetes.values import UNKNOWN, Json, encode, reveal, secret
from tests.engine.kubernetes.plugin import Plugin, RefusedError, urn_of

NAMESPACE = "kubernetes:core/v1:Namespace"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET_KIND = "kubernetes:core/v1:Secret"
SERVICE = "kubernetes:core/v1:Service"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
NONE, SOME = provider_pb2.DiffResponse.DIFF_NONE, provider_pb2.DiffResponse.DIFF_SOME
AUTONAMED = {"pulumi.com/autonamed": "true"}


def checked(plugin: Plugin, token: str, name: str, news: dict[str, Json]) -> dict[str, Json]:
    inputs, failures = plugin.check(token, name, news)
    assert failures == {}
    return inputs


def test_it_greets_as_pulumis_plugins_do(offline: Plugin) -> None:
    stub = offline.stub
    assert stub.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address="127.0.0.1:1")).accept_secrets
    assert stub.Attach(plugin_pb2.PluginAttach(address="127.0.0.1:1")) == Empty()
    assert stub.GetPluginInfo(Empty()).version == importlib.metadata.version("pulumi-kubernetes")
    assert json.loads(stub.GetSchema(provider_pb2.GetSchemaRequest()).schema)["name"] == "kubernetes"
    configured = offline.configure(kubeconfig="/nowhere")
    assert configured.acceptSecrets
    assert configured.supportsPreview
    assert not configured.acceptOutputs


def test_configuring_contacts_nobody_and_settings_it_does_not_know_are_refused(provider: Plugin) -> None:
    answer = provider.stub.CheckConfig(provider_pb2.CheckRequest(news=encode({"renderYamlToDirectory": "out"})))
    assert [(failure.property, failure.reason) for failure in answer.failures] == [
        (
            "renderYamlToDirectory",
            "the embedded engine does not know renderYamlToDirectory; use the Pulumi CLI for it",
        )
    ]
    with pytest.raises(RefusedError) as refusal:
        provider.configure(renderYamlToDirectory="out")
    assert refusal.value.refusal.code == "FAL-K8S-009"


def test_old_style_configuration_variables_are_read(provider: Plugin) -> None:
    variables = {"kubernetes:config:kubeconfig": "/nowhere/kubeconfig"}
    with pytest.raises(grpc.RpcError) as refusal:
        provider.stub.Configure(provider_pb2.ConfigureRequest(variables=variables))
    assert str(refusal.value.details()).splitlines()[:2] == [
        "FAL-K8S-003  /nowhere/kubeconfig",
        "  The kubeconfig can't be used: Configuration file /nowhere/kubeconfig not found",
    ]


def test_an_unnamed_object_is_named_after_its_resource(offline: Plugin) -> None:
    inputs = checked(offline, NAMESPACE, "acme", {"metadata": {"labels": {"a": "b"}}})
    name = inputs["metadata"]["name"]
    assert name.startswith("acme-")
    assert len(name) == len("acme-") + 8
    assert inputs == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"labels": {"a": "b"}, "name": name, "annotations": AUTONAMED},
    }


def test_a_name_once_chosen_stays(offline: Plugin) -> None:
    olds = {"metadata": {"name": "acme-12345678", "annotations": AUTONAMED}}
    inputs, _ = offline.check(NAMESPACE, "acme", {}, olds)
    assert inputs["metadata"] == {"name": "acme-12345678", "annotations": AUTONAMED}


def test_a_given_or_unknown_name_is_left_alone(offline: Plugin) -> None:
    for name in ("mine", UNKNOWN):
        inputs = checked(offline, NAMESPACE, "acme", {"metadata": {"name": name}})
        assert inputs["metadata"] == {"name": name}


def test_a_generated_name_is_refused(offline: Plugin) -> None:
    _, failures = offline.check(NAMESPACE, "acme", {"metadata": {"generateName": "a-"}})
    assert failures == {
        "metadata.generateName": "is not known to server-side apply; leave it out and the object is named after the "
        "resource"
    }


def test_autonaming_is_the_engines_where_it_says_so(offline: Plugin) -> None:
    options = provider_pb2.CheckRequest.AutonamingOptions
    proposed = options(proposed_name="chosen", mode=options.PROPOSE)
    request = provider_pb2.CheckRequest(urn=urn_of(NAMESPACE, "a"), news=encode({}), autonaming=proposed)
    assert offline.stub.Check(request).inputs["metadata"]["name"] == "chosen"
    request.autonaming.CopyFrom(options(mode=options.DISABLE))
    (failure,) = offline.stub.Check(request).failures
    assert (failure.property, failure.reason) == (
        "metadata.name",
        "is required: autonaming is disabled for this resource",
    )


def test_a_namespaced_object_lies_in_the_providers_namespace(offline: Plugin) -> None:
    assert checked(offline, CONFIG_MAP, "a", {"metadata": {"name": "a"}})["metadata"]["namespace"] == "default"
    assert "namespace" not in checked(offline, NAMESPACE, "a", {"metadata": {"name": "a"}})["metadata"]
    offline.configure(kubeconfig="/nowhere", namespace="team")
    assert checked(offline, CONFIG_MAP, "a", {"metadata": {"name": "a"}})["metadata"]["namespace"] == "team"


def test_the_scope_of_a_custom_kind_is_learned_from_its_definition(offline: Plugin) -> None:
    definition = {
        "metadata": {"name": "wells.falaj.test"},
        "spec": {
            "group": "falaj.test",
            "scope": "Cluster",
            "names": {"kind": "Well", "plural": "wells"},
            "versions": [{"name": "v1", "served": True, "schema": {"openAPIV3Schema": {"type": "object"}}}],
        },
    }
    checked(offline, "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", "wells", definition)
    well = checked(offline, "kubernetes:falaj.test/v1:Well", "a", {"metadata": {"name": "a"}})
    assert well == {"apiVersion": "falaj.test/v1", "kind": "Well", "metadata": {"name": "a"}}


def test_the_texts_of_a_secret_become_secret_data(offline: Plugin) -> None:
    inputs = checked(offline, SECRET_KIND, "a", {"metadata": {"name": "a"}, "stringData": {"k": "v"}})
    assert inputs["data"] == secret({"k": "dg=="})
    assert "stringData" not in inputs


def test_secrets_of_other_kinds_stay_where_they_are(offline: Plugin) -> None:
    inputs = checked(offline, CONFIG_MAP, "a", {"metadata": {"name": "a"}, "data": {"k": secret("v"), "l": "w"}})
    assert inputs["data"] == {"k": secret("v"), "l": "w"}


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (
            "kubernetes:core/v1:NamespacePatch",
            (
                "the embedded engine does not know Patch resources (NamespacePatch); manage the whole object, "
                "or use the Pulumi CLI"
            ),
        ),
        (
            "kubernetes:core/v1:SecretList",
            "a list (SecretList) can't be created; write each object as a resource of its own",
        ),
    ],
)
def test_types_it_does_not_know_are_refused(offline: Plugin, token: str, reason: str) -> None:
    _, failures = offline.check(token, "a", {"kind": token.rsplit(":", 1)[1].removesuffix("Patch"), "metadata": {}})
    assert failures == {"": reason}


def test_functions_and_components_are_refused(offline: Plugin) -> None:
    with pytest.raises(grpc.RpcError) as refusal:
        offline.stub.Invoke(provider_pb2.InvokeRequest(tok="kubernetes:yaml:decode"))
    assert refusal.value.details() == (
        "FAL-K8S-030  kubernetes:yaml:decode\n"
        "  The embedded engine does not know the function kubernetes:yaml:decode.\n"
        "  Next: write the objects as resources, or use the Pulumi CLI for YAML, Helm and Kustomize."
    )
    with pytest.raises(grpc.RpcError, match="FAL-K8S-031"):
        offline.stub.Construct(provider_pb2.ConstructRequest(type="kubernetes:helm.sh/v4:Chart", name="a"))


def test_a_preview_without_a_cluster_repeats_the_inputs_and_leaves_the_rest_unknown(offline: Plugin) -> None:
    inputs = checked(offline, SERVICE, "a", {"metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}]}})
    made, outputs = offline.create(SERVICE, "a", inputs, preview=True)
    assert made == ""
    assert outputs == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "a", "namespace": "default", "uid": UNKNOWN},
        "spec": {"ports": [{"port": 80}], "clusterIP": UNKNOWN, "clusterIPs": UNKNOWN},
    }


def test_an_unknown_kubeconfig_repeats_the_inputs_too(provider: Plugin) -> None:
    provider.configure(kubeconfig=UNKNOWN)
    inputs = checked(provider, CONFIG_MAP, "a", {"metadata": {"name": "a"}, "data": {"k": "v"}})
    _, outputs = provider.create(CONFIG_MAP, "a", inputs, preview=True)
    assert outputs == {**inputs, "metadata": {**inputs["metadata"], "uid": UNKNOWN}}


def test_nothing_is_made_offline(offline: Plugin) -> None:
    inputs = checked(offline, CONFIG_MAP, "a", {"metadata": {"name": "a"}})
    with pytest.raises(RefusedError) as refusal:
        offline.create(CONFIG_MAP, "a", inputs)
    assert refusal.value.refusal.code == "FAL-K8S-008"
    assert refusal.value.refusal.facts["kind"] == "ConfigurationError"


def test_unchanged_inputs_are_the_same(offline: Plugin) -> None:
    inputs = checked(offline, DEPLOYMENT, "a", {"metadata": {"name": "a"}, "spec": {"replicas": 2}})
    answer = offline.diff(DEPLOYMENT, "a", "default/a", {"__inputs": inputs}, inputs)
    assert (answer.changes, list(answer.replaces), dict(answer.detailedDiff)) == (NONE, [], {})


def test_changed_inputs_are_told_by_their_exact_paths(offline: Plugin) -> None:
    head = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "namespace": "n"}}
    old = {**head, "spec": {"replicas": 2, "selector": {"matchLabels": {"a.b/c": "d"}}}}
    new = {**head, "spec": {"replicas": 3, "selector": {"matchLabels": {"a.b/c": "e"}}}}
    answer = offline.diff(DEPLOYMENT, "a", "n/a", {**head, "__inputs": old}, new)
    kinds = provider_pb2.PropertyDiff
    assert answer.changes == SOME
    assert {path: diff.kind for path, diff in answer.detailedDiff.items()} == {
        "spec.replicas": kinds.UPDATE,
        'spec.selector.matchLabels["a.b/c"]': kinds.UPDATE_REPLACE,
    }
    assert list(answer.replaces) == ['spec.selector.matchLabels["a.b/c"]']
    assert list(answer.diffs) == ["spec"]
    assert answer.deleteBeforeReplace


def test_a_replacement_under_another_name_comes_first(offline: Plugin) -> None:
    old = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a-1", "annotations": AUTONAMED}, "data": {}}
    new = {**old, "data": {"k": "v"}}
    answer = offline.diff(CONFIG_MAP, "a", "default/a-1", {**old, "__inputs": old}, new)
    assert list(answer.replaces) == ["data.k"]
    assert not answer.deleteBeforeReplace


def test_state_without_separate_inputs_is_compared_by_the_inputs_within_it(offline: Plugin) -> None:
    inputs = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": secret({"k": "v"})}
    request = provider_pb2.DiffRequest(
        urn=urn_of(SECRET_KIND, "a"), olds=encode({"__inputs": inputs}), news=encode({**inputs, "type": "Opaque"})
    )
    answer = offline.stub.Diff(request)
    assert list(answer.detailedDiff) == ["type"]


@pytest.mark.parametrize("token", [SECRET_KIND, CONFIG_MAP, SERVICE, NAMESPACE])
@pytest.mark.parametrize("name", ["metadata", "spec", "data", "stringData"])
def test_a_part_that_is_not_known_yet_is_a_change(offline: Plugin, token: str, name: str) -> None:
    inputs, failures = offline.check(token, "a", {"metadata": {"name": "a"}, name: UNKNOWN})
    assert failures == {}
    old = {**inputs, name: {"name": "a"}}
    answer = offline.diff(token, "a", "default/a", {**old, "__inputs": old}, inputs)
    assert answer.changes == SOME
    assert name in answer.detailedDiff
    outputs = offline.create(token, "a", inputs, preview=True)[1]
    assert reveal(outputs[name]) == UNKNOWN


def test_ignored_changes_do_not_count(offline: Plugin) -> None:
    old = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": {"replicas": 1}}
    new = {**old, "spec": {"replicas": 5}}
    answer = offline.diff(DEPLOYMENT, "a", "default/a", {**old, "__inputs": old}, new, ignoreChanges=["spec.replicas"])
    assert answer.changes == NONE


def test_a_moved_kubeconfig_of_the_same_cluster_replaces_nothing(offline: Plugin) -> None:
    request = provider_pb2.DiffRequest(
        olds=encode({"kubeconfig": "/a", "clusterIdentifier": "local"}),
        news=encode({"kubeconfig": "/b", "clusterIdentifier": "local"}),
    )
    answer = offline.stub.DiffConfig(request)
    assert (answer.changes, list(answer.diffs), list(answer.replaces)) == (SOME, ["kubeconfig"], [])


def test_an_annotation_that_can_not_be_read_is_refused_in_the_preview(offline: Plugin) -> None:
    annotations = {"pulumi.com/waitFor": "Ready"}
    inputs = checked(offline, CONFIG_MAP, "a", {"metadata": {"name": "a", "annotations": annotations}})
    with pytest.raises(RefusedError) as refusal:
        offline.create(CONFIG_MAP, "a", inputs, preview=True)
    assert refusal.value.refusal.code == "FAL-K8S-018"
