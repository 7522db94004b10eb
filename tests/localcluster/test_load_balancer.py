from __future__ import annotations

import asyncio
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

import pytest

from falaj.localcluster.load_balancer import LoadBalancer, Service, read_service, refusals
from tests.localcluster.policy_agent.api_server import SERVICES, ApiServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.localcluster.policy_agent.oracle import Manifest

ADDRESS = "10.201.0.2"


def service(
    name: str,
    *ports: int,
    kind: str = "LoadBalancer",
    holding: str | None = None,
    created: str = "2026-01-01T00:00:00Z",
    **specification: object,
) -> Manifest:
    listed = [{"port": port, "protocol": "TCP"} for port in ports]
    return {
        "metadata": {"namespace": "acme", "name": name, "uid": f"uid-{name}", "creationTimestamp": created},
        "spec": {"type": kind, "ports": listed} | specification,
        "status": {"loadBalancer": {"ingress": [{"ip": holding, "ipMode": "VIP"}]} if holding else {}},
    }


def refused(*manifests: Manifest) -> dict[str, str]:
    return {one.name: reason for one, reason in refusals(map(read_service, manifests), ADDRESS).items()}


def test_reads_what_matters_of_a_service() -> None:
    assert read_service(service("web", 443, holding=ADDRESS)) == Service(
        "acme", "web", "uid-web", "2026-01-01T00:00:00Z", frozenset({("TCP", 443)}), True, (ADDRESS,)
    )


def test_services_on_different_ports_share_the_address() -> None:
    assert refused(service("web", 443), service("other", 80, 8443)) == {}


def test_the_same_port_of_another_protocol_is_another_port() -> None:
    assert refused(service("web", 443), service("quic", ports=[{"port": 443, "protocol": "UDP"}])) == {}


def test_the_older_of_two_services_gets_the_port() -> None:
    older, newer = service("older", 443), service("newer", 80, 443, created="2026-01-02T00:00:00Z")

    assert refused(newer, older) == {"newer": "TCP port 443 of 10.201.0.2 belongs to Service acme/older"}


def test_a_service_that_holds_the_port_keeps_it_from_an_older_one() -> None:
    older, holder = service("older", 443), service("holder", 443, created="2026-01-02T00:00:00Z", holding=ADDRESS)

    assert refused(older, holder) == {"older": "TCP port 443 of 10.201.0.2 belongs to Service acme/holder"}


def test_the_control_planes_ports_are_not_given_away() -> None:
    assert refused(service("web", 6443)) == {
        "web": "TCP port 6443 of 10.201.0.2 belongs to the node's own control plane"
    }


def test_services_of_other_kinds_claim_nothing() -> None:
    inside = service("inside", 443, kind="ClusterIP")
    foreign = service("foreign", 443, loadBalancerClass="example.org/other")

    assert refused(inside, foreign, service("web", 443)) == {}


@pytest.fixture
def server() -> Iterator[ApiServer]:
    made = ApiServer()
    yield made
    made.close()


def with_load_balancer(kubeconfig: Path, scenario: Callable[[], None]) -> None:
    """Runs the scenario, in a thread, beside a load balancer."""

    async def both() -> None:
        running = asyncio.create_task(LoadBalancer(IPv4Address(ADDRESS)).run(kubeconfig))
        try:
            await asyncio.to_thread(scenario)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    asyncio.run(both())


def test_gives_and_takes_the_address(server: ApiServer, tmp_path: Path) -> None:
    status = "/api/v1/namespaces/acme/services/web/status"
    given = {"metadata": {"uid": "uid-web"}, "status": {"loadBalancer": {"ingress": [{"ip": ADDRESS}]}}}
    taken = {"metadata": {"uid": "uid-web"}, "status": {"loadBalancer": {"ingress": None}}}

    def scenario() -> None:
        server.put(SERVICES, service("web", 443))
        assert server.written.get(timeout=20) == ("PATCH", status, given)
        server.put(SERVICES, service("web", 443, kind="ClusterIP", holding=ADDRESS))
        assert server.written.get(timeout=20) == ("PATCH", status, taken)

    with_load_balancer(server.kubeconfig(tmp_path / "kubeconfig"), scenario)


def test_a_second_claim_of_a_port_is_refused_once_by_an_event_and_met_when_the_port_is_free(
    server: ApiServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = service("first", 443, holding=ADDRESS), service("second", 443)
    server.put(SERVICES, first, second)
    reason = "TCP port 443 of 10.201.0.2 belongs to Service acme/first"

    def scenario() -> None:
        method, path, event = server.written.get(timeout=20)
        assert (method, path) == ("POST", "/api/v1/namespaces/acme/events")
        assert (event["type"], event["reason"]) == ("Warning", "AddressRefused")
        assert event["message"] == f"No load balancer address: {reason}"
        assert event["involvedObject"]["uid"] == "uid-second"
        server.put(SERVICES, service("third", 80, holding=ADDRESS))
        server.remove(SERVICES, first)
        method, path, _ = server.written.get(timeout=20)
        assert (method, path) == ("PATCH", "/api/v1/namespaces/acme/services/second/status")

    with_load_balancer(server.kubeconfig(tmp_path / "kubeconfig"), scenario)

    assert caplog.messages == [f"Service acme/second gets no address: {reason}"]


def test_takes_no_address_that_it_did_not_give(server: ApiServer, tmp_path: Path) -> None:
    server.put(SERVICES, service("foreign", 443, loadBalancerClass="example.org/other", holding="192.0.2.1"))

    def scenario() -> None:
        server.put(SERVICES, service("web", 443))
        assert server.written.get(timeout=20)[1] == "/api/v1/namespaces/acme/services/web/status"

    with_load_balancer(server.kubeconfig(tmp_path / "kubeconfig"), scenario)

    assert server.written.empty()


def test_waits_for_the_kubeconfig(server: ApiServer, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    server.put(SERVICES, service("web", 443))

    def scenario() -> None:
        server.kubeconfig(tmp_path / "unfinished")
        (tmp_path / "unfinished").rename(kubeconfig)  # as the cluster does: nobody reads half a file
        assert server.written.get(timeout=20)[0] == "PATCH"

    with_load_balancer(kubeconfig, scenario)

    assert set(caplog.messages) <= {
        f"cannot follow ServiceKind, trying again: ConfigError: Configuration file {kubeconfig} not found"
    }
