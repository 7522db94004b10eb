from __future__ import annotations

from components.cluster.access import ClusterAccess
from components.cluster.spec import LocalClusterSpec
from tests.components.conftest import Run

KUBECONFIG = "apiVersion: v1\nkind: Config\n"


def access() -> None:
    ClusterAccess("cluster", LocalClusterSpec(identifier="aws-prod"), kubeconfig=KUBECONFIG)


def test_it_makes_a_provider_with_a_fixed_identifier_and_nothing_else(run: Run) -> None:
    plan = run(access)

    (provider,) = plan.typed("pulumi:providers:kubernetes")
    inputs = {key: value for key, value in provider.inputs.items() if key not in ("version", "__internal")}
    assert inputs == {"kubeconfig": KUBECONFIG, "clusterIdentifier": "aws-prod", "enableServerSideApply": "true"}
    assert [each.type for each in plan.resources.values() if each.custom] == ["pulumi:providers:kubernetes"]
