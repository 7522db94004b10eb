from __future__ import annotations

from components.cluster.local import LocalCluster
from components.cluster.spec import LocalClusterSpec
from components.zero_trust.edges import edges_of
from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption
from tests.components.conftest import Run
from tests.fakes.golden import assert_golden

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def local_cluster() -> None:
    spec = LocalClusterSpec(context=None, identifier="local")
    LocalCluster("cluster", spec, kubeconfig="/run/falaj/falaj/kubeconfig")


def test_equals_its_snapshot(run: Run) -> None:
    assert_golden("local_cluster", run(local_cluster))


def test_the_provider_is_given_a_path_and_a_fixed_identity(run: Run) -> None:
    (provider,) = run(local_cluster).typed("pulumi:providers:kubernetes")

    assert provider.inputs["kubeconfig"] == "/run/falaj/falaj/kubeconfig"
    assert provider.inputs["clusterIdentifier"] == "local"


def test_the_api_server_is_known_by_the_endpoints_behind_its_service(run: Run) -> None:
    plan = run(_policy)

    (policy,) = plan.typed("kubernetes:networking.k8s.io/v1:NetworkPolicy")
    assert policy.inputs["spec"]["egress"] == [
        {"to": [{"ipBlock": {"cidr": "10.201.0.2/32"}}], "ports": [{"protocol": "TCP", "port": 6443}]}
    ]


def _policy() -> None:
    import pulumi_kubernetes as kubernetes  # noqa: PLC0415 - as the components do, inside the program

    cluster = LocalCluster("cluster", LocalClusterSpec(identifier="local"), kubeconfig="kubeconfig")
    flow = DataFlow(
        source="a/b",
        sink="kubernetes-api",
        data_class=DataClass.OPERATIONAL,
        region="local",
        channel=Channel.HTTPS,
        port=443,
        encryption=Encryption.TLS,
        purpose="test",
    )
    kubernetes.networking.v1.NetworkPolicy(
        "edges", spec=edges_of("a/b", [flow], {"kubernetes-api": cluster.api_server})
    )
