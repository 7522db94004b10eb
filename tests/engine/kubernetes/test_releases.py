"""Releases of Helm charts: previewed and compared without a cluster, and never installed."""

from __future__ import annotations

from typing import Any

import pulumi_kubernetes as kubernetes
import pytest
from pulumi.runtime.proto import provider_pb2

from falaj.engine.kubernetes.releases import INPUTS, is_release
from falaj.engine.kubernetes.values import UNKNOWN, encode
from tests.engine.kubernetes.plugin import Plugin, RefusedError, urn_of

RELEASE = "kubernetes:helm.sh/v3:Release"
ID = "gpu-operator/gpu-operator"
GIVEN: dict[str, Any] = {
    "chart": "oci://registry.example.ae/charts/gpu-operator",
    "version": "v26.3.3",
    "name": "gpu-operator",
    "namespace": "gpu-operator",
    "skipCrds": True,
    "values": {"driver": {"enabled": False}, "daemonsets": {"tolerations": [{"key": "a"}]}},
}
REFUSAL = (
    "FAL-K8S-032  operator\n"
    "  The embedded engine previews Helm releases and installs none.\n"
    "  Next: deploy this stack with the Pulumi CLI, whose provider brings Helm: pulumi up -s STACK"
)


def diff(plugin: Plugin, news: dict[str, Any], *ignored: str) -> provider_pb2.DiffResponse:
    request = provider_pb2.DiffRequest(
        id=ID,
        urn=urn_of(RELEASE, "operator"),
        olds=encode({**GIVEN, "status": {"revision": 3}}),
        old_inputs=encode(GIVEN),
        news=encode(news),
        ignoreChanges=ignored,
    )
    found: provider_pb2.DiffResponse = plugin.stub.Diff(request)
    return found


def test_a_release_is_previewed_with_what_it_is_given(offline: Plugin) -> None:
    inputs, failures = offline.check(RELEASE, "operator", GIVEN)

    assert (inputs, failures) == (GIVEN, {})
    assert offline.create(RELEASE, "operator", inputs, preview=True) == ("", {**GIVEN, "status": UNKNOWN})


def test_what_is_not_known_yet_stays_unknown(offline: Plugin) -> None:
    unknown = {**GIVEN, "chart": UNKNOWN, "values": {"driver": UNKNOWN}}

    assert offline.check(RELEASE, "operator", unknown) == (unknown, {})
    assert offline.create(RELEASE, "operator", unknown, preview=True)[1] == {**unknown, "status": UNKNOWN}


@pytest.mark.parametrize(
    ("given", "failures"),
    [
        ({**GIVEN, "vallues": {}}, {"vallues": "is no property of a release"}),
        ({"name": "gpu-operator"}, {"chart": "is required"}),
        ({**GIVEN, "chart": ""}, {"chart": "is required"}),
    ],
)
def test_a_release_without_a_chart_and_misspelt_properties_are_refused(
    offline: Plugin, given: dict[str, Any], failures: dict[str, str]
) -> None:
    assert offline.check(RELEASE, "operator", given)[1] == failures


def test_what_a_release_may_be_given_is_what_the_sdk_gives() -> None:
    getters = [each.fget for each in vars(kubernetes.helm.v3.ReleaseArgs).values() if isinstance(each, property)]

    assert {vars(getter)["_pulumi_name"] for getter in getters} == INPUTS


def test_a_release_that_is_given_the_same_is_left_alone(offline: Plugin) -> None:
    assert diff(offline, GIVEN).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_other_values_change_a_release_in_place(offline: Plugin) -> None:
    found = diff(offline, {**GIVEN, "version": "v26.7.0", "values": {**GIVEN["values"], "driver": {"enabled": True}}})

    assert sorted(found.detailedDiff) == ["values.driver.enabled", "version"]
    assert list(found.replaces) == []


@pytest.mark.parametrize("part", ["name", "namespace"])
def test_another_name_is_another_release(offline: Plugin, part: str) -> None:
    assert list(diff(offline, {**GIVEN, part: "other"}).replaces) == [part]


def test_what_is_to_be_ignored_is(offline: Plugin) -> None:
    found = diff(offline, {**GIVEN, "version": "v26.7.0"}, "version")

    assert found.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_an_update_is_previewed(offline: Plugin) -> None:
    found = offline.update(RELEASE, "operator", ID, {"__inputs": GIVEN}, GIVEN, preview=True)

    assert found == {**GIVEN, "status": UNKNOWN}


def test_nothing_is_installed_changed_or_removed(offline: Plugin) -> None:
    for act in (
        lambda: offline.create(RELEASE, "operator", GIVEN),
        lambda: offline.update(RELEASE, "operator", ID, {"__inputs": GIVEN}, GIVEN),
        lambda: offline.delete(RELEASE, "operator", ID, GIVEN),
    ):
        with pytest.raises(RefusedError) as refused:
            act()
        assert refused.value.refusal.text == REFUSAL


def test_a_release_that_pulumi_installed_is_left_as_its_state_says(provider: Plugin) -> None:
    request = provider_pb2.ReadRequest(
        id=ID,
        urn=urn_of(RELEASE, "operator"),
        properties=encode({**GIVEN, "status": {"revision": 3}}),
        inputs=encode(GIVEN),
    )

    found = provider.stub.Read(request)
    assert (found.id, found.properties, found.inputs) == (request.id, request.properties, request.inputs)


def test_only_releases_are_releases() -> None:
    assert is_release(urn_of(RELEASE, "operator"))
    assert not is_release(urn_of("kubernetes:apps/v1:Deployment", "release"))
