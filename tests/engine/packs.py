"""Writes policy packs for the tests: a small analyzer over real gRPC, with a behaviour of its own."""

from __future__ import annotations

import textwrap
from pathlib import Path

_PACK = """
import os, sys, time
from concurrent import futures
import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import analyzer_pb2 as a, analyzer_pb2_grpc, plugin_pb2

LOG = {log!r}
def note(*words):
    with open(LOG, "a") as file:
        file.write(" ".join(str(word) for word in words) + "\\n")
def verdict(message, level=a.MANDATORY, urn="", policy="T-001"):
    return a.AnalyzeDiagnostic(policyName=policy, policyPackName="pack", description="a test", message=message,
                               enforcementLevel=level, urn=urn, severity=a.POLICY_SEVERITY_HIGH)
class Pack(analyzer_pb2_grpc.AnalyzerServicer):
    def Handshake(self, request, context):
        return a.AnalyzerHandshakeResponse()
    def ConfigureStack(self, request, context):
        note("ConfigureStack", request.project, request.stack, request.dry_run, dict(request.config))
        return a.AnalyzerStackConfigureResponse()
    def GetPluginInfo(self, request, context):
        note("GetPluginInfo")
        return plugin_pb2.PluginInfo(version="1.0.0")
    def GetAnalyzerInfo(self, request, context):
        note("GetAnalyzerInfo")
        return a.AnalyzerInfo(name="pack", policies=self.info())
    def Configure(self, request, context):
        note("Configure", sorted(request.policyConfig))
        return Empty()
    def Remediate(self, request, context):
        note("Remediate", request.type, request.name)
        return self.remediate(request)
    def info(self):
        return [a.PolicyInfo(name="T-001", enforcementLevel=a.MANDATORY)]
    def remediate(self, request):
        return a.RemediateResponse()
    def Analyze(self, request, context):
        note("Analyze", request.type, request.name)
        return a.AnalyzeResponse(diagnostics=self.analyze(request))
    def analyze(self, request):
        return []
    def AnalyzeStack(self, request, context):
        note("AnalyzeStack", len(request.resources))
        return a.AnalyzeResponse(diagnostics=self.analyze_stack(request))
    def analyze_stack(self, request):
        return []
    def Cancel(self, request, context):
        note("Cancel")
        return Empty()
"""
_SERVE = """
server = grpc.server(futures.ThreadPoolExecutor(8))
analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Mine(), server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(port, flush=True)
server.wait_for_termination()
"""


def write_pack(directory: Path, behaviour: str = "pass") -> tuple[Path, Path]:
    """A policy pack whose analyzer class has ``behaviour`` as its body, and the file that it logs its calls to."""
    directory.mkdir()
    log = directory / "calls"
    (directory / "PulumiPolicy.yaml").write_text("runtime: python\n", encoding="utf-8")
    body = textwrap.indent(textwrap.dedent(behaviour), "    ")
    source = _PACK.format(log=str(log)) + f"class Mine(Pack):\n{body}\n" + _SERVE
    (directory / "__main__.py").write_text(source, encoding="utf-8")
    return directory, log
