from __future__ import annotations

import base64
from pathlib import Path

import pytest
import yaml

from falaj.engine.kubernetes.configuration import Settings, differences, failures, load
from falaj.engine.kubernetes.values import UNKNOWN, Json, secret
from falaj.errors import ConfigurationError


def kubeconfig(server: str = "https://10.0.0.1:6443", authority: str = "one", **cluster: Json) -> str:
    encoded = base64.b64encode(authority.encode()).decode()
    return yaml.safe_dump(
        {
            "clusters": [
                {"name": "c", "cluster": {"server": server, "certificate-authority-data": encoded, **cluster}}
            ],
            "users": [{"name": "u", "user": {"token": "t"}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "team"}}],
            "current-context": "x",
        }
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "kubeconfig"
    file.write_text(kubeconfig())
    return file


def test_settings_are_read_as_the_sdk_sends_them() -> None:
    settings = Settings.parse({"kubeconfig": secret("/a"), "context": "x", "enablePatchForce": "true", "version": "4"})
    assert settings == Settings(kubeconfig="/a", context="x", patch_force=True)


def test_an_unknown_kubeconfig_is_noted() -> None:
    assert Settings.parse({"kubeconfig": UNKNOWN}).unknown
    assert Settings.parse({"kubeconfig": secret(UNKNOWN)}).unknown


def test_what_the_embedded_engine_does_not_know_is_named() -> None:
    assert failures({"renderYamlToDirectory": "out", "enableServerSideApply": "false"}) == {
        "renderYamlToDirectory": "the embedded engine does not know renderYamlToDirectory; use the Pulumi CLI for it",
        "enableServerSideApply": "the embedded engine applies on the server only; leave it true",
    }
    assert failures({"enableServerSideApply": "true", "renderYamlToDirectory": ""}) == {}


def test_a_kubeconfig_is_a_path_or_a_content(path: Path) -> None:
    for given in (str(path), kubeconfig()):
        found = load(Settings(kubeconfig=given))
        assert (found.cluster.server, found.namespace) == ("https://10.0.0.1:6443", "team")


def test_a_missing_kubeconfig_is_told_with_the_way_out() -> None:
    with pytest.raises(ConfigurationError) as refusal:
        load(Settings(kubeconfig="/nowhere/kubeconfig"))
    assert str(refusal.value) == (
        "FAL-K8S-003  /nowhere/kubeconfig\n"
        "  The kubeconfig can't be used: Configuration file /nowhere/kubeconfig not found\n"
        "  Next: name a kubeconfig that exists (`falaj cluster kubeconfig` prints the local one) "
        "and a context that is in it."
    )


def test_a_missing_context_is_told(path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Context 'nowhere' not found"):
        load(Settings(kubeconfig=str(path), context="nowhere"))


@pytest.mark.parametrize("content", ["{", "{}", "a\n- b", "clusters: 3\n"])
def test_a_damaged_kubeconfig_is_told_without_its_content(content: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        load(Settings(kubeconfig=f"{content}\n"))
    assert refusal.value.code == "FAL-K8S-003"
    assert refusal.value.where == "kubeconfig given as content"


@pytest.mark.parametrize(
    "content",
    [
        kubeconfig("http://10.0.0.1:8080"),
        kubeconfig("https://10.0.0.1:6443", "one", **{"insecure-skip-tls-verify": True}),
    ],
)
def test_nothing_is_sent_without_verified_tls(content: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        load(Settings(kubeconfig=content))
    assert refusal.value.code == "FAL-K8S-005"


def test_the_same_cluster_under_another_path_is_the_same_cluster(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text(path.read_text())
    assert differences({"kubeconfig": str(path)}, {"kubeconfig": str(other)}) == (["kubeconfig"], [])


def test_another_server_or_authority_is_another_cluster() -> None:
    old = {"kubeconfig": kubeconfig()}
    assert differences(old, {"kubeconfig": kubeconfig("https://10.0.0.2:6443")}) == (["kubeconfig"], ["kubeconfig"])
    assert differences(old, {"kubeconfig": kubeconfig(authority="two")}) == (["kubeconfig"], ["kubeconfig"])


def test_an_identifier_decides_where_there_is_one() -> None:
    old = {"kubeconfig": kubeconfig(), "clusterIdentifier": "a"}
    moved = {"kubeconfig": kubeconfig("https://10.0.0.2:6443"), "clusterIdentifier": "a"}
    assert differences(old, moved) == (["kubeconfig"], [])
    assert differences(old, {**old, "clusterIdentifier": "b"}) == (["clusterIdentifier"], ["clusterIdentifier"])


def test_an_unknown_kubeconfig_may_lead_anywhere() -> None:
    assert differences({"kubeconfig": kubeconfig()}, {"kubeconfig": UNKNOWN}) == (["kubeconfig"], ["kubeconfig"])


def test_nothing_differs_from_itself_and_the_sdk_version_does_not_count() -> None:
    assert differences({"kubeconfig": "/a", "version": "1"}, {"kubeconfig": "/a", "version": "2"}) == ([], [])
