"""Lifts the start-up taint of nodes with GPUs, each once its GPUs can be had and no pod sees one it did not ask for.

It runs in the cluster, alone and on the standard library: its text is mounted into a pod. It is given the pools on
which GPUs have to be hidden first, and looks at the nodes with GPUs every few seconds.
"""

from __future__ import annotations

import http.client
import json
import os
import ssl
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

NOT_READY = "falaj.dev/gpu-not-ready"
NODES = "/api/v1/nodes?labelSelector=" + quote("falaj.dev/pool=gpu")
POOL_NAME = "falaj.dev/pool-name"
MIG_CONFIG = "nvidia.com/mig.config"
MIG_STATE = "nvidia.com/mig.config.state"
UNDIVIDED = "all-disabled"
GPUS = ("nvidia.com/gpu", "nvidia.com/mig-")
HIDING = "app.kubernetes.io/name=gpu-hardening"
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
SECONDS = 5.0
"""Between two looks at the nodes."""
MOST_FAILURES = 12
"""Looks that may fail in a row before the pod ends and is started anew."""

Json = Any


class Api:
    """The API server of the cluster that this pod runs in. Refuses a certificate that is not the cluster's."""

    def __init__(self, connection: http.client.HTTPConnection, token: Path) -> None:
        self._connection = connection
        self._token = token

    def get(self, path: str) -> Json:
        """Read one resource or list."""
        return self._ask("GET", path, None, "application/json")

    def patch(self, path: str, operations: list[dict[str, Json]]) -> Json:
        """Change one resource by JSON patch."""
        return self._ask("PATCH", path, json.dumps(operations), "application/json-patch+json")

    def _ask(self, method: str, path: str, body: str | None, content_type: str) -> Json:
        headers = {"Authorization": f"Bearer {self._token.read_text().strip()}", "Content-Type": content_type}
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            content = answer.read()
        finally:
            self._connection.close()
        if answer.status != http.client.OK:
            said = content.decode(errors="replace")[:300]
            raise OSError(f"{method} {path} was answered with {answer.status}: {said}")
        return json.loads(content)


def is_ready(node: Mapping[str, Json]) -> bool:
    """Whether a node offers GPUs, divided as its label asks."""
    labels = node["metadata"].get("labels", {})
    if labels.get(MIG_CONFIG, UNDIVIDED) != UNDIVIDED and labels.get(MIG_STATE) != "success":
        return False
    offered = node.get("status", {}).get("allocatable", {})
    return any(name.startswith(GPUS) and count != "0" for name, count in offered.items())


def lifting(node: Mapping[str, Json]) -> list[dict[str, Json]]:
    """Return what takes the start-up taint off a node; nothing where there is none."""
    keys = [taint["key"] for taint in node["spec"].get("taints", ())]
    if NOT_READY not in keys:
        return []
    path = f"/spec/taints/{keys.index(NOT_READY)}"
    return [{"op": "test", "path": f"{path}/key", "value": NOT_READY}, {"op": "remove", "path": path}]


def hiding(pods: list[Json]) -> frozenset[str]:
    """Return the nodes on which GPUs are hidden from pods that asked for none."""
    return frozenset(
        pod["spec"].get("nodeName", "")
        for pod in pods
        if any(
            condition["type"] == "Ready" and condition["status"] == "True"
            for condition in pod.get("status", {}).get("conditions", ())
        )
    )


def look(api: Api, namespace: str, unhidden: frozenset[str]) -> Iterator[str]:
    """Lift what can be lifted; yield the names of the nodes."""
    waiting = [node for node in api.get(NODES)["items"] if lifting(node)]
    hidden: frozenset[str] = frozenset()
    if unhidden and waiting:
        hidden = hiding(api.get(f"/api/v1/namespaces/{namespace}/pods?labelSelector={quote(HIDING)}")["items"])
    for node in waiting:
        name = node["metadata"]["name"]
        must_hide = node["metadata"]["labels"].get(POOL_NAME) in unhidden
        if is_ready(node) and (not must_hide or name in hidden):
            api.patch(f"/api/v1/nodes/{quote(name)}", lifting(node))
            yield name


def connect() -> http.client.HTTPSConnection:
    """Return a connection to the API server, opened when it is first used."""
    trusted = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], int(os.environ["KUBERNETES_SERVICE_PORT"])
    return http.client.HTTPSConnection(host, port, context=trusted, timeout=10)


def watch(api: Api, namespace: str, unhidden: frozenset[str], *, pause: float = SECONDS) -> None:
    """Look again and again, until too many looks in a row have failed."""
    failures = 0
    while failures < MOST_FAILURES:
        try:
            for name in look(api, namespace, unhidden):
                say("lifted", node=name, taint=NOT_READY)
            failures = 0
        except (OSError, http.client.HTTPException, ValueError) as error:
            failures += 1
            say("failed", error=str(error), failures=failures)
        time.sleep(pause)


def say(event: str, **details: object) -> None:
    """Write one line of the log."""
    sys.stdout.write(json.dumps({"event": event, **details}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    watch(Api(connect(), ACCOUNT / "token"), (ACCOUNT / "namespace").read_text(), frozenset(sys.argv[1:]))
    sys.exit(1)
