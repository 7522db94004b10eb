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
        "data_class": "personal",
        "calls": [
            {
                "name": "feature-store",
                "address": "10.60.7.10/32",
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
    environment.write_tenant("abroad", endpoints=ABROAD)

    stopped = environment.falaj("up", "-s", "abroad", "--yes", check=False)

    assert stopped.returncode == 5
    message = stopped.stderr[stopped.stderr.index("FAL-ENG-705") :].splitlines()
    assert message[0] == "FAL-ENG-705  stack abroad, 1 policy violations"
    assert [line.strip() for line in message[1:5]] == [
        "RES-021  urn:pulumi:abroad::falaj::falaj:index:OnnxRuntimeServer::abroad-iris",
        "RES-021 Every data flow stays in the UAE and is protected as its data demands (critical)",
        "Resource: urn:pulumi:abroad::falaj::falaj:index:OnnxRuntimeServer::abroad-iris",
        (
            "dataFlows[5].region: found me-south-1 for feature-store, expected a region in the UAE: "
            "me-central-1, uaecentral, uaenorth"
        ),
    ]
    assert message[5].strip().startswith("Remedy: ")
    assert message[-2].strip() == "Nothing was created."
    assert "tenant-abroad" not in namespaces(kubernetes_client)
    assert not list(environment.state.rglob("abroad.json"))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"tier": "gold"}, "tier\n  found 'gold', allowed: smb, enterprise, sovereign.\n"),
        (
            {"ownr": "risk"},
            (
                "ownr\n  is not a key here, allowed: environment, region, tier, profiles, owner, cost_centre, "
                "processing_record, budget, pool, endpoints. Did you mean owner?\n"
            ),
        ),
        (
            {"endpoints": {"iris": {"model": "falaj.local/models/iri", "data_class": "public"}}},
            (
                "endpoints.iris.model\n  found 'falaj.local/models/iri', allowed: name@sha256:<64 hex>, or a model in "
                "the image lock (falaj.local/models/iris, falaj.local/models/iris-next).\n"
            ),
        ),
    ],
)
def test_a_wrong_stack_file_is_refused_before_any_resource(
    environment: Workspace, changes: dict[str, object], says: str
) -> None:
    environment.write_tenant("wrong", **changes)

    refused = environment.falaj("up", "-s", "wrong", "--yes", check=False)

    assert refused.returncode == 3
    assert f"FAL-CFG-101  stacks/config/Pulumi.wrong.yaml, key falaj:tenant.{says}" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not list(environment.state.rglob("wrong.json"))
