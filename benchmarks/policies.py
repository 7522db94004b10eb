"""The policy pack: its evaluator, what it adds to a preview, how it grows, and others beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import click
import grpc
import psutil
import yaml
from google.protobuf import json_format
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from benchmarks.figure import Figure
from benchmarks.golden import STACK, configuration, golden
from benchmarks.surroundings import inherited
from policies.analyzer.wire import UNKNOWNS
from policies.controls import load
from policies.judgement import judge
from policies.readers.source import Source, SourceKind
from policies.resources import Resource
from policies.values import UNKNOWN

ROOT = Path(__file__).parents[1]
TODAY = date(2026, 11, 22)
PACK = ROOT / "policies"
SDK_PACK = ROOT / "benchmarks" / "programs" / "sdk_pack"
SDK = "pulumi-policy==1.21.0"
CHECKOV = "checkov==3.3.30"
FEW, MANY = 200, 2000
EVALUATOR_GOAL, ADDED_GOAL, EACH_GOAL, READY_GOAL, MEMORY_GOAL = 0.3, 1.0, 3.0, 1.2, 200.0
GROWTH_GOAL, FASTER_GOAL, BESIDE_CHECKOV_GOAL = 1.2, 0.1, 1.0
LARGEST_MESSAGE = ("grpc.max_send_message_length", 400 << 20), ("grpc.max_receive_message_length", 400 << 20)
PREVIEW = """
import sys, tempfile
from pathlib import Path
from falaj import engine
from falaj.cli import placeholders, stand_ins

root, stack, packs = Path(sys.argv[1]), sys.argv[2], tuple(map(Path, sys.argv[3:]))
with tempfile.TemporaryDirectory() as folder:
    options = engine.Options(
        config=placeholders.images_config(root), offline=True, state_directory=Path(folder), policy_packs=packs,
        providers=stand_ins.commands(stand_ins.cloud_of(root, stack)),
    )
    print(sum(engine.preview(engine.Project.load(root), stack, options).summary.values()))
"""


def measure(*, rounds: int) -> list[Figure]:
    """Time everything on the plan of the largest stack, repeated where more resources are asked for."""
    few, many = repeated(FEW), repeated(MANY)
    click.echo("timing the evaluator", err=True)
    evaluator = Figure(
        f"{len(load())} controls on {FEW} resources, in the evaluator", EVALUATOR_GOAL, _judging(few, rounds)
    )
    each = Figure(f"each of {MANY} resources", EACH_GOAL, [1000 * run / MANY for run in _judging(many, rounds)], "ms")
    growth = (each.median / 1000) / (evaluator.median / FEW)
    ready, memory = (
        Figure("pack ready to judge", READY_GOAL),
        Figure(f"pack at {MANY} resources", MEMORY_GOAL, unit="MB"),
    )
    ours, theirs = [], []
    click.echo("timing the pack and the SDK's own servicer", err=True)
    with tempfile.TemporaryDirectory(prefix="falaj-bench-") as folder:
        install = ["uv", "pip", "install", "--quiet", "--no-deps", "--target", folder, SDK]
        subprocess.run(install, check=True)
        for _ in range(rounds):
            started = time.perf_counter()
            with pack(PACK) as (stub, process):
                ready.runs.append(time.perf_counter() - started)
                ours.append(_analysed(stub, few))
                _analysed(stub, many)
                memory.runs.append(process.memory_info().rss / 2**20)
        with pack(SDK_PACK, PYTHONPATH=os.pathsep.join((folder, str(ROOT)))) as (stub, _):
            theirs.append(_analysed(stub, few))
    return [
        evaluator,
        each,
        Figure(f"time per resource, {MANY} to {FEW}", GROWTH_GOAL, [growth], "x"),
        ready,
        memory,
        Figure("pack beside the SDK's servicer, same checks", FASTER_GOAL, [run / theirs[0] for run in ours], "x"),
        _added(rounds),
        _beside_checkov(rounds),
    ]


def repeated(count: int) -> list[Resource]:
    """So many resources: those of the plan, again and again, each time as another stack's of the same names."""
    found = golden(STACK)
    copies = -(-count // len(found))
    return [_again(each, number) for number in range(copies) for each in found][:count]


def _again(found: Resource, number: int) -> Resource:
    def renamed(urn: str) -> str:
        return f"{urn}-{number}" if number else urn

    origins = {name: [renamed(urn) for urn in urns] for name, urns in found.property_dependencies.items()}
    return replace(found, urn=renamed(found.urn), property_dependencies=origins)


def _judging(resources: list[Resource], rounds: int) -> list[float]:
    source = Source(SourceKind.PREVIEW, STACK, tuple(resources), config=configuration(STACK))
    return [_seconds(lambda: judge(source, load(), today=TODAY)) for _ in range(rounds)]


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@contextmanager
def pack(folder: Path, **environment: str) -> Iterator[tuple[Any, psutil.Process]]:
    """A pack in its own process, started as the engine does."""
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(folder)]
    with subprocess.Popen(
        command, cwd=folder, env=inherited() | environment, stdout=subprocess.PIPE, text=True
    ) as process:
        port = int(process.stdout.readline() if process.stdout else "")
        with grpc.insecure_channel(f"127.0.0.1:{port}", options=LARGEST_MESSAGE) as channel:
            stub = analyzer_pb2_grpc.AnalyzerStub(channel)
            stub.GetAnalyzerInfo(Empty())
            yield stub, psutil.Process(process.pid)
        process.kill()


def _analysed(stub: Any, resources: list[Resource]) -> float:  # noqa: ANN401 - gRPC stubs
    """Seconds that a pack takes for every resource and then for the stack."""
    stub.ConfigureStack(
        analyzer_pb2.AnalyzerStackConfigureRequest(
            stack=STACK, project="falaj", dry_run=True, config=configuration(STACK)
        )
    )
    alone = [
        analyzer_pb2.AnalyzeRequest(type=each.type, urn=each.urn, name=each.name, properties=_struct(each))
        for each in resources
    ]
    whole = analyzer_pb2.AnalyzeStackRequest(
        resources=[
            analyzer_pb2.AnalyzerResource(
                type=each.type,
                urn=each.urn,
                name=each.name,
                properties=_struct(each),
                propertyDependencies={
                    name: analyzer_pb2.AnalyzerPropertyDependencies(urns=urns)
                    for name, urns in each.property_dependencies.items()
                },
            )
            for each in resources
        ]
    )
    started = time.perf_counter()
    for request in alone:
        stub.Analyze(request)
    stub.AnalyzeStack(whole)
    return time.perf_counter() - started


def _struct(found: Resource) -> Struct:
    return json_format.ParseDict(_on_the_wire(found.root.value), Struct())


def _on_the_wire(value: object) -> Any:  # noqa: ANN401 - JSON
    if value is UNKNOWN:
        return UNKNOWNS[0]
    if isinstance(value, Mapping):
        return {name: _on_the_wire(member) for name, member in value.items()}
    return [_on_the_wire(member) for member in value] if isinstance(value, list) else value


def _added(rounds: int) -> Figure:
    """What the pack adds to a preview over the wire: rounds with it and without, in turns."""
    figure = Figure("added to a preview by the pack", ADDED_GOAL)
    click.echo("timing previews with and without the pack", err=True)
    for _ in range(rounds):
        with_pack = _seconds(partial(_previewed, str(PACK)))
        figure.runs.append(with_pack - _seconds(_previewed))
    return figure


def _previewed(*packs: str) -> None:
    command = [sys.executable, "-c", PREVIEW, str(ROOT), STACK, *packs]
    subprocess.run(command, cwd=ROOT, env=inherited(), check=True, capture_output=True)


def _beside_checkov(rounds: int) -> Figure:
    """The same manifests judged by `falaj policy check` and by checkov, process start included."""
    click.echo("timing falaj policy check and checkov on manifests", err=True)
    figure = Figure("falaj policy check beside checkov, manifests", BESIDE_CHECKOV_GOAL, unit="x")
    with tempfile.TemporaryDirectory(prefix="falaj-bench-") as folder:
        objects = [each.root.value for each in golden(STACK) if each.type.startswith("kubernetes:")]
        documents = [each for each in objects if isinstance(each, Mapping) and "apiVersion" in each]
        (Path(folder) / "all.yaml").write_text(yaml.safe_dump_all([_on_the_wire(each) for each in documents]))
        ours = [str(Path(sys.executable).with_name("falaj")), "policy", "check", "--manifests", folder, "--json"]
        theirs = ["uv", "tool", "run", "--quiet", "--from", CHECKOV, "checkov", "-d", folder]
        theirs += ["--framework", "kubernetes", "--compact", "--quiet", "--soft-fail"]
        subprocess.run(theirs, check=True, capture_output=True)
        for _ in range(rounds):
            figure.runs.append(_seconds(partial(_ran, ours)) / _seconds(partial(_ran, theirs)))
    return figure


def _ran(command: list[str]) -> None:
    subprocess.run(command, cwd=ROOT, env=inherited(), check=False, capture_output=True)
