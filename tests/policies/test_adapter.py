"""The pack over the engine's own protocol, started the way the engine starts it."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from google.protobuf import json_format
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

import policies
from policies.analyzer.adapter import PACK, VERSION, Analyzer
from policies.analyzer.server import calls, listen
from policies.analyzer.wire import SECRET, SIGNATURE, UNKNOWNS
from policies.controls import load, named
from policies.examples.kubernetes import component, container, data_flow, deployment, namespace, network_policy
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome
from policies.resources import Resource
from tests.policies.test_evaluator import control

SOME = named(
    "NET-003", "POD-002", "POD-003", "POD-004", "POD-006", "POD-007", "POD-009", "POD-012", "RES-019", "RES-021",
    "SUP-001", "TAG-001", "TLS-002", "TLS-003",
)  # fmt: skip
"""Controls that a well-made example keeps."""
FOLDER = Path(policies.__file__).parent
COMMAND = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(FOLDER)]
SECONDS_TO_STOP = 60


def struct(properties: Any) -> Struct:  # noqa: ANN401 - whatever a program may say
    return json_format.ParseDict(properties, Struct())


def request(found: Resource) -> analyzer_pb2.AnalyzeRequest:
    return analyzer_pb2.AnalyzeRequest(
        type=found.type, urn=found.urn, name=found.name, properties=struct(found.root.value)
    )


def stack_request(*resources: Resource) -> analyzer_pb2.AnalyzeStackRequest:
    return analyzer_pb2.AnalyzeStackRequest(
        resources=[
            analyzer_pb2.AnalyzerResource(
                type=found.type,
                urn=found.urn,
                name=found.name,
                properties=struct(found.root.value),
                propertyDependencies={
                    name: analyzer_pb2.AnalyzerPropertyDependencies(urns=urns)
                    for name, urns in found.property_dependencies.items()
                },
            )
            for found in resources
        ]
    )


def told(response: analyzer_pb2.AnalyzeResponse) -> list[tuple[str, int, str]]:
    return [(found.policyName, found.enforcementLevel, found.message.splitlines()[2]) for found in response.diagnostics]


@contextmanager
def started() -> Iterator[tuple[subprocess.Popen[str], analyzer_pb2_grpc.AnalyzerStub]]:
    process = subprocess.Popen(
        COMMAND,
        cwd=FOLDER,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield process, analyzer_pb2_grpc.AnalyzerStub(channel)
    finally:
        process.terminate()
        process.wait(SECONDS_TO_STOP)
        process.stdout.close()


@contextmanager
def served(analyzer: Analyzer) -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    server, port = listen(analyzer)
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
    finally:
        server.stop(grace=None).wait()


def test_a_preview_judges_by_inputs_what_an_unconfigured_provider_says_nothing_of() -> None:
    """The provider of a cluster still to be made gives no outputs; the walls asked for are walls all the same."""
    room = namespace()
    wall = network_policy()

    def judged(*asked: Resource, preview: bool) -> list[tuple[str, int, str]]:
        analyzer = Analyzer(named("NET-003"))
        analyzer.configure_stack(analyzer_pb2.AnalyzerStackConfigureRequest(dry_run=preview))
        for resource in asked:
            analyzer.analyze(request(resource))
        silent = [Resource(each.type, each.urn, Node({})) for each in asked]
        return told(analyzer.analyze_stack(stack_request(*silent)))

    assert judged(room, wall, preview=True) == []
    assert [policy for policy, *_ in judged(room, preview=True)] == ["NET-003"]


def test_the_engine_s_whole_round() -> None:
    with started() as (process, pack):
        pack.ConfigureStack(analyzer_pb2.AnalyzerStackConfigureRequest(stack="s", project="falaj", dry_run=True))
        assert pack.GetPluginInfo(Empty()).version == VERSION
        info = pack.GetAnalyzerInfo(Empty())
        pack.Configure(analyzer_pb2.ConfigureAnalyzerRequest())
        bad = request(deployment([container(image="registry.ae/triton:26.07")]))
        assert list(pack.Remediate(bad).remediations) == []
        analysed = pack.Analyze(bad)
        stack = pack.AnalyzeStack(stack_request(namespace()))
        pack.Cancel(Empty())

        assert (info.name, [policy.name for policy in info.policies]) == (PACK, [found.id for found in load()])
        found = "found registry.ae/triton:26.07, expected name@sha256:<64 hex>"
        assert [each for each in told(analysed) if each[0] == "SUP-001"] == [
            ("SUP-001", analyzer_pb2.MANDATORY, f"  spec.template.spec.containers[0].image: {found}")
        ]
        assert "NET-003" in {found.policyName for found in stack.diagnostics}
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS_TO_STOP) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""


def test_the_pack_starts_without_a_network() -> None:
    probe = textwrap.dedent(
        """
        import subprocess, sys, grpc
        from google.protobuf.empty_pb2 import Empty
        from pulumi.runtime.proto import analyzer_pb2_grpc
        pack = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True)
        channel = grpc.insecure_channel(f"127.0.0.1:{int(pack.stdout.readline())}")
        print(len(analyzer_pb2_grpc.AnalyzerStub(channel).GetAnalyzerInfo(Empty()).policies))
        pack.terminate()
        pack.wait()
        """
    )
    alone = ["unshare", "--net", "--map-root-user", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]

    answer = subprocess.run(
        [*alone, sys.executable, "-c", probe, *COMMAND], cwd=FOLDER, capture_output=True, text=True, check=True
    )

    assert answer.stdout == f"{len(load())}\n"


def test_the_pack_ends_with_the_process_that_started_it() -> None:
    engine = textwrap.dedent(
        """
        import os, subprocess, sys
        pack = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=sys.stdout, text=True)
        print(pack.stdout.readline(), end="", flush=True)
        os._exit(0)
        """
    )

    # The output is complete once the pack, which holds the other end of it, has ended too.
    answer = subprocess.run(
        [sys.executable, "-c", engine, *COMMAND], cwd=FOLDER, stdout=subprocess.PIPE, text=True, check=True, timeout=60
    )

    assert answer.stdout.strip().isdigit()


def test_the_pack_tells_the_version_of_its_file() -> None:
    described = yaml.safe_load((FOLDER / "PulumiPolicy.yaml").read_text(encoding="utf-8"))

    assert (described["name"], described["version"]) == (PACK, VERSION)


def test_every_call_of_the_protocol_is_answered() -> None:
    protocol = {name for name in vars(analyzer_pb2_grpc.AnalyzerServicer) if name[0].isupper()}

    assert set(calls(Analyzer())) == protocol


def test_each_policy_is_listed_with_what_the_engine_can_show() -> None:
    listed = {policy.name: policy for policy in Analyzer().analyzer_info(Empty()).policies}
    sup = listed["SUP-001"]

    assert sup.displayName == "Container images are named by digest"
    assert sup.severity == analyzer_pb2.POLICY_SEVERITY_HIGH
    assert sup.enforcementLevel == analyzer_pb2.MANDATORY
    assert sup.policy_type == analyzer_pb2.POLICY_TYPE_RESOURCE
    assert (sup.framework.name, sup.framework.reference) == ("UAE IA", "T7.5.1")
    assert listed["NET-003"].policy_type == analyzer_pb2.POLICY_TYPE_STACK


def test_what_a_policy_takes_is_told_property_by_property_without_references() -> None:
    info = Analyzer().analyzer_info(Empty())
    schemas = {each.name: json_format.MessageToDict(each.configSchema.properties) for each in info.policies}

    assert schemas["NET-007"]["features"]["items"]["type"] == "string"
    assert "kubernetes" in schemas["NET-007"]["features"]["items"]["enum"]
    assert "$ref" not in str(schemas), "the engine compiles each property for itself"


def test_an_unknown_is_advice_in_a_preview_and_a_violation_in_an_update() -> None:
    image = request(deployment([container(image=f"registry.ae/x@{UNKNOWNS[0]}")]))

    with served(Analyzer(named("SUP-001"))) as pack:
        update = told(pack.Analyze(image))
        pack.ConfigureStack(analyzer_pb2.AnalyzerStackConfigureRequest(dry_run=True))
        preview = told(pack.Analyze(image))

    path = "  spec.template.spec.containers[0].image"
    assert update == [("SUP-001", analyzer_pb2.MANDATORY, f"{path}: still not known in the update")]
    assert preview == [("SUP-001", analyzer_pb2.ADVISORY, f"{path}: not known yet; the update judges it again")]


def test_stack_configuration_reaches_the_controls() -> None:
    flows = request(component([data_flow(region="local")]))

    with served(Analyzer(SOME)) as pack:
        undeclared = told(pack.Analyze(flows))
        pack.ConfigureStack(analyzer_pb2.AnalyzerStackConfigureRequest(config={"falaj:localCountry": "AE"}))
        declared = told(pack.Analyze(flows))

    assert [name for name, _, _ in undeclared] == ["RES-021"]
    assert declared == []


@pytest.mark.parametrize(
    ("configured", "levels"),
    [
        (analyzer_pb2.ADVISORY, [analyzer_pb2.ADVISORY]),
        (analyzer_pb2.MANDATORY, [analyzer_pb2.MANDATORY]),
        (analyzer_pb2.REMEDIATE, [analyzer_pb2.MANDATORY]),
        (analyzer_pb2.DISABLED, []),
    ],
)
def test_policy_configuration_sets_the_level(
    configured: analyzer_pb2.EnforcementLevel.ValueType, levels: list[int]
) -> None:
    analyzer = Analyzer(SOME)
    analyzer.configure(
        analyzer_pb2.ConfigureAnalyzerRequest(
            policyConfig={"POD-007": analyzer_pb2.PolicyConfig(enforcementLevel=configured)}
        )
    )
    writable = deployment(
        [container(securityContext=container()["securityContext"] | {"readOnlyRootFilesystem": False})]
    )

    assert [level for _, level, _ in told(analyzer.analyze(request(writable)))] == levels


def test_an_earlier_configuration_is_forgotten() -> None:
    analyzer = Analyzer(SOME)
    analyzer.configure(
        analyzer_pb2.ConfigureAnalyzerRequest(
            policyConfig={"SUP-001": analyzer_pb2.PolicyConfig(enforcementLevel=analyzer_pb2.DISABLED)}
        )
    )
    analyzer.configure(analyzer_pb2.ConfigureAnalyzerRequest())

    analysed = analyzer.analyze(request(deployment([container(image="registry.ae/onnxruntime:1")])))
    assert [name for name, _, _ in told(analysed)] == ["SUP-001"]


def test_configuration_for_a_control_that_does_not_exist_is_refused() -> None:
    wrong = analyzer_pb2.ConfigureAnalyzerRequest(policyConfig={"SUP-999": analyzer_pb2.PolicyConfig()})

    with served(Analyzer([control()])) as pack, pytest.raises(grpc.RpcError) as refused:
        pack.Configure(wrong)

    call: Any = refused.value
    assert call.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert call.details() == "no control is named SUP-999; this pack has TST-001"


def test_a_check_that_raises_is_a_violation_that_names_the_control() -> None:
    broken = control(tokens=("kubernetes:apps/v1:Deployment",))
    broken._checks.clear()

    @broken.check
    def explodes(_found: Resource) -> Iterator[Outcome]:
        raise ValueError("sesame")

    with served(Analyzer([*named("POD-004"), broken])) as pack:
        response = pack.Analyze(request(deployment()))

    (found,) = response.diagnostics
    assert (found.policyName, found.enforcementLevel) == ("TST-001", analyzer_pb2.MANDATORY)
    assert "could not be checked, so it is not let through: ValueError in explodes" in found.message
    assert "sesame" not in found.message


def test_a_secret_never_appears_in_a_message() -> None:
    secret = {SIGNATURE: SECRET, "value": "sesame"}
    env = [{"name": "ORT_DISABLE_TELEMETRY", "value": secret}, {"name": "GREETING", "value": secret}]
    properties = struct(deployment([container(image="registry.ae/onnxruntime:1", env=env)]).root.value)
    analysed = Analyzer(named("POD-012", "RES-019", "SUP-001")).analyze(
        analyzer_pb2.AnalyzeRequest(type=deployment().type, urn=deployment().urn, properties=properties)
    )

    assert [found.policyName for found in analysed.diagnostics] == ["POD-012", "RES-019", "SUP-001"]
    assert "sesame" not in str(analysed)
    assert '[secret], expected "1" in ORT_DISABLE_TELEMETRY' in analysed.diagnostics[1].message


def test_a_control_that_has_nothing_to_judge_says_why() -> None:
    silent = control(NotApplicable("runs nowhere"), tokens=(deployment().type,))

    analysed = Analyzer([silent, *named("NET-003")]).analyze(request(deployment()))

    assert [(found.policy_name, found.reason) for found in analysed.not_applicable] == [("TST-001", "runs nowhere")]


def test_a_policy_is_joined_to_the_namespace_it_was_made_from() -> None:
    unnamed = namespace(name=UNKNOWNS[0])
    inside = network_policy(inside=UNKNOWNS[0], made_from=[unnamed.urn])
    elsewhere = network_policy(inside=UNKNOWNS[0], made_from=["urn:pulumi:s::p::kubernetes:core/v1:Namespace::other"])

    assert told(Analyzer(SOME).analyze_stack(stack_request(unnamed, inside))) == []
    assert [name for name, _, _ in told(Analyzer(SOME).analyze_stack(stack_request(unnamed, elsewhere)))] == ["NET-003"]


def test_what_a_provider_does_not_give_back_is_known_from_what_was_asked() -> None:
    bare = namespace()
    analyzer = Analyzer(named("NET-003"))
    analyzer.analyze(request(bare))
    whole = stack_request(bare, network_policy())
    whole.resources[0].properties.Clear()

    assert list(analyzer.analyze_stack(whole).diagnostics) == []
