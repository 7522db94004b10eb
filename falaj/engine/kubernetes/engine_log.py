"""Messages to whoever runs the provider."""

from __future__ import annotations

import threading

import grpc

from falaj.engine.protocol import engine_pb2, engine_pb2_grpc


class EngineLog:
    """Sends messages to the engine's log. Without an engine, and when it does not answer, they are dropped."""

    def __init__(self, address: str = "") -> None:
        self._lock = threading.Lock()
        self._address = ""
        self._channel: grpc.Channel | None = None
        self._stub: engine_pb2_grpc.EngineStub | None = None
        self.connect(address)

    def connect(self, address: str) -> None:
        """Send to the engine at this address from now on; an empty one changes nothing."""
        with self._lock:
            if address and address != self._address:
                self._disconnect()
                self._address = address
                self._channel = grpc.insecure_channel(address)
                self._stub = engine_pb2_grpc.EngineStub(self._channel)

    def close(self) -> None:
        """Drop every message from now on."""
        with self._lock:
            self._disconnect()

    def status(self, urn: str, message: str) -> None:
        """Show what is going on with a resource until the next status replaces it."""
        self._send(urn, message, engine_pb2.INFO, ephemeral=True)

    def warn(self, urn: str, message: str) -> None:
        """Show a warning about a resource."""
        self._send(urn, message, engine_pb2.WARNING, ephemeral=False)

    def _disconnect(self) -> None:
        self._stub = None
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def _send(self, urn: str, message: str, severity: engine_pb2.LogSeverity.ValueType, *, ephemeral: bool) -> None:
        stub = self._stub
        if stub is None:
            return
        request = engine_pb2.LogRequest(severity=severity, message=message, urn=urn, ephemeral=ephemeral)
        try:
            stub.Log(request, timeout=5)
        except grpc.RpcError:
            self._stub = None
