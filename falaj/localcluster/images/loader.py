"""Puts built images into the containerd of every node, so that pods and image volumes find them by digest."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from falaj.errors import ImageError
from falaj.localcluster import state
from falaj.localcluster.images.lock import Lock
from falaj.localcluster.places import Places
from falaj.localcluster.progress import Progress, Silent
from falaj.localcluster.run import run

MANAGED_LABEL = "io.cri-containerd.image=managed"
KNOWN_SECONDS = 20.0


def load(
    cluster: str, lock: Lock, names: Sequence[str] | None = None, *, progress: Progress | None = None
) -> list[str]:
    """Import the images that a node does not have yet, all of the lock or those named, and say which they were.

    Each can then be used as ``name@sha256:...`` with ``imagePullPolicy: Never``. Refuses a cluster that does not run,
    a name that is not in the lock and an archive that is gone from the cache.
    """
    chosen = lock if names is None else lock.only(name.partition("@")[0] for name in names)
    places = Places(cluster)
    account = state.read(places)
    if account is None or not state.supervisor_is_alive(places):
        raise ImageError(
            "The cluster is not running.", code="FAL-IMG-016", where=f"cluster {cluster}", hint="run: falaj cluster up"
        )
    said = progress or Silent()
    running = [node for node in (places, places.gpu_node) if state.supervisor_is_alive(node)]
    ctr = Path(account.binaries)
    # Unpacking on one node keeps the disk busy while the other's keeps a processor busy.
    with ThreadPoolExecutor(len(running)) as beside:
        loaded = set[str]().union(*beside.map(lambda node: import_all(node, ctr, chosen, said), running))
    return [name for name in chosen.images if name in loaded]


def import_all(places: Places, binaries: Path, lock: Lock, progress: Progress) -> list[str]:
    """Import every image of the lock that containerd, which must be serving, does not have under its digest."""
    ctr: list[str | Path] = [binaries / "ctr", "--address", places.containerd_socket, "--namespace", "k8s.io", "images"]
    present = set(run([*ctr, "list", "--quiet"]).split())
    missing = [name for name in lock.images if lock.reference(name) not in present]
    for position, name in enumerate(missing):
        progress.step(f"loading image {name}", position, len(missing), None)
        _import_one(ctr, name, lock)
    for name in missing:
        _await_known([*ctr, "list", f"name=={lock.reference(name)}"], lock.reference(name))
    return missing


def _import_one(ctr: list[str | Path], name: str, lock: Lock) -> None:
    archive = lock.find(name).archive
    if not archive.exists():
        raise ImageError(
            f"Its archive {archive} is gone.", code="FAL-IMG-017", where=f"image {name}", hint="run: falaj images build"
        )
    run([*ctr, "import", archive], error=ImageError, code="FAL-IMG-018")
    run([*ctr, "tag", "--force", f"{name}:latest", lock.reference(name)], error=ImageError, code="FAL-IMG-018")


def _await_known(listing: list[str | Path], reference: str) -> None:
    """Kubernetes sees an image a moment after containerd has it; a pod made in between would wait for ten seconds."""
    deadline = time.monotonic() + KNOWN_SECONDS
    while MANAGED_LABEL not in run(listing):
        if time.monotonic() > deadline:
            raise ImageError(
                f"containerd did not make it known to Kubernetes within {KNOWN_SECONDS:.0f} s.",
                code="FAL-IMG-019",
                where=f"image {reference}",
                hint="see `falaj cluster logs containerd`",
            )
        time.sleep(0.05)
