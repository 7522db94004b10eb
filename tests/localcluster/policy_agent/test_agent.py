from __future__ import annotations

import asyncio
import logging
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

import pytest

from falaj.errors import MachineError
from falaj.localcluster.policy_agent import agent, kernel
from falaj.localcluster.policy_agent.agent import Agent
from falaj.localcluster.policy_agent.rules import RuleSet
from tests.localcluster.policy_agent.api_server import NAMESPACES, PODS, POLICIES, ApiServer
from tests.localcluster.policy_agent.manifests import namespace, pod, policy
from tests.localcluster.policy_agent.oracle import POD_NETWORK

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

ONE, TWO = IPv4Address("10.244.0.2"), IPv4Address("10.244.0.3")


class Kernel:
    """Stands in for the kernel: remembers what it was given."""

    def __init__(self) -> None:
        self.rules: RuleSet | None = None
        self.forgotten: list[IPv4Address] = []
        self.refusals = 0
        self.times = 0

    def enforce(self, rules: RuleSet) -> None:
        if self.refusals:
            self.refusals -= 1
            raise MachineError("no", code="FAL-NET-002", where="policy agent", hint="later")
        self.rules = rules
        self.times += 1

    def owners(self) -> dict[IPv4Address, str]:
        return {} if self.rules is None else dict(self.rules.pods)

    def in_force(self) -> bool:
        return self.rules is not None

    def close_if_open(self, pod_network: object) -> None:
        assert pod_network == POD_NETWORK
        if self.rules is None:
            self.rules = RuleSet(POD_NETWORK)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    made = Kernel()
    monkeypatch.setattr(kernel, "enforce", made.enforce)
    monkeypatch.setattr(kernel, "in_force", made.in_force)
    monkeypatch.setattr(kernel, "owners", made.owners)
    monkeypatch.setattr(kernel, "close_if_open", made.close_if_open)
    monkeypatch.setattr(kernel, "require_features", lambda _: None)
    monkeypatch.setattr(kernel, "forget_connections", made.forgotten.extend)
    return made


@pytest.fixture
def server() -> Iterator[ApiServer]:
    made = ApiServer()
    yield made
    made.close()


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not happened():  # noqa: ASYNC110 - what happens, happens in a thread of the server
            await asyncio.sleep(0.01)


def with_agent(kubeconfig: Path, scenario: Callable[[], Awaitable[None]]) -> None:
    """Runs the scenario beside an agent."""

    async def both() -> None:
        running = asyncio.create_task(Agent(POD_NETWORK).run(kubeconfig))
        try:
            await scenario()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    asyncio.run(both())


def test_follows_pods_and_policies(server: ApiServer, fake: Kernel, tmp_path: Path) -> None:
    server.put(NAMESPACES, namespace("acme"))
    server.put(PODS, pod("web", "10.244.0.2"))
    deny = policy("deny")

    async def scenario() -> None:
        await until(lambda: fake.rules is not None and fake.rules.ingress == {ONE: None})
        server.put(POLICIES, deny)
        await until(lambda: fake.rules is not None and fake.rules.ingress == {ONE: frozenset()})
        server.put(PODS, pod("late", None), pod("late", "10.244.0.3"))
        await until(lambda: fake.rules is not None and set(fake.rules.pods) == {ONE, TWO})
        server.remove(POLICIES, deny)
        await until(lambda: fake.rules is not None and fake.rules.ingress == {ONE: None, TWO: None})
        server.remove(PODS, pod("web", "10.244.0.2"))
        await until(lambda: fake.rules is not None and set(fake.rules.pods) == {TWO})
        await until(lambda: fake.forgotten == [ONE])

    with_agent(server.kubeconfig(tmp_path / "kubeconfig"), scenario)


def test_closes_the_network_before_it_reaches_the_server(fake: Kernel, tmp_path: Path) -> None:
    async def scenario() -> None:
        await until(lambda: fake.rules == RuleSet(POD_NETWORK))

    with_agent(tmp_path / "not-there-yet", scenario)


def test_waits_for_the_kubeconfig(
    server: ApiServer, fake: Kernel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    server.put(PODS, pod("web", "10.244.0.2"))

    async def scenario() -> None:
        await until(lambda: len(caplog.messages) == 3)
        server.kubeconfig(kubeconfig)
        await until(lambda: fake.rules is not None and set(fake.rules.pods) == {ONE})

    with_agent(kubeconfig, scenario)

    assert sorted(caplog.messages) == [
        f"cannot follow {kind}, trying again: ConfigError: Configuration file {kubeconfig} not found"
        for kind in ("NamespaceKind", "PodKind", "PolicyKind")
    ]


def test_knows_no_pod_while_policies_cannot_be_read(server: ApiServer, fake: Kernel, tmp_path: Path) -> None:
    server.refused.add(POLICIES)
    server.put(PODS, pod("web", "10.244.0.2"))

    async def scenario() -> None:
        await until(lambda: bool(server.watchers[PODS] and server.watchers[NAMESPACES]))
        await asyncio.sleep(0.2)
        assert fake.rules == RuleSet(POD_NETWORK)
        server.refused.clear()
        await until(lambda: fake.rules is not None and set(fake.rules.pods) == {ONE})

    with_agent(server.kubeconfig(tmp_path / "kubeconfig"), scenario)


@pytest.mark.parametrize("disturb", [ApiServer.cut_off, lambda server: server.fail_watches(PODS)])
def test_catches_up_after_a_broken_watch(
    disturb: Callable[[ApiServer], None], server: ApiServer, fake: Kernel, tmp_path: Path
) -> None:
    server.put(PODS, pod("web", "10.244.0.2"))

    async def scenario() -> None:
        await until(lambda: fake.rules is not None and set(fake.rules.pods) == {ONE} and bool(server.watchers[PODS]))
        disturb(server)
        server.put(PODS, pod("late", "10.244.0.3"))
        await until(lambda: fake.rules is not None and set(fake.rules.pods) == {ONE, TWO})

    with_agent(server.kubeconfig(tmp_path / "kubeconfig"), scenario)


def test_tries_again_when_the_kernel_refuses(
    server: ApiServer, fake: Kernel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fake.refusals = 2
    server.put(PODS, pod("web", "10.244.0.2"))

    async def scenario() -> None:
        await until(lambda: fake.rules is not None and set(fake.rules.pods) == {ONE})

    with_agent(server.kubeconfig(tmp_path / "kubeconfig"), scenario)

    complaint = "the rules before stay in force: FAL-NET-002  policy agent\n  no\n  Next: later"
    assert caplog.messages == [complaint, complaint]


def test_names_what_it_does_not_understand_once(
    server: ApiServer, fake: Kernel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.put(POLICIES, policy("odd", policyTypes=["Sideways"]))
    server.put(PODS, pod("web", "10.244.0.2"), pod("twin", "10.244.0.2"))

    async def scenario() -> None:
        await until(lambda: fake.times == 1)
        server.put(PODS, pod("late", "10.244.0.3"))
        await until(lambda: fake.times == 2)

    with_agent(server.kubeconfig(tmp_path / "kubeconfig"), scenario)

    assert [record.message for record in caplog.records if record.levelno == logging.WARNING] == [
        "10.244.0.2 is claimed by several pods, so it gets no traffic",
        (
            "NetworkPolicy acme/odd is not understood, so it isolates and allows nothing: "
            "policyTypes.0: Input should be 'Ingress' or 'Egress'"
        ),
    ]


def test_leaves_the_kernel_alone_when_nothing_of_interest_changed(
    server: ApiServer, fake: Kernel, tmp_path: Path
) -> None:
    server.put(PODS, pod("web", "10.244.0.2"))

    async def scenario() -> None:
        await until(lambda: fake.times == 1)
        server.put(PODS, pod("web", "10.244.0.2") | {"spec": {"containers": [], "nodeName": "node"}})
        server.put(NAMESPACES, namespace("other"))
        server.put(PODS, pod("late", "10.244.0.3"))
        await until(lambda: fake.rules is not None and set(fake.rules.pods) == {ONE, TWO})

    with_agent(server.kubeconfig(tmp_path / "kubeconfig"), scenario)

    assert fake.times == 2


def test_forgets_connections_of_addresses_that_changed_hands_while_it_was_away(
    server: ApiServer, fake: Kernel, tmp_path: Path
) -> None:
    fake.rules = RuleSet(POD_NETWORK, {ONE: "uid-before acme/before", TWO: "uid-same acme/same"})
    server.put(PODS, pod("web", "10.244.0.2"), pod("same", "10.244.0.3"))

    async def scenario() -> None:
        await until(lambda: fake.forgotten == [ONE])

    with_agent(server.kubeconfig(tmp_path / "kubeconfig"), scenario)


def test_an_empty_cluster_replaces_the_rules_that_an_earlier_agent_left(
    server: ApiServer, fake: Kernel, tmp_path: Path
) -> None:
    fake.rules = RuleSet(POD_NETWORK, {ONE: "uid-before acme/before"}, {ONE: None}, {ONE: None})

    async def scenario() -> None:
        await until(lambda: fake.rules == RuleSet(POD_NETWORK))

    with_agent(server.kubeconfig(tmp_path / "kubeconfig"), scenario)


def test_puts_the_rules_back_when_somebody_removes_them(
    server: ApiServer, fake: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent, "CHECK_SECONDS", 0.05)
    server.put(PODS, pod("web", "10.244.0.2"))

    async def scenario() -> None:
        await until(lambda: fake.times == 1)
        fake.rules = None
        await until(lambda: fake.rules is not None and set(fake.rules.pods) == {ONE})

    with_agent(server.kubeconfig(tmp_path / "kubeconfig"), scenario)
