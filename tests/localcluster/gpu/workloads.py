"""Tenants of the cluster with simulated GPUs, their pods, and what those pods see."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from lightkube import ApiError, Client
from lightkube.codecs import from_dict
from lightkube.resources.core_v1 import Namespace, Node, Pod, ServiceAccount

from falaj.localcluster import control_groups
from falaj.localcluster.places import Places

NAME = "falaj-test-gpu"
NODE = Places(NAME).gpu_node.node
PAUSE = "falaj.local/pause:latest"
TOLERATIONS = [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
POOL = {"falaj.dev/pool": "gpu"}
WHOLE, SMALL_PART, LARGE_PART = "nvidia.com/gpu", "nvidia.com/mig-1g.10gb", "nvidia.com/mig-3g.40gb"

Result = TypeVar("Result")


def until(happened: Callable[[], Result | None], *, seconds: float = 60) -> Result:
    """What it gives once that is neither None nor False."""
    deadline = time.monotonic() + seconds
    while (found := happened()) is None or found is False:
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} seconds: {happened}")
        time.sleep(0.05)
    return found


class Tenant:
    """A namespace and its pods, which only hold what they were given."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.name = f"gpus-{uuid4().hex[:8]}"
        self.create("v1", "Namespace", {"name": self.name})
        until(self._admits_pods)

    def remove(self) -> None:
        for pod in self.client.list(Pod, namespace=self.name):
            assert pod.metadata is not None
            self.client.delete(Pod, str(pod.metadata.name), namespace=self.name, grace_period=0)
        self.client.delete(Namespace, self.name, grace_period=0)
        until(lambda: not list(self.client.list(Pod, namespace=self.name)))

    def create(self, version: str, kind: str, metadata: dict[str, Any], **rest: object) -> None:
        self.client.create(from_dict({"apiVersion": version, "kind": kind, "metadata": metadata, **rest}))

    def make(self, version: str, kind: str, name: str, **spec: object) -> None:
        """An object of the namespace."""
        self.create(version, kind, {"name": name, "namespace": self.name}, spec=spec)

    def add(self, pod: str, devices: Mapping[str, int] | None = None, **changes: object) -> str:
        """Create a pod that asks for these devices and tolerates the taint of nodes with GPUs."""
        spec = specification(devices) | changes
        metadata = {"name": pod, "namespace": self.name, "labels": {"app": pod}}
        self.create("v1", "Pod", metadata, spec=spec)
        return pod

    def run(self, pod: str, devices: Mapping[str, int] | None = None, **changes: object) -> Pod:
        """The same, and wait until it runs."""
        self.add(pod, devices, **changes)
        return self.running(pod)

    def running(self, pod: str) -> Pod:
        return until(lambda: found if phase(found := self.get(pod)) == "Running" else None)

    def get(self, pod: str) -> Pod:
        return self.client.get(Pod, pod, namespace=self.name)

    def exists(self, pod: str) -> bool:
        return any(found.metadata is not None and found.metadata.name == pod for found in self.all())

    def all(self) -> list[Pod]:
        return list(self.client.list(Pod, namespace=self.name))

    def why_pending(self, pod: str) -> str:
        """The scheduler's reason, without what it says about moving others out of the way."""
        return until(partial(self._reason, pod)).partition(". no new claims")[0]

    def _reason(self, pod: str) -> str | None:
        status = self.get(pod).status
        conditions = (status.conditions if status is not None else None) or []
        return next((each.message for each in conditions if each.type == "PodScheduled"), None)

    def quota(self, **hard: str) -> None:
        self.make("v1", "ResourceQuota", "devices", hard={key.replace("__", "/"): value for key, value in hard.items()})

    def _admits_pods(self) -> bool:
        """Whether the namespace has got the service account without which no pod is let in."""
        accounts = self.client.list(ServiceAccount, namespace=self.name)
        return any(account.metadata is not None and account.metadata.name == "default" for account in accounts)


def specification(devices: Mapping[str, int] | None, image: str = PAUSE) -> dict[str, Any]:
    container = {
        "name": "main",
        "image": image,
        "imagePullPolicy": "Never",
        "resources": {"limits": {name: str(count) for name, count in (devices or {}).items()}},
    }
    return {
        "containers": [container],
        "tolerations": TOLERATIONS,
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 0,
    }


def phase(pod: Pod) -> str | None:
    return pod.status.phase if pod.status is not None else None


def node_of(pod: Pod) -> str | None:
    return pod.spec.nodeName if pod.spec is not None else None


def address_of(pod: Pod) -> str:
    assert pod.status is not None
    return str(pod.status.podIP)


def container_id(pod: Pod) -> str:
    assert pod.status is not None
    assert pod.status.containerStatuses is not None
    return str(pod.status.containerStatuses[0].containerID)


def process_of(pod: Pod) -> Path:
    """The folder in /proc of the process in the pod's container."""
    assert pod.metadata is not None
    places = Places(NAME) if node_of(pod) == NAME else Places(NAME).gpu_node
    identifier = container_id(pod).removeprefix("containerd://")
    for pid in control_groups.processes(f"{places.control_group}/{control_groups.PODS}"):
        folder = Path("/proc", str(pid))
        with suppress(FileNotFoundError, ProcessLookupError):  # another pod's, which has just ended
            if identifier in (folder / "cgroup").read_text():
                return folder
    raise AssertionError(f"no process of pod {pod.metadata.name}")


def environment(pod: Pod) -> dict[str, str]:
    """What the process in the pod's container was started with."""
    words = (process_of(pod) / "environ").read_text().split("\0")
    return dict(word.split("=", 1) for word in words if word)


def devices_seen(pod: Pod) -> list[str]:
    """The UUIDs in the variable that tells a container its GPUs."""
    value = environment(pod).get("NVIDIA_VISIBLE_DEVICES", "")
    return sorted(value.split(",")) if value else []


def device_files(pod: Pod) -> list[str]:
    """Files of GPUs, by any name, as the container has them."""
    return sorted(path.name for path in (process_of(pod) / "root" / "dev").iterdir() if "nvidia" in path.name)


def allocatable(client: Client) -> dict[str, int]:
    status = client.get(Node, NODE).status
    found = (status.allocatable if status is not None else None) or {}
    return {name: int(count) for name, count in found.items() if name.startswith("nvidia.com/")}


def set_unschedulable(client: Client, value: bool) -> None:
    client.patch(Node, NODE, {"spec": {"unschedulable": value}})


def refused(action: Callable[[], object]) -> str:
    """What the API server says when it refuses."""
    try:
        action()
    except ApiError as error:
        return str(error)
    raise AssertionError("it was not refused")
