"""Gives every Service of type LoadBalancer the node's address, as a cloud would give it one of its own.

kube-proxy does the routing. One address has each port once: the Service that holds a port keeps it, then the oldest
one gets it, and the others are told so by an event and get no address.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING, Never

from lightkube import ApiError, AsyncClient
from lightkube.generic_resource import GenericNamespacedResource, create_api_info
from lightkube.models.core_v1 import EventSource, ObjectReference
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources import core_v1
from lightkube.types import PatchType

from falaj.localcluster.policy_agent.reflector import RETRY_SECONDS, Manifest, Reflector, connect

if TYPE_CHECKING:
    from collections.abc import Iterable

Port = tuple[str, int]

CONTROL_PLANE = "the node's own control plane"
CONTROL_PLANE_PORTS: frozenset[Port] = frozenset(
    ("TCP", number) for number in (2379, 2380, 6443, 10250, 10256, 10257, 10259)
)
"""A Service on one of these would draw the node's own traffic to its pods.

Source: https://kubernetes.io/docs/reference/networking/ports-and-protocols/
"""

GONE = frozenset({404, 409})
"""What the server answers when the Service was deleted or made anew meanwhile; the watch tells the rest."""

log = logging.getLogger(__name__)


class ServiceKind(GenericNamespacedResource):
    """Services, as JSON gave them."""

    _api_info = create_api_info("", "v1", "Service", "services")


@dataclass(frozen=True, slots=True)
class Service:
    """A Service as far as addresses go."""

    namespace: str
    name: str
    identifier: str
    created: str
    ports: frozenset[Port]
    wanting: bool
    """Whether it is of type LoadBalancer and asks for no particular class of it."""
    holding: tuple[str, ...]
    """The addresses in its status."""


def read_service(manifest: Manifest) -> Service:
    """Reads a Service."""
    metadata, specification = manifest["metadata"], manifest["spec"]
    ingress = manifest.get("status", {}).get("loadBalancer", {}).get("ingress", [])
    return Service(
        metadata["namespace"],
        metadata["name"],
        metadata["uid"],
        metadata["creationTimestamp"],
        frozenset((port.get("protocol", "TCP"), port["port"]) for port in specification.get("ports", [])),
        specification.get("type") == "LoadBalancer" and "loadBalancerClass" not in specification,
        tuple(entry.get("ip", "") for entry in ingress),
    )


def refusals(services: Iterable[Service], address: str) -> dict[Service, str]:
    """The Services that can't have the address, each with the reason."""
    holders = dict.fromkeys(CONTROL_PLANE_PORTS, CONTROL_PLANE)
    refused = {}
    wanting = (service for service in services if service.wanting)
    for service in sorted(wanting, key=lambda one: (address not in one.holding, one.created, one.namespace, one.name)):
        taken = sorted(service.ports & holders.keys())
        if taken:
            protocol, number = taken[0]
            refused[service] = f"{protocol} port {number} of {address} belongs to {holders[taken[0]]}"
        else:
            holders |= dict.fromkeys(service.ports, f"Service {service.namespace}/{service.name}")
    return refused


class LoadBalancer:
    """Keeps the status of every Service of type LoadBalancer as ``refusals`` has it."""

    def __init__(self, address: IPv4Address) -> None:
        self._address = str(address)
        self._changed = asyncio.Event()
        self._services = Reflector(ServiceKind, read_service, self._changed.set)
        self._told: set[tuple[str, str]] = set()

    async def run(self, kubeconfig: Path) -> None:
        """Follows the Services until cancelled."""
        await asyncio.gather(self._services.follow(kubeconfig), self._assign(kubeconfig))

    async def _assign(self, kubeconfig: Path) -> Never:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                async with connect(kubeconfig) as client:
                    await self._bring_up_to_date(client)
            except Exception as error:  # noqa: BLE001 - whatever the server answers, the same is tried again
                log.warning("cannot assign addresses, trying again: %s: %s", type(error).__name__, error)
                await asyncio.sleep(RETRY_SECONDS)
                self._changed.set()

    async def _bring_up_to_date(self, client: AsyncClient) -> None:
        services = list(self._services.objects.values())
        refused = refusals(services, self._address)
        for service in services:
            wanted = (self._address,) if service.wanting and service not in refused else ()
            if service.holding != wanted and (wanted or self._address in service.holding):
                await self._set_addresses(client, service, wanted)
        for service, reason in refused.items():
            if (service.identifier, reason) not in self._told:
                self._told.add((service.identifier, reason))
                log.warning("Service %s/%s gets no address: %s", service.namespace, service.name, reason)
                await client.create(_event(service, reason))

    async def _set_addresses(self, client: AsyncClient, service: Service, addresses: tuple[str, ...]) -> None:
        status = {"loadBalancer": {"ingress": [{"ip": address} for address in addresses] or None}}
        log.info("Service %s/%s: %s", service.namespace, service.name, ", ".join(addresses) or "no address")
        try:
            await client.patch(
                core_v1.Service.Status,
                service.name,
                {"metadata": {"uid": service.identifier}, "status": status},
                namespace=service.namespace,
                patch_type=PatchType.MERGE,
            )
        except ApiError as error:
            if error.status.code not in GONE:
                raise


def _event(service: Service, reason: str) -> core_v1.Event:
    now = datetime.now(UTC)
    return core_v1.Event(
        metadata=ObjectMeta(generateName=f"{service.name}.", namespace=service.namespace),
        involvedObject=ObjectReference(
            apiVersion="v1",
            kind="Service",
            namespace=service.namespace,
            name=service.name,
            uid=service.identifier,
        ),
        reason="AddressRefused",
        message=f"No load balancer address: {reason}",
        type="Warning",
        source=EventSource(component="falaj-load-balancer"),
        firstTimestamp=now,
        lastTimestamp=now,
        count=1,
    )


def main() -> int:
    """Assigns addresses until it is stopped."""
    parser = argparse.ArgumentParser(prog="python -m falaj.localcluster.load_balancer", description=__doc__)
    parser.add_argument("--kubeconfig", type=Path, required=True, help="file; may appear later than this process")
    parser.add_argument("--address", type=IPv4Address, required=True, help="the node's, which all Services share")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    with suppress(KeyboardInterrupt):
        asyncio.run(LoadBalancer(arguments.address).run(arguments.kubeconfig))
    return 0


if __name__ == "__main__":
    sys.exit(main())
