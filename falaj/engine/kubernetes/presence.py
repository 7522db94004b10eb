"""Makes sure that the objects of an unchanged state are still in the cluster."""

from __future__ import annotations

import threading

from google.protobuf import struct_pb2

from falaj.engine.kubernetes.cluster import Cluster
from falaj.engine.kubernetes.errors import UnknownKindError
from falaj.engine.kubernetes.naming import split_identifier
from falaj.engine.kubernetes.values import dig, reveal


class Presence:
    """Looks at one object, and at every object only where that one is gone.

    One cheap request tells a cluster that was made anew, where the state remembers objects nobody has, from the usual
    case that nothing happened. A single object deleted by hand is for a refresh to find.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._lock = threading.Lock()
        self._trusted: bool | None = None

    def is_gone(self, olds: struct_pb2.Struct, resource_id: str) -> bool:
        """Tell whether the object of the state is no longer in the cluster."""
        api_version, kind = (olds.fields[name].string_value for name in ("apiVersion", "kind"))
        metadata = olds.fields["metadata"].struct_value
        uid = metadata.fields["uid"].string_value if "uid" in metadata.fields else ""
        if not (uid and api_version and kind):
            return False
        with self._lock:
            if self._trusted is None:
                self._trusted = not self._differs(api_version, kind, resource_id, uid)
                return not self._trusted
            if self._trusted:
                return False
        return self._differs(api_version, kind, resource_id, uid)

    def _differs(self, api_version: str, kind: str, resource_id: str, uid: str) -> bool:
        namespace, name = split_identifier(resource_id)
        try:
            live = self._cluster.get(self._cluster.kind(api_version, kind), namespace, name)
        except UnknownKindError:
            return True
        return bool(dig(reveal(live), "metadata", "uid") != uid)
