"""A tenant file that breaks a rule is stopped before anything exists."""

from __future__ import annotations

import lightkube
import pytest
from lightkube.resources.core_v1 import Namespace

from tests.end_to_end.conftest import Workspace

pytestmark = pytest.mark.cluster

ABROAD = {
    "iris": {
        "model": "falaj.local/models/iris",
        "calls": [
            {
                "name": "feature-store",
                "address": "203.0.113.10/32",
                "port": 443,
                "region": "me-south-1",
                "data_class": "personal",
                "encryption": "tls",
                "purpose": "looks up a customer's features",
            }
        ],
    }
}


def namespaces(client: lightkube.Client) -> set[str]:
    return {found.metadata.name or "" for found in client.list(Namespace) if found.metadata}


def test_data_that_would_leave_the_country_stops_the_plan(
    environment: Workspace, kubernetes_client: lightkube.Client
) -> None:
    before = namespaces(kubernetes_client)
    environment.write_tenant("abroad", endpoints=ABROAD)

    stopped = environment.falaj("up", "-s", "abroad", "--yes", check=False)

    assert stopped.returncode == 5
    assert "RES-021" in stopped.stderr
    assert "me-south-1" in stopped.stderr
    assert namespaces(kubernetes_client) == before
    assert not list(environment.state.rglob("abroad.json"))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"tier": "gold"}, "tier"),
        ({"ownr": "risk"}, "ownr"),
        ({"endpoints": {"iris": {"model": "falaj.local/models/iri"}}}, "falaj.local/models/iri"),
    ],
)
def test_a_wrong_stack_file_is_refused_before_any_resource(
    environment: Workspace, changes: dict[str, object], says: str
) -> None:
    environment.write_tenant("wrong", **changes)

    refused = environment.falaj("up", "-s", "wrong", "--yes", check=False)

    assert refused.returncode == 3
    assert "Pulumi.wrong.yaml" in refused.stderr
    assert says in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not list(environment.state.rglob("wrong.json"))
