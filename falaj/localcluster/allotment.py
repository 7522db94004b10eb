"""Which subnets belong to which cluster, on disk."""

from __future__ import annotations

import json
from pathlib import Path

from falaj.errors import ClusterError
from falaj.localcluster import network
from falaj.localcluster.locks import lock
from falaj.localcluster.places import Places, cluster_names
from falaj.localcluster.subnets import LARGEST_INDEX, Subnets, allot

FILE = "cluster.json"


def ensure(places: Places) -> Subnets:
    """The cluster's subnets, allotted now if it has none; refuses when none are free."""
    with lock("allotment"):
        if exists(places):
            return read(places)
        taken = {read(Places(name)).index for name in cluster_names() if exists(Places(name))}
        subnets = allot(taken, network.routes())
        if subnets is None:
            raise ClusterError(
                f"All {LARGEST_INDEX + 1} subnets of 10.201.0.0/16, 10.244.0.0/16 and 10.96.0.0/16 belong to another "
                "cluster or overlap a route of this machine.",
                code="FAL-CLU-006",
                where=f"cluster {places.name}",
                hint="remove a cluster with `falaj cluster down NAME`, or use your own with --kubeconfig",
            )
        places.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = places.data / f".{FILE}"
        unfinished.write_text(json.dumps({"index": subnets.index}))
        unfinished.rename(places.data / FILE)
        return subnets


def exists(places: Places) -> bool:
    """Whether the cluster has subnets."""
    return (places.data / FILE).exists()


def read(places: Places) -> Subnets:
    """The cluster's subnets; refuses a cluster that has none."""
    path: Path = places.data / FILE
    try:
        return Subnets(json.loads(path.read_text())["index"])
    except FileNotFoundError:
        raise ClusterError(
            "There is no such cluster on this machine.",
            code="FAL-CLU-007",
            where=f"cluster {places.name}",
            hint="run: falaj cluster up",
        ) from None
