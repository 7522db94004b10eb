"""Takes a cluster down without a trace."""

from __future__ import annotations

import contextlib
import shutil

from falaj.localcluster import control_groups, mount_view, network
from falaj.localcluster.locks import lock
from falaj.localcluster.places import CLUSTERS, DEFAULT_NAME, RUN, Places
from falaj.localcluster.progress import Progress, Silent


def down(name: str = DEFAULT_NAME, *, progress: Progress | None = None) -> None:
    """Remove the cluster and all that was in it; does nothing where there is none.

    Nothing of it is kept, so nothing of it is asked to stop: its processes are killed, and its mounts go with them.
    """
    places = Places(name)
    (progress or Silent()).step(f"removing cluster {name}", None, None, None)
    with lock(f"cluster-{name}"):
        control_groups.kill(places.control_group)
        control_groups.remove(places.control_group)
        network.remove(places)
        for directory in (places.run, places.data):
            mount_view.unmount_below(directory)
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(directory)
        mount_view.forget()
        for directory in (RUN, CLUSTERS, CLUSTERS.parent):
            with contextlib.suppress(OSError):  # other clusters are still in it
                directory.rmdir()
