"""What a stack made is gone when it is destroyed."""

from __future__ import annotations

import json

import lightkube
import pytest
from lightkube.core.exceptions import ApiError
from lightkube.resources.core_v1 import Namespace

from tests.end_to_end.conftest import Workspace

pytestmark = pytest.mark.cluster


def test_a_destroyed_tenant_leaves_nothing(environment: Workspace, kubernetes_client: lightkube.Client) -> None:
    environment.write_tenant("leaving")
    environment.up("leaving")
    kubernetes_client.get(Namespace, "tenant-leaving")

    environment.destroy("leaving")

    with pytest.raises(ApiError) as gone:
        kubernetes_client.get(Namespace, "tenant-leaving")
    assert gone.value.status.code == 404
    listed = json.loads(environment.falaj("stack", "ls", "--json").stdout)
    assert {"name": "leaving", "deployed": False} in listed
