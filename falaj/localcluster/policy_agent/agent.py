"""Keeps the kernel's rules equal to what the API server says."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Never

from lightkube.generic_resource import GenericNamespacedResource, create_api_info

from falaj.errors import MachineError
from falaj.localcluster.policy_agent import kernel
from falaj.localcluster.policy_agent.compiler import compile_rules
from falaj.localcluster.policy_agent.policy import read_policy
from falaj.localcluster.policy_agent.reflector import RETRY_SECONDS, Reflector
from falaj.localcluster.policy_agent.rules import RuleSet
from falaj.localcluster.policy_agent.snapshot import Snapshot, read_namespace, read_pod

if TYPE_CHECKING:
    from ipaddress import IPv4Network
    from pathlib import Path

GATHER_SECONDS = 0.02
"""How long changes are gathered before they are applied together."""
CHECK_SECONDS = 10.0
"""How often a quiet agent looks whether its rules are still there."""

log = logging.getLogger(__name__)


class PodKind(GenericNamespacedResource):
    """Pods, as JSON gave them."""

    _api_info = create_api_info("", "v1", "Pod", "pods")


class NamespaceKind(GenericNamespacedResource):
    """Namespaces, as JSON gave them."""

    _api_info = create_api_info("", "v1", "Namespace", "namespaces")


class PolicyKind(GenericNamespacedResource):
    """Network policies, as JSON gave them."""

    _api_info = create_api_info("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies")


class Agent:
    """Enforces every NetworkPolicy of one cluster on the pods of ``pod_network``, which are this node's.

    Pods of ``cluster_network`` are known as peers; their own node enforces what is said of them.

    New rules are made only while pods, namespaces and policies are all in step with the API server; until then the
    last ones stay, and a pod that they do not know keeps quiet.
    """

    def __init__(self, pod_network: IPv4Network, cluster_network: IPv4Network | None = None) -> None:
        self._changed = asyncio.Event()
        self._pods = Reflector(PodKind, read_pod, self._changed.set)
        self._namespaces = Reflector(NamespaceKind, read_namespace, self._changed.set)
        self._policies = Reflector(PolicyKind, read_policy, self._changed.set)
        self._pod_network = pod_network
        self._cluster_network = cluster_network or pod_network
        self._rules: RuleSet | None = None
        self._complaints: frozenset[str] = frozenset()

    async def run(self, kubeconfig: Path) -> None:
        """Closes the pod network if nothing is in force yet, then enforces until cancelled."""
        kernel.require_features(self._pod_network)
        kernel.close_if_open(self._pod_network)
        reflectors = (self._pods, self._namespaces, self._policies)
        await asyncio.gather(*(reflector.follow(kubeconfig) for reflector in reflectors), self._enforce())

    async def _enforce(self) -> Never:
        while True:
            try:
                if await self._something_changed():
                    self._bring_up_to_date()
                else:
                    self._put_back()
            except MachineError as error:
                log.error("the rules before stay in force: %s", error)  # noqa: TRY400 - the message is the whole story
                await asyncio.sleep(RETRY_SECONDS)
                self._changed.set()

    async def _something_changed(self) -> bool:
        """Waits for a change and those that come with it; false when there was none for a while."""
        try:
            await asyncio.wait_for(self._changed.wait(), CHECK_SECONDS)
        except TimeoutError:
            return False
        await asyncio.sleep(GATHER_SECONDS)
        self._changed.clear()
        return True

    def _bring_up_to_date(self) -> None:
        if not (self._pods.in_step and self._namespaces.in_step and self._policies.in_step):
            return
        snapshot = self._snapshot()
        rules = compile_rules(snapshot, self._pod_network, self._cluster_network)
        self._complain(snapshot, rules)
        if rules == self._rules:
            return
        before = kernel.owners()
        kernel.enforce(rules)
        kernel.forget_connections(address for address, owner in before.items() if rules.pods.get(address) != owner)
        self._rules = rules
        log.info("in force: %d policies on %d pods", len(snapshot.policies), len(rules.pods))

    def _put_back(self) -> None:
        if not kernel.in_force():
            log.warning("somebody removed the rules; putting them back")
            kernel.enforce(self._rules or RuleSet(self._pod_network))

    def _snapshot(self) -> Snapshot:
        return Snapshot(
            tuple(self._pods.objects.values()),
            {name: labels for (_, name), labels in self._namespaces.objects.items()},
            tuple(self._policies.objects.values()),
        )

    def _complain(self, snapshot: Snapshot, rules: RuleSet) -> None:
        """Says once, not at every change, what is wrong with a policy or an address."""
        complaints = frozenset(
            f"NetworkPolicy {policy.namespace}/{policy.name} is not understood, so it isolates and allows nothing: "
            f"{policy.problem}"
            for policy in snapshot.policies
            if policy.problem
        ) | frozenset(f"{address} is claimed by several pods, so it gets no traffic" for address in rules.contested)
        for complaint in sorted(complaints - self._complaints):
            log.warning("%s", complaint)
        self._complaints = complaints
