from __future__ import annotations

import threading
from pathlib import Path

import pytest

from falaj.errors import MachineError
from falaj.localcluster import binaries, go_toolchain
from falaj.localcluster.binaries import Estimate
from falaj.localcluster.go_toolchain import GoToolchain
from falaj.localcluster.locks import lock
from falaj.localcluster.pins import COREDNS, PAUSE
from falaj.localcluster.progress import Silent

# Does what `go list` and `go build` do as far as the builder sees it, and counts its builds.
GO = """\
#!/bin/sh
if [ "$1" = list ]; then printf 'a\\nb\\nc\\nd\\n'; exit; fi
echo build >> "$GOROOT/builds"
if [ -f "$GOROOT/fail" ]; then cat "$GOROOT/fail" >&2; exit 1; fi
printf 'a\\nb\\n' >&2
while [ "$1" != -o ]; do shift; done
destination=$2; shift 2
for package in "$@"; do echo "$package" > "$destination/$(basename "$package")"; done
"""


class Recorder:
    """Keeps the steps it is told."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, float | None, float | None]] = []
        self.left: list[float | None] = []

    def step(self, title: str, done: float | None, total: float | None, seconds_left: float | None) -> None:
        self.steps.append((title, done, total))
        self.left.append(seconds_left)


@pytest.fixture
def go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    root = tmp_path / "go"
    (root / "bin").mkdir(parents=True)
    (root / "VERSION").write_text("go1.27.0\ntime 2026-08-11T16:25:02Z\n")
    (root / "bin" / "go").write_text(GO)
    (root / "bin" / "go").chmod(0o755)
    monkeypatch.setenv("FALAJ_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(go_toolchain, "find", lambda: GoToolchain(root))
    return root


def builds(go: Path) -> int:
    return len((go / "builds").read_text().splitlines()) if (go / "builds").exists() else 0


def test_every_binary_lies_in_the_folder_that_is_returned(go: Path) -> None:
    folder = binaries.build(Silent(), (PAUSE, COREDNS))

    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        "pause": "falaj.dev/localcluster/pause\n",
        "coredns": "falaj.dev/localcluster/coredns\n",
    }
    assert builds(go) == 2


def test_what_is_built_is_not_built_again_and_needs_no_step(go: Path) -> None:
    first = binaries.build(Silent(), (PAUSE,))
    recorder = Recorder()

    assert binaries.build(recorder, (PAUSE,)) == first
    assert builds(go) == 1
    assert recorder.steps == []


def test_a_build_of_more_modules_builds_only_those_it_lacks(go: Path) -> None:
    binaries.build(Silent(), (PAUSE,))
    binaries.build(Silent(), (PAUSE, COREDNS))

    assert builds(go) == 2


@pytest.mark.usefixtures("go")
def test_progress_goes_from_nothing_to_the_whole_and_never_back() -> None:
    recorder = Recorder()
    binaries.build(recorder, (PAUSE, COREDNS))

    done = [step[1] or 0.0 for step in recorder.steps]
    assert list(recorder.steps[0]) == ["building pause", 0, PAUSE.seconds + COREDNS.seconds]
    assert done == sorted(done)
    assert min(left or 0.0 for left in recorder.left) >= 0


@pytest.mark.usefixtures("go")
def test_a_build_that_was_killed_leaves_nothing_that_looks_finished() -> None:
    finished = binaries.expected((PAUSE,))[1]
    half = finished.with_name(finished.name + binaries.UNFINISHED)
    half.mkdir(parents=True)
    (half / "pause").write_text("half a binary")

    folder = binaries.build(Silent(), (PAUSE,))

    assert (folder / "pause").read_text() == "falaj.dev/localcluster/pause\n"
    assert not half.exists()


@pytest.mark.parametrize(
    "reason",
    [
        'Get "https://proxy.example/fast": dial tcp: lookup proxy.example: no such host',
        "verifying module: checksum mismatch",
        "reading https://proxy.example/fast: 404 Not Found",
    ],
)
def test_a_module_that_can_not_be_fetched_is_named_with_what_to_do(go: Path, reason: str) -> None:
    (go / "fail").write_text(f"go: downloading example.com/fast v1.2.3\nexample.com/fast@v1.2.3: {reason}\n")

    with pytest.raises(MachineError) as refused:
        binaries.build(Silent(), (PAUSE,))

    assert str(refused.value) == (
        "FAL-BLD-002  module example.com/fast@v1.2.3\n"
        f"  Go could not fetch it: {reason}\n"
        "  Next: check the network and GOPROXY (`go env GOPROXY`), then run the same command again: "
        "what is fetched and compiled is kept"
    )
    assert not binaries.expected((PAUSE,))[0].exists()


def test_a_machine_whose_go_may_not_fetch_is_told_which_module_it_lacks(go: Path) -> None:
    (go / "fail").write_text("go: downloading example.com/fast v1.2.3\nmodule lookup disabled by GOPROXY=off\n")

    with pytest.raises(MachineError) as refused:
        binaries.build(Silent(), (PAUSE,))

    assert refused.value.where == "module example.com/fast@v1.2.3"
    assert refused.value.message == "Go could not fetch it: module lookup disabled by GOPROXY=off"


def test_a_failure_to_compile_shows_what_go_said(go: Path) -> None:
    (go / "fail").write_text("# falaj.dev/localcluster/pause\n./main.go:3:1: no space left on device\n")

    with pytest.raises(MachineError) as refused:
        binaries.build(Silent(), (PAUSE,))

    assert refused.value.code == "FAL-BLD-003"
    assert "./main.go:3:1: no space left on device" in refused.value.message


def test_two_builds_at_once_are_one_build(go: Path) -> None:
    recorder = Recorder()
    with lock("build"):
        second = threading.Thread(target=binaries.build, args=(recorder, (PAUSE,)))
        second.start()
        while not recorder.steps:
            assert second.is_alive()
        unfinished = binaries.expected((PAUSE,))[1]
        unfinished.mkdir(parents=True)
        (unfinished / "pause").write_text("from the first")
    second.join()

    assert recorder.steps == [("waiting for another build to finish", None, None)]
    assert builds(go) == 0


def test_time_left_follows_the_table_first_and_the_machine_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("falaj.localcluster.binaries.time.monotonic", lambda: now)
    estimate = Estimate((COREDNS, PAUSE))
    assert estimate.seconds_left(0) == COREDNS.seconds + PAUSE.seconds

    now += COREDNS.seconds * 3  # three times as slow as the machine of the table
    estimate.done = COREDNS.seconds

    assert estimate.seconds_left(0) == pytest.approx(PAUSE.seconds * 3)
