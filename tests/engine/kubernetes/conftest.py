"""The provider served over gRPC, and a fake API server where the real one can't say what is needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from falaj.engine.kubernetes.client import ApiClient
from falaj.engine.kubernetes.configuration import Settings, load
from tests.engine.kubernetes import fake_api, plugin


@pytest.fixture
def api(tmp_path: Path) -> Iterator[fake_api.FakeApi]:
    with fake_api.serving(tmp_path) as served:
        yield served


@pytest.fixture
def client(api: fake_api.FakeApi) -> Iterator[ApiClient]:
    made = ApiClient(load(Settings(kubeconfig=str(api.kubeconfig))))
    yield made
    made.close()


@pytest.fixture
def provider() -> Iterator[plugin.Plugin]:
    with plugin.serving(patience=0.2) as served:
        yield served


@pytest.fixture
def connected(provider: plugin.Plugin, api: fake_api.FakeApi) -> plugin.Plugin:
    provider.configure(kubeconfig=str(api.kubeconfig))
    return provider


@pytest.fixture
def offline(provider: plugin.Plugin, monkeypatch: pytest.MonkeyPatch) -> plugin.Plugin:
    monkeypatch.setenv("FALAJ_KUBERNETES_OFFLINE", "1")
    provider.configure(kubeconfig="/nowhere")
    return provider
