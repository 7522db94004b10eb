from __future__ import annotations

from pathlib import Path

import pytest

from falaj.localcluster import binaries, go_toolchain, places, state
from falaj.localcluster.caches import trim
from falaj.localcluster.images import Lock, LockedImage
from falaj.localcluster.images.builder import archives
from falaj.localcluster.pins import CLUSTER_MODULES


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("FALAJ_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(places, "CLUSTERS", tmp_path / "clusters")
    return tmp_path / "cache"


def fill(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * 4096)
    return path


def test_what_a_pin_or_a_lock_needs_is_kept_and_the_rest_goes(tmp_path: Path) -> None:
    current = fill(binaries.expected(CLUSTER_MODULES)[1] / "pause")
    old = fill(binaries.binary_cache() / "kubernetes-0000" / "kubelet")
    locked, unlocked = fill(archives() / "locked.tar"), fill(archives() / "unlocked.tar")
    compiled = fill(go_toolchain.build_cache() / "00" / "package")
    lock = tmp_path / "images.json"
    Lock({"falaj.local/locked": LockedImage(digest=f"sha256:{'0' * 64}", archive=locked)}).write(lock)

    freed = trim([lock])

    assert freed == 3 * 4096
    assert [path.exists() for path in (current, locked, old, unlocked, compiled)] == [True, True, False, False, False]


def test_compiled_packages_can_be_kept() -> None:
    compiled = fill(go_toolchain.build_cache() / "00" / "package")

    assert trim(compiled=False) == 0
    assert compiled.exists()


def test_what_a_running_cluster_uses_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(places, "RUN", tmp_path / "run")
    used = fill(binaries.binary_cache() / "kubernetes-old" / "kubelet")
    folder = binaries.binary_cache() / "all-old"
    folder.mkdir()
    (folder / "kubelet").symlink_to(used)
    (tmp_path / "clusters" / "mine").mkdir(parents=True)
    (tmp_path / "run" / "mine").mkdir(parents=True)
    account = state.SupervisorState(pid=1, started=0, binaries=str(folder), fingerprint="", components=())
    state.write(places.Places("mine"), account)

    assert trim() == 0
    assert used.exists()
