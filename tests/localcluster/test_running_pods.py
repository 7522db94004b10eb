"""What a pod can count on in the shared cluster."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lightkube import ApiError, Client, codecs
from lightkube.resources.core_v1 import Namespace, Pod

from falaj.localcluster import Status, images
from falaj.localcluster.images import Lock
from tests.python_in_pod import python_in

pytestmark = pytest.mark.cluster

NAMESPACE = "running-pods"
PROGRAM = "import time; print('started', flush=True); time.sleep(3600)"
# A pod as strict as the restricted standard asks for, with an image mounted as a volume.
POD = """
apiVersion: v1
kind: Pod
metadata: {{name: restricted, namespace: running-pods}}
spec:
  terminationGracePeriodSeconds: 0
  securityContext: {{runAsNonRoot: true, runAsUser: 65532, seccompProfile: {{type: RuntimeDefault}}}}
  containers:
    - name: python
      image: {python}
      imagePullPolicy: Never
      command: [python3, -c, "{program}"]
      resources: {{requests: {{cpu: 10m, memory: 32Mi}}, limits: {{cpu: 500m, memory: 128Mi}}}}
      securityContext: {{allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {{drop: [ALL]}}}}
      volumeMounts: [{{name: data, mountPath: /data}}]
  volumes: [{{name: data, image: {{reference: {data}, pullPolicy: Never}}}}]
"""
WRITE = """
import errno
try:
    open("/data/new", "w")
except OSError as error:
    print(errno.errorcode[error.errno])
"""
ASK_API = """
import ssl, time, urllib.request
secrets = "/var/run/secrets/kubernetes.io/serviceaccount/"
request = urllib.request.Request("https://kubernetes.default.svc/version")
request.add_header("Authorization", "Bearer " + open(secrets + "token").read())
print(urllib.request.urlopen(request, context=ssl.create_default_context(cafile=secrets + "ca.crt")).status)
"""
STATUS = "print(open('/proc/self/status').read())"


@pytest.fixture(scope="module")
def lock(tmp_path_factory: pytest.TempPathFactory) -> Lock:
    """Python, and an image that holds one file."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "image.toml").write_text('name = "falaj.local/test-data"\ninputs = ["greeting"]\n')
    (folder / "Containerfile").write_text("FROM scratch\nCOPY greeting /greeting\n")
    (folder / "greeting").write_text("peace\n")
    python = images.PLATFORM_FOLDERS / "debian-python"
    return images.build([folder, python], tmp_path_factory.mktemp("lock") / "images.json")


@pytest.fixture(scope="module")
def pod(cluster: Status, kubernetes_client: Client, lock: Lock) -> Iterator[str]:
    """The name of a running pod."""
    images.load(cluster.name, lock)
    kubernetes_client.apply(codecs.from_dict(_namespace()))
    text = POD.format(
        python=lock.reference("falaj.local/debian-python"),
        data=lock.reference("falaj.local/test-data"),
        program=PROGRAM,
    )
    _apply_once_there_is_a_service_account(kubernetes_client, text)
    kubernetes_client.wait(Pod, "restricted", namespace=NAMESPACE, for_conditions=["Ready"])
    yield "restricted"
    kubernetes_client.delete(Namespace, NAMESPACE)


def _namespace() -> dict[str, object]:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}


def _apply_once_there_is_a_service_account(kubernetes: Client, text: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            for resource in codecs.load_all_yaml(text):
                kubernetes.apply(resource)
        except ApiError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def python(kubernetes: Client, pod: str, program: str) -> str:
    return python_in(kubernetes, NAMESPACE, pod, program)


def resolves(kubernetes: Client, pod: str, host: str) -> str:
    program = (
        f"import socket\ntry: print(socket.gethostbyname({host!r}))\nexcept OSError as error: print(error.args[0])"
    )
    return python(kubernetes, pod, program)


def test_its_log_can_be_read(kubernetes_client: Client, pod: str) -> None:
    deadline = time.monotonic() + 60
    # Not followed: a stream that is left open breaks whatever connects next.
    while not (lines := list(kubernetes_client.log(pod, namespace=NAMESPACE))):
        assert time.monotonic() < deadline
        time.sleep(0.2)

    assert lines[0].strip() == "started"


def test_an_image_is_mounted_by_digest_and_can_not_be_written_to(kubernetes_client: Client, pod: str) -> None:
    assert python(kubernetes_client, pod, "print(open('/data/greeting').read())") == "peace"
    assert python(kubernetes_client, pod, WRITE) == "EROFS"


def test_names_of_the_cluster_resolve_and_others_do_not_exist(
    kubernetes_client: Client, cluster: Status, pod: str
) -> None:
    expected = f"10.96.{cluster.node_address.split('.')[2]}.1"
    deadline = time.monotonic() + 60
    while (found := resolves(kubernetes_client, pod, "kubernetes.default")) != expected:
        assert time.monotonic() < deadline, found
        time.sleep(0.5)

    assert resolves(kubernetes_client, pod, "example.com") == "-2"  # EAI_NONAME, and not the -3 of "try again"


def test_it_reaches_the_api_server_through_its_service(kubernetes_client: Client, pod: str) -> None:
    assert python(kubernetes_client, pod, ASK_API) == "200"


def test_the_restrictions_it_asked_for_are_real(kubernetes_client: Client, pod: str) -> None:
    status = dict(line.split(":\t", 1) for line in python(kubernetes_client, pod, STATUS).splitlines() if ":\t" in line)

    assert status["Uid"].split() == ["65532"] * 4
    assert status["CapBnd"] == "0000000000000000"
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"


@pytest.mark.usefixtures("pod")
def test_a_pod_that_asks_for_more_is_refused(kubernetes_client: Client, lock: Lock) -> None:
    privileged = POD.format(
        python=lock.reference("falaj.local/debian-python"),
        data=lock.reference("falaj.local/test-data"),
        program=PROGRAM,
    ).replace("name: restricted,", "name: privileged,")
    (resource,) = codecs.load_all_yaml(privileged.replace("runAsNonRoot: true, runAsUser: 65532", "runAsUser: 0"))

    with pytest.raises(ApiError, match='violates PodSecurity "restricted:latest": runAsNonRoot != true'):
        kubernetes_client.apply(resource)


@pytest.mark.usefixtures("pod")
def test_images_are_loaded_once(cluster: Status, lock: Lock) -> None:
    assert images.load(cluster.name, lock) == []


def test_the_same_folder_gives_the_same_digest_elsewhere_and_under_another_umask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lock: Lock
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "image.toml").write_text('name = "falaj.local/test-data"\ninputs = ["greeting"]\n')
    (folder / "Containerfile").write_text("FROM scratch\nCOPY greeting /greeting\n")
    (folder / "greeting").write_text("peace\n")
    monkeypatch.setenv("FALAJ_CACHE", str(tmp_path / "cache"))

    before = os.umask(0o077)
    try:
        again = images.build([folder], tmp_path / "images.json")
    finally:
        os.umask(before)

    assert again.reference("falaj.local/test-data") == lock.reference("falaj.local/test-data")
