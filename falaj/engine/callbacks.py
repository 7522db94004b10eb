"""Functions of the program that the engine calls back: transforms and hooks."""

from __future__ import annotations

import threading
from typing import TypeVar

import grpc
from google.protobuf.message import Message

from falaj.engine.deployment import Deployment, ResourceError
from falaj.engine.events import Severity
from falaj.engine.plugin_process import CHANNEL_OPTIONS
from falaj.engine.protocol import callback_pb2, callback_pb2_grpc, resource_pb2
from falaj.engine.resource_state import ResourceState
from falaj.engine.wire import encode

Response = TypeVar("Response", bound=Message)


class CallbackError(Exception):
    """A function of the program failed; the text is the program's."""


class Callbacks:
    """Calls functions that the program serves, each program on its own address."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._channels: dict[str, grpc.Channel] = {}

    def call(self, callback: callback_pb2.Callback, request: Message, response: Response) -> Response:
        """The function's answer. Raises ``CallbackError`` when it fails."""
        with self._lock:
            channel = self._channels.get(callback.target)
            if channel is None:
                channel = grpc.insecure_channel(callback.target, options=list(CHANNEL_OPTIONS))
                self._channels[callback.target] = channel
        message = callback_pb2.CallbackInvokeRequest(token=callback.token, request=request.SerializeToString())
        try:
            answer = callback_pb2_grpc.CallbacksStub(channel).Invoke(message)
        except grpc.RpcError as error:
            raise CallbackError(error.details() or str(error.code())) from error
        response.ParseFromString(answer.response)
        return response

    def close(self) -> None:
        """Close every channel."""
        for channel in self._channels.values():
            channel.close()


class Hooks:
    """The program's resource hooks, run before and after steps."""

    def __init__(self, deployment: Deployment, callbacks: Callbacks) -> None:
        self._deployment = deployment
        self._callbacks = callbacks
        self._registered: dict[str, resource_pb2.RegisterResourceHookRequest] = {}

    def register(self, request: resource_pb2.RegisterResourceHookRequest) -> None:
        """Remember a hook by its name."""
        self._registered[request.name] = request

    def run(self, kind: str, old: ResourceState | None, new: ResourceState | None) -> None:
        """Run a resource's hooks of this kind, such as ``BeforeCreate``. Raises ``ResourceError`` when one fails."""
        state = new or old
        if state is None:
            return
        for name in state.hooks.get(kind, []):
            hook = self._registered.get(name)
            if hook is None:
                raise ResourceError(
                    f"its {kind} hook {name} is not registered: the program that has it must run, "
                    "so take the hook off with an update before destroying, or destroy with the Pulumi CLI"
                )
            if self._deployment.dry_run and not hook.on_dry_run:
                continue
            self._run_one(hook, old, new, state)

    def _run_one(
        self,
        hook: resource_pb2.RegisterResourceHookRequest,
        old: ResourceState | None,
        new: ResourceState | None,
        state: ResourceState,
    ) -> None:
        request = resource_pb2.ResourceHookRequest(
            urn=state.urn, id=state.id, name=state.urn.rpartition("::")[2], type=state.type
        )
        if new is not None:
            request.new_inputs.CopyFrom(encode(new.inputs))
            request.new_outputs.CopyFrom(encode(new.outputs))
        if old is not None:
            request.old_inputs.CopyFrom(encode(old.inputs))
            request.old_outputs.CopyFrom(encode(old.outputs))
        try:
            response = self._callbacks.call(hook.callback, request, resource_pb2.ResourceHookResponse())
            problem = response.error
        except CallbackError as error:
            problem = str(error)
        if not problem:
            return
        message = f"hook {hook.name} failed: {problem}"
        if hook.ignore_errors:
            self._deployment.emit.diagnostic(Severity.WARNING, message, state.urn)
            return
        raise ResourceError(message)
