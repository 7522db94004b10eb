"""The serving image under the restricted Pod Security Standard: admitted, and held to it, on a real cluster."""

from __future__ import annotations

import json

import lightkube
import pytest
from lightkube import ApiError
from lightkube.models.core_v1 import Container, PodSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Namespace, Pod

from tests.end_to_end.conftest import ROOT
from tests.python_in_pod import python_in

pytestmark = pytest.mark.cluster

NAMESPACE = "tenant-local-smb"
SURROUNDINGS = """
import json, os, pathlib, shutil, subprocess
def refusal(does):
    try:
        does()
    except OSError as error:
        return type(error).__name__, error.errno
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({
    "user": [os.getuid(), os.getgid()],
    "capabilities": status["CapBnd"].strip(),
    "no new privileges": status["NoNewPrivs"].strip(),
    "seccomp": status["Seccomp"].strip(),
    "write to the root": refusal(lambda: pathlib.Path("/new").touch()),
    "write to a package": refusal(lambda: pathlib.Path("/opt/onnxruntime_server/new").touch()),
    "write to a model": refusal(lambda: pathlib.Path("/models/new").touch()),
    "shell": refusal(lambda: subprocess.run(["/bin/sh", "-c", "true"])),
    "programs": sorted(set(os.listdir("/usr/bin")) | set(os.listdir("/bin"))),
    "telemetry": os.environ["ORT_DISABLE_TELEMETRY"],
}))
"""


@pytest.mark.usefixtures("tenant")
def test_the_server_runs_as_the_restricted_standard_asks(kubernetes_client: lightkube.Client) -> None:
    namespace = kubernetes_client.get(Namespace, NAMESPACE)
    assert namespace.metadata is not None
    assert (namespace.metadata.labels or {})["pod-security.kubernetes.io/enforce"] == "restricted"
    pods = kubernetes_client.list(Pod, namespace=NAMESPACE, labels={"app.kubernetes.io/name": "iris"})
    name = next(pod.metadata.name for pod in pods if pod.metadata and pod.status and pod.status.phase == "Running")

    assert json.loads(python_in(kubernetes_client, NAMESPACE, name or "", SURROUNDINGS)) == {
        "user": [65532, 65532],
        "capabilities": "0000000000000000",
        "no new privileges": "1",
        "seccomp": "2",
        "write to the root": ["OSError", 30],
        "write to a package": ["OSError", 30],
        "write to a model": ["OSError", 30],
        "shell": ["FileNotFoundError", 2],
        "programs": ["python3", "python3.11"],
        "telemetry": "1",
    }


@pytest.mark.usefixtures("tenant")
def test_the_same_image_asking_for_more_is_not_admitted(kubernetes_client: lightkube.Client) -> None:
    lock = json.loads((ROOT / ".falaj" / "images.json").read_text())
    image = f"falaj.local/onnxruntime@{lock['falaj.local/onnxruntime']['digest']}"
    pod = Pod(
        metadata=ObjectMeta(name="asks-for-more", namespace=NAMESPACE),
        spec=PodSpec(automountServiceAccountToken=False, containers=[Container(name="server", image=image)]),
    )
    with pytest.raises(ApiError, match='violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false'):
        kubernetes_client.create(pod)
