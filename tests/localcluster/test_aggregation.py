"""What is part of the API server without being served by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lightkube import Client

pytestmark = [pytest.mark.cluster, pytest.mark.slow]


def test_a_cluster_without_gpus_promises_no_metrics_that_nobody_serves(kubernetes_client: Client) -> None:
    from lightkube.resources.apiregistration_v1 import APIService  # noqa: PLC0415 - as slow as the client

    found = [service for service in kubernetes_client.list(APIService) if service.spec is not None]

    assert "v1.apps" in {service.metadata.name for service in found if service.metadata is not None}
    assert [service for service in found if service.spec is not None and service.spec.service is not None] == []
