"""Sockets in several network namespaces, used from one process: what is sent, and what of it arrives."""

from __future__ import annotations

import ctypes
import os
import select
import socket
import subprocess
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from tests.localcluster.policy_agent.oracle import Packet

Result = TypeVar("Result")

PATIENCE_SECONDS = 0.25
"""How long a packet that was dropped is waited for. One that passes needs a thousandth of it."""

KINDS = {"TCP": socket.SOCK_STREAM, "UDP": socket.SOCK_DGRAM}

_setns = ctypes.CDLL(None, use_errno=True).setns


class Namespace:
    """A network namespace that sockets and commands can be put into."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def inside(self, work: Callable[[], Result]) -> Result:
        """Does the work in a thread that lives in this namespace; sockets made and programs run there stay in it."""
        outcome: list[Result] = []
        thread = threading.Thread(target=lambda: outcome.append(self._enter_and(work)))
        thread.start()
        thread.join()
        return outcome[0]

    def _enter_and(self, work: Callable[[], Result]) -> Result:
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            if _setns(descriptor, 0):
                raise OSError(ctypes.get_errno(), f"setns {self.path}")
            return work()
        finally:
            os.close(descriptor)

    def run(self, *command: str, text: str = "", **environment: str) -> str:
        return subprocess.run(
            ["nsenter", f"--net={self.path}", *command],
            check=True,
            input=text,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        ).stdout

    def socket(self, kind: socket.SocketKind, family: socket.AddressFamily = socket.AF_INET) -> socket.socket:
        return self.inside(lambda: socket.socket(family, kind))


class Network:
    """Namespaces by the address that each has, with the servers that listen in them."""

    def __init__(self) -> None:
        self.namespaces: dict[str, Namespace] = {}
        self.listeners: dict[tuple[str, str, int], socket.socket] = {}

    def close(self) -> None:
        for listener in self.listeners.values():
            listener.close()

    def listen(self, address: str, protocol: str, port: int) -> None:
        """Opens a server in the namespace that the address belongs to; the kernel answers for it."""
        server = self.namespaces[address].socket(KINDS[protocol])
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("", port))
        if protocol == "TCP":
            server.listen(1024)
        server.setblocking(False)
        self.listeners[address, protocol, port] = server

    def passing(self, packets: Iterable[Packet]) -> set[Packet]:
        """Sends all packets at once, each as the first of a connection of its own; returns those that arrive."""
        asked = list(packets)
        tcp = {self._connect(packet): packet for packet in asked if packet.protocol == "TCP"}
        udp = {f"{index}".encode(): packet for index, packet in enumerate(asked) if packet.protocol == "UDP"}
        senders = [self._send(packet, content) for content, packet in udp.items()]
        arrived = {tcp[client] for client in self._connected(tcp)} | {udp[content] for content in self._received(udp)}
        for one in (*tcp, *senders):
            one.close()
        return arrived

    def _connect(self, packet: Packet) -> socket.socket:
        client = self.namespaces[packet.source].socket(socket.SOCK_STREAM)
        client.setblocking(False)
        client.connect_ex((packet.destination, packet.port))
        return client

    def _send(self, packet: Packet, content: bytes) -> socket.socket:
        client = self.namespaces[packet.source].socket(socket.SOCK_DGRAM)
        client.sendto(content, (packet.destination, packet.port))
        return client

    @staticmethod
    def _connected(clients: Iterable[socket.socket]) -> Iterator[socket.socket]:
        waiting = set(clients)
        while waiting:
            _, ready, _ = select.select([], waiting, [], PATIENCE_SECONDS)
            if not ready:
                return
            waiting -= set(ready)
            yield from (client for client in ready if not client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))

    def _received(self, contents: Iterable[bytes]) -> Iterator[bytes]:
        waiting = set(contents)
        servers = [server for (_, protocol, _), server in self.listeners.items() if protocol == "UDP"]
        while waiting:
            ready, _, _ = select.select(servers, [], [], PATIENCE_SECONDS)
            if not ready:
                return
            received = {server.recv(64) for server in ready}
            waiting -= received
            yield from received


class Trickle:
    """Sends datagrams to one port, each from a new socket, from entering the block to leaving it."""

    def __init__(self, network: Network, source: str, destination: str, port: int) -> None:
        self.sent = self.arrived = 0
        self._server = network.listeners[destination, "UDP", port]
        self._make = network.namespaces[source].socket
        self._destination = (destination, port)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Trickle:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._collect(PATIENCE_SECONDS)

    def _run(self) -> None:
        while not self._stop.is_set():
            with self._make(socket.SOCK_DGRAM) as client:
                client.sendto(b"drop", self._destination)
            self.sent += 1
            self._collect(0.001)

    def _collect(self, patience: float) -> None:
        while select.select([self._server], [], [], patience)[0]:
            self._server.recv(64)
            self.arrived += 1
