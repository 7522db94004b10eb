"""A real registry on the loopback interface: Debian's docker-registry, in a process of its own."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import yaml

USER, PASSWORD = "falaj", "open sesame"
PASSWORD_FILE = f"{USER}:$2b$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW\n"
SECONDS = 20.0


@dataclass(frozen=True)
class Registry:
    """Where it answers and where it keeps what it is given."""

    host: str
    storage: Path

    def manifests(self, repository: str) -> Path:
        """Folder of a repository's manifests; without it the layers are there and the image is not."""
        return self.storage / "docker" / "registry" / "v2" / "repositories" / repository / "_manifests"

    def get(self, path: str, accept: str) -> bytes:
        """The answer of its own interface, without skopeo."""
        status, content = _get(self.host, f"/v2/{path}", accept)
        assert status == HTTPStatus.OK, content
        return content


@contextmanager
def serve(folder: Path, *, password: bool = False) -> Iterator[Registry]:
    """Serve until the block ends, with a password where one is asked for."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{probe.getsockname()[1]}"
    storage = folder / "storage"
    storage.mkdir(parents=True)
    configuration = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(storage)}},
        "http": {"addr": host},
    }
    if password:
        (folder / "passwords").write_text(PASSWORD_FILE)
        configuration["auth"] = {"htpasswd": {"realm": "falaj", "path": str(folder / "passwords")}}
    (folder / "configuration.yaml").write_text(yaml.safe_dump(configuration))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["docker-registry", "serve", str(folder / "configuration.yaml")], stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _await_answer(host, process)
            yield Registry(host, storage)
        finally:
            process.terminate()
            process.wait(SECONDS)


def credentials_for(registry: Registry, file: Path, password: str = PASSWORD) -> Path:
    """A file as `skopeo login --authfile` writes it."""
    token = base64.b64encode(f"{USER}:{password}".encode()).decode()
    file.write_text(json.dumps({"auths": {registry.host: {"auth": token}}}))
    return file


def _await_answer(host: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            _get(host, "/v2/", "*/*")
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("the registry does not answer")


def _get(host: str, path: str, accept: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(host, timeout=SECONDS)
    try:
        connection.request("GET", path, headers={"Accept": accept})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
