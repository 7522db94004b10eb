"""Pulumi's Engine service: messages from the program and plugins, and the name of the root resource."""

from __future__ import annotations

import grpc
from google.protobuf.empty_pb2 import Empty

from falaj.engine.deployment import Emitter
from falaj.engine.events import Severity
from falaj.engine.protocol import engine_pb2, engine_pb2_grpc

_SEVERITIES = {
    engine_pb2.DEBUG: Severity.DEBUG,
    engine_pb2.INFO: Severity.INFO,
    engine_pb2.WARNING: Severity.WARNING,
    engine_pb2.ERROR: Severity.ERROR,
}


class EngineService(engine_pb2_grpc.EngineServicer):
    """Passes messages on; with ``keep_errors``, for the program, errors are kept to be told with its failure."""

    def __init__(self, emit: Emitter, *, keep_errors: bool) -> None:
        self._emit = emit
        self._keep_errors = keep_errors
        self._root = ""
        self.errors: list[str] = []

    def Log(self, request: engine_pb2.LogRequest, context: grpc.ServicerContext) -> Empty:  # noqa: N802 - gRPC
        """Pass a message on, or keep it."""
        del context
        if self._keep_errors and request.severity == engine_pb2.ERROR:
            self.errors.append(request.message)
        else:
            self._emit.diagnostic(_SEVERITIES[request.severity], request.message, request.urn)
        return Empty()

    def GetRootResource(  # noqa: N802 - gRPC
        self, request: engine_pb2.GetRootResourceRequest, context: grpc.ServicerContext
    ) -> engine_pb2.GetRootResourceResponse:
        """The root resource's URN."""
        del request, context
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def SetRootResource(  # noqa: N802 - gRPC
        self, request: engine_pb2.SetRootResourceRequest, context: grpc.ServicerContext
    ) -> engine_pb2.SetRootResourceResponse:
        """Remember the root resource's URN."""
        del context
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def StartDebugging(  # noqa: N802 - gRPC
        self, request: engine_pb2.StartDebuggingRequest, context: grpc.ServicerContext
    ) -> Empty:
        """Refuse: there is no debugger to attach."""
        del request
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "the embedded engine attaches no debugger")

    def RequirePulumiVersion(  # noqa: N802 - gRPC
        self, request: engine_pb2.RequirePulumiVersionRequest, context: grpc.ServicerContext
    ) -> engine_pb2.RequirePulumiVersionResponse:
        """Refuse: the embedded engine is no version of the Pulumi CLI."""
        message = (
            f"the program requires the Pulumi CLI {request.pulumi_version_range}; "
            "the embedded engine is none: run this stack with `pulumi up`"
        )
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, message)
