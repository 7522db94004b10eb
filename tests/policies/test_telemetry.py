"""Where telemetry goes, by the address it is sent to; which ranges of addresses are one's own."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network

import pytest

from policies.controls import res_015, res_017, res_020
from policies.evaluator import Verdict, evaluate
from policies.examples.azure_residency import made
from policies.examples.kubernetes import container, deployment, network_policy
from policies.networks.private_ranges import is_some_place, lies_inside
from policies.node import Node
from policies.observability.telemetry import names_no_vendor, reports_home, stays_in_the_region
from policies.parameters import Parameters
from policies.values import Secret
from policies.workloads.workload import Workload

OWN = ("collector.acme.ae",)


def reported(address: object, *more: Mapping[str, object], own: tuple[str, ...] = OWN) -> bool:
    """Whether a server may report to the address."""
    variable = {"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": address}
    workload = Workload(deployment([container(env=[variable, *more])]))
    return not list(reports_home(workload, own))


@pytest.mark.parametrize(
    "address",
    [
        "http://collector:4317",
        "collector:4317",
        "collector.monitoring.svc:4317",
        "http://collector.monitoring.svc.cluster.local",
        "10.20.0.1:4317",
        "http://[fd00::1]:4317",
        "localhost:4317",
        "https://aps-workspaces.me-central-1.amazonaws.com/workspaces/ws-1",
        "https://xray.me-central-1.api.aws",
        "https://acme-1234.uaenorth-1.ingest.monitor.azure.com",
        "https://uaecentral-0.in.applicationinsights.azure.com/",
        "https://collector.acme.ae",
        "https://logs.Collector.acme.ae/v1",
        Secret("collector:4317"),
    ],
)
def test_a_collector_of_the_cluster_the_region_or_the_operator_is_at_home(address: str) -> None:
    assert reported(address)


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        7,
        "http://",
        "http://[",
        "8.8.8.8:4317",
        "https://otlp.example.com",
        "https://monitoring.collector",
        "https://xray.eu-west-1.amazonaws.com",
        "https://me-central-1.amazonaws.com.example.com",
        "https://acme.westeurope-1.ingest.monitor.azure.com",
        "https://monitor.azure.com",
        "https://othercollector.acme.ae",
        "unix:///var/run/collector.sock",
    ],
)
def test_any_other_address_is_not(address: object) -> None:
    assert not reported(address)


def test_an_address_is_read_with_the_variables_it_is_made_of() -> None:
    node = {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}}
    name = {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}

    assert reported("http://$(NODE):4317", node)
    assert reported("http://$(NODE):4317", {"name": "NODE", "value": "10.0.0.1"})
    assert not reported("http://$(NODE):4317", {"name": "NODE", "value": "example.com"})
    assert not reported("http://$(NODE):4317", name)
    assert not reported("http://$(NODE):4317")


@pytest.mark.parametrize(
    ("arguments", "home"),
    [
        (["--trace-config=opentelemetry,url=collector:4318/v1/traces"], True),
        (["--trace-config=opentelemetry,url=https://otlp.example.com"], False),
        (["--trace-config", "opentelemetry,url=https://otlp.example.com"], False),
        (["--otlp-traces-endpoint=collector:4317"], True),
        (["--otlp-traces-endpoint=https://otlp.example.com"], False),
        (["--otlp-traces-endpoint", "collector:4317"], True),
        (["--otlp-traces-endpoint", "https://otlp.example.com"], False),
        (["--otlp-traces-endpoint"], True),
        (["--model-repository=/models"], True),
    ],
)
@pytest.mark.parametrize("part", ["args", "command"])
def test_traces_of_servers_go_where_their_arguments_say(part: str, arguments: list[str], home: bool) -> None:
    workload = Workload(deployment([container(**{part: arguments})]))

    assert (not list(reports_home(workload, OWN))) is home


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("https://http-intake.logs.datadoghq.eu/v1", True),
        ("DATADOGHQ.COM", True),
        ("logs.grafana.net", True),
        (Secret("api.honeycomb.io"), True),
        ("https://notdatadoghq.com", False),
        ("datadoghq.community", False),
        ("grafana", False),
    ],
)
def test_a_vendor_is_told_by_its_domain(text: str, named: bool) -> None:
    assert bool(list(names_no_vendor(Node({"exporters": [{"endpoint": text}]})))) is named


def test_a_stream_of_a_cloud_finds_no_names_of_a_cluster() -> None:
    addresses = {
        "https://search-acme.me-central-1.es.amazonaws.com": True,
        "jdbc:redshift://acme.abc.me-central-1.redshift.amazonaws.com:5439/logs": True,
        "https://collector.acme.ae": True,
        "collector": False,
        "collector.monitoring.svc": False,
        "10.0.0.1": False,
    }

    assert {text: not list(stays_in_the_region(Node(text), OWN)) for text in addresses} == addresses


@pytest.mark.parametrize("text", ["10.0.0.0/8", "10.1.2.3", "172.31.0.0/16", "100.64.0.0/10", "fd00::/8", "::1"])
def test_a_private_range_is_inside(text: str) -> None:
    assert lies_inside(text)


@pytest.mark.parametrize(
    "text",
    ["0.0.0.0/0", "10.0.0.0/7", "172.32.0.0/16", "8.8.8.8", "::/0", "::ffff:10.0.0.1", "2000::/3", "ten", "", None],
)
def test_any_other_range_is_not(text: object) -> None:
    assert not lies_inside(text)


def test_the_operator_may_name_more_ranges() -> None:
    more = (ip_network("203.0.113.0/24"), ip_network("2001:db8::/32"))

    assert lies_inside("203.0.113.7", more)
    assert lies_inside("2001:db8::1", more)
    assert not lies_inside("203.0.112.0/23", more)


def test_half_the_internet_is_no_place() -> None:
    assert [is_some_place(text) for text in ("203.0.113.0/24", "11.0.0.0/8", "2001:db8::/16")] == [True] * 3
    assert [is_some_place(text) for text in ("0.0.0.0/1", "8.0.0.0/7", "2000::/3", "pl-1", None)] == [False] * 5


def test_the_controls_ask_the_operators_configuration() -> None:
    sender = made("azure-native:monitor:DiagnosticSetting", workspaceId="/acme/logs")
    stream = made(
        "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
        httpEndpointConfiguration={"url": "https://collector.acme.ae"},
    )
    server = deployment([container(env=[{"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "collector.acme.ae"}])])
    peering = made("azure-native:network:VirtualNetworkPeering", remoteVirtualNetwork={"id": "/acme/hub"})
    policy = network_policy(egress=[{"to": [{"ipBlock": {"cidr": "203.0.113.7/32"}}]}])
    given: dict[type[Parameters], Parameters] = {
        res_015.Sinks: res_015.Sinks(in_the_uae=("/acme/logs",), hosts=OWN),
        res_017.Networks: res_017.Networks(in_the_uae=("/acme/hub",)),
        res_020.Reachable: res_020.Reachable.model_validate({"ranges": ["203.0.113.0/24"]}),
    }

    results = evaluate(
        [sender, stream, server, peering, policy],
        controls=[res_015.CONTROL, res_017.CONTROL, res_020.CONTROL],
        given=given,
    )

    assert [(result.verdict, result.findings) for result in results] == [(Verdict.PASS, ())] * 5
