"""A new version of a model takes over while every request is answered."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections import Counter

import httpx2
import pytest

from tests.end_to_end.conftest import ROOT, Workspace

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

REQUEST = json.loads((ROOT / "examples" / "requests" / "iris.json").read_text())


class Caller(threading.Thread):
    """Sends requests one after the other until told to stop, each on a connection that may be new."""

    def __init__(self, endpoint: dict[str, str], authority: str) -> None:
        super().__init__(daemon=True)
        self.statuses: Counter[str] = Counter()
        self.versions: list[str] = []
        self.done = threading.Event()
        self._url = f"https://{endpoint['address']}:{endpoint['port']}/v2/models/iris/infer"
        self._host = endpoint["host"]
        self._context = ssl.create_default_context(cadata=authority)

    def run(self) -> None:
        limits = httpx2.Limits(max_keepalive_connections=1, keepalive_expiry=0.5)
        with httpx2.Client(verify=self._context, trust_env=False, timeout=20, limits=limits) as client:
            while not self.done.is_set():
                try:
                    response = client.post(
                        self._url,
                        json=REQUEST,
                        headers={"host": self._host},
                        extensions={"sni_hostname": self._host},
                    )
                except httpx2.HTTPError as error:
                    self.statuses[type(error).__name__] += 1
                    continue
                self.statuses[str(response.status_code)] += 1
                if response.status_code == httpx2.codes.OK:
                    self.versions.append(response.json()["model_version"])
                time.sleep(0.01)


def test_a_new_model_version_rolls_with_every_request_answered(environment: Workspace) -> None:
    environment.write_tenant(
        "rolling", endpoints={"iris": {"model": "falaj.local/models/iris", "data_class": "public"}}
    )
    outputs = environment.up("rolling")["outputs"]
    callers = [Caller(outputs["endpoints"]["iris"], outputs["certificate_authority"]) for _ in range(3)]
    for caller in callers:
        caller.start()
    try:
        environment.write_tenant(
            "rolling", endpoints={"iris": {"model": "falaj.local/models/iris-next", "data_class": "public"}}
        )
        rolled = environment.up("rolling")
        time.sleep(8)  # the old pod drains after the new one is ready
    finally:
        for caller in callers:
            caller.done.set()
        for caller in callers:
            caller.join(timeout=30)
        environment.destroy("rolling")

    statuses = sum((caller.statuses for caller in callers), Counter[str]())
    assert set(statuses) == {"200"}, statuses
    assert rolled["summary"].get("replace", 0) == 0
    for caller in callers:
        assert caller.versions[0] == "1"
        assert caller.versions[-1] == "2"
