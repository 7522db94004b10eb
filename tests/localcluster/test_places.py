from __future__ import annotations

from pathlib import Path

import pytest

from falaj.errors import ConfigurationError
from falaj.localcluster.places import Places, cache_directory


def test_everything_of_a_cluster_carries_its_name() -> None:
    places = Places("falaj")

    assert places.data == Path("/var/lib/falaj/clusters/falaj")
    assert places.kubeconfig == Path("/run/falaj/falaj/kubeconfig")
    assert places.namespace_file == Path("/run/netns/falaj-falaj")
    assert places.control_group == "falaj-falaj"


def test_the_node_with_gpus_lies_inside_its_cluster_and_is_nobody_elses() -> None:
    places = Places("falaj").gpu_node

    assert places.node == "falaj-gpu"
    assert places.data == Path("/var/lib/falaj/clusters/falaj/gpu-node")
    assert places.run == Path("/run/falaj/falaj/gpu-node")
    assert places.logs == Path("/var/lib/falaj/clusters/falaj/logs/gpu-node")
    assert places.control_group == "falaj-falaj/gpu-node"
    assert places.namespace_file == Path("/run/netns/falaj-falaj.gpu-node")
    shared = ("keys", "kubeconfig")
    assert [getattr(places, name) for name in shared] == [getattr(Places("falaj"), name) for name in shared]
    with pytest.raises(ConfigurationError, match=r"found 'falaj\.gpu-node'"):
        Places("falaj.gpu-node")


@pytest.mark.parametrize("name", ["", "Falaj", "1st", "a" * 21, "../falaj", "a b", "falaj\n"])
def test_a_name_that_could_not_be_a_directory_or_a_node_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Places(name)

    assert str(refused.value) == (
        "FAL-CLU-001  cluster name\n"
        f"  A cluster is called by 1 to 20 of a-z, 0-9 and -, a letter first; found {name!r}.\n"
        "  Next: choose another name, for example falaj"
    )


def test_the_longest_name_leaves_room_for_the_socket_that_containerd_makes_beside_its_own() -> None:
    socket = Places("a" * 20).gpu_node.containerd_socket.with_suffix(".sock.ttrpc")

    assert len(str(socket)) < 108


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FALAJ_CACHE", str(tmp_path))

    assert cache_directory() == tmp_path
