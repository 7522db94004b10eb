from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from components.zero_trust.edges import ANYONE, End, edges_of
from components.zero_trust.kubernetes import WalledNamespace
from components.zero_trust.spec import NamespaceSpec
from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption
from falaj.catalog.tiers import tiers
from tests.components.conftest import Run
from tests.fakes.golden import assert_golden

ENDS = st.builds("{}/{}".format, st.sampled_from("abc"), st.sampled_from("xyz"))


def spec() -> NamespaceSpec:
    tier = tiers()["smb"]
    return NamespaceSpec(
        name="tenant-acme",
        owner="retail",
        role="tenant",
        tenant="acme",
        tier="smb",
        quota=tier.quota,
        default_resources=tier.resources,
    )


def walled_namespace() -> None:
    WalledNamespace("acme", spec())


def flow(source: str, sink: str, *, port: int | None = 8080, channel: Channel = Channel.HTTP) -> DataFlow:
    return DataFlow(
        source=source,
        sink=sink,
        data_class=DataClass.INTERNAL,
        region="local",
        channel=channel,
        port=port,
        encryption=Encryption.CLUSTER_NETWORK,
        purpose="test",
    )


@pytest.mark.parametrize("preview", [False, True])
def test_equals_its_snapshot_in_an_update_and_in_a_preview(run: Run, *, preview: bool) -> None:
    assert_golden("walled_namespace", run(walled_namespace, preview=preview))


def test_denies_both_directions_and_allows_only_cluster_dns(run: Run) -> None:
    policy = run(walled_namespace).of("kubernetes:networking.k8s.io/v1:NetworkPolicy", "acme-default-deny")

    assert policy.inputs["spec"] == {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
        "egress": [
            {
                "to": [
                    {
                        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
                    }
                ],
                "ports": [
                    {"protocol": "UDP", "port": 53},
                    {"protocol": "TCP", "port": 53},
                    {"protocol": "UDP", "port": 5353},
                    {"protocol": "TCP", "port": 5353},
                ],
            }
        ],
    }


def test_a_tenant_may_hold_no_load_balancer_no_node_port_and_no_volume_claim(run: Run) -> None:
    hard = run(walled_namespace).of("kubernetes:core/v1:ResourceQuota", "acme-quota").inputs["spec"]["hard"]

    assert {key: hard[key] for key in ("services.loadbalancers", "services.nodeports", "persistentvolumeclaims")} == {
        "services.loadbalancers": "0",
        "services.nodeports": "0",
        "persistentvolumeclaims": "0",
    }


def test_a_tenant_may_hold_the_gpus_it_was_given_and_no_others(run: Run) -> None:
    given = NamespaceSpec.model_validate(
        {**spec().model_dump(), "gpus": {"nvidia.com/gpu": 2, "nvidia.com/mig-1g.10gb": 0}}
    )

    hard = run(lambda: WalledNamespace("acme", given)).of("kubernetes:core/v1:ResourceQuota", "acme-quota")

    found = hard.inputs["spec"]["hard"]
    assert (found["requests.nvidia.com/gpu"], found["requests.nvidia.com/mig-1g.10gb"]) == ("2", "0")


def test_a_misspelt_field_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="onwer"):
        NamespaceSpec.model_validate({**spec().model_dump(), "onwer": "retail"})


@pytest.mark.parametrize("name", ["Tenant", "tenant_acme", "-tenant", "tenant-", "", "t" * 64])
def test_a_name_the_cluster_would_refuse_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        NamespaceSpec.model_validate({**spec().model_dump(), "name": name})


def test_a_flow_opens_the_sinks_port_to_the_source_alone() -> None:
    assert edges_of("tenant-acme/iris", [flow("falaj-gateway/traefik", "tenant-acme/iris")]) == {
        "pod_selector": {"match_labels": {"app.kubernetes.io/name": "iris"}},
        "policy_types": ["Ingress", "Egress"],
        "ingress": [
            {
                "from_": [
                    {
                        "namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "falaj-gateway"}},
                        "pod_selector": {"match_labels": {"app.kubernetes.io/name": "traefik"}},
                    }
                ],
                "ports": [{"protocol": "TCP", "port": 8080}],
            }
        ],
        "egress": [],
    }


def test_a_named_end_may_answer_at_another_port_than_its_service() -> None:
    api_server = End(peers=[{"ip_block": {"cidr": "10.0.0.1/32"}}], port=6443)

    edges = edges_of("a/b", [flow("a/b", "kubernetes-api", port=443)], {"kubernetes-api": api_server})

    assert edges["egress"] == [
        {"to": [{"ip_block": {"cidr": "10.0.0.1/32"}}], "ports": [{"protocol": "TCP", "port": 6443}]}
    ]


def test_services_behind_the_same_addresses_are_one_edge() -> None:
    network = End(peers=[{"ip_block": {"cidr": "10.0.0.0/28"}}])
    flows = [flow("a/b", name, port=443) for name in ("aws/ec2", "aws/eks")]

    assert edges_of("a/b", flows, dict.fromkeys(("aws/ec2", "aws/eks"), network))["egress"] == [
        {"to": [{"ip_block": {"cidr": "10.0.0.0/28"}}], "ports": [{"protocol": "TCP", "port": 443}]}
    ]


def test_names_are_resolved_over_both_protocols() -> None:
    edges = edges_of("a/b", [flow("a/b", "kube-system/dns", port=53, channel=Channel.DNS)])

    assert [rule["ports"] for rule in edges["egress"]] == [  # type: ignore[index, union-attr]  # plain data here
        [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]
    ]


def test_an_end_that_is_neither_a_workload_nor_named_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^clients is no namespace/workload and no named end was given for it$"):
        edges_of("a/b", [flow("clients", "a/b")])


@settings(deadline=None)
@given(st.lists(st.tuples(ENDS, ENDS, st.one_of(st.none(), st.integers(1, 65535))), max_size=12), ENDS)
def test_there_is_one_edge_per_end_and_port_of_the_flows_and_none_besides(
    drawn: list[tuple[str, str, int | None]], workload: str
) -> None:
    flows = [flow(source, sink, port=port) for source, sink, port in drawn]

    edges = edges_of(workload, flows)

    into = dict.fromkeys((each.source, each.port) for each in flows if each.sink == workload and each.port is not None)
    out = dict.fromkeys((each.sink, each.port) for each in flows if each.source == workload and each.port is not None)
    assert _ports(edges["ingress"]) == [port for _, port in into]
    assert _ports(edges["egress"]) == [port for _, port in out]
    assert edges["policy_types"] == ["Ingress", "Egress"]


@settings(deadline=None)
@given(ENDS)
def test_no_edge_is_open_to_everyone_unless_its_end_says_so(workload: str) -> None:
    closed = edges_of(workload, [flow("a/b", workload), flow(workload, "c/d")])
    opened = edges_of(workload, [flow("clients", workload)], {"clients": ANYONE})

    rules = [*closed["ingress"], *closed["egress"]]  # type: ignore[misc]  # plain data here
    assert all(rule.get("from_") or rule.get("to") for rule in rules)
    assert "0.0.0.0/0" not in str(closed)
    assert "0.0.0.0/0" in str(opened)


def _ports(rules: object) -> list[int]:
    assert isinstance(rules, list)
    return [rule["ports"][0]["port"] for rule in rules]
