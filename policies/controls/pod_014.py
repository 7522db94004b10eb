"""POD-014: Triton serves fixed models and is measured on a port of its own."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity
from policies.examples.kubernetes import container, cronjob, deployment, service
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome
from policies.values import UNKNOWN
from policies.workloads.option_expressions import LINE, every, every_address, is_told, last
from policies.workloads.program_options import Option, not_known, options, words
from policies.workloads.workload import WORKLOADS, Workload

PROGRAM = "tritonserver"
MODE = "model-control-mode"
REPOSITORIES = ("model-repository", "model-store")
METRICS = "allow-metrics"
METRICS_PORT = "metrics-port"
PORTS = {"http-port": "8000", "grpc-port": "8001", METRICS_PORT: "8002"}
"""Triton's ports, with those it takes by itself."""
OWN_PORT = f"another port for {METRICS_PORT} than for requests"
SOURCES = ("/", "s3://", "as://")
EXPECTED_SOURCE = "a folder mounted into the pod, or a store behind s3:// or as://"

CONTROL = Control(
    id="POD-014",
    title="Triton serves fixed models and is measured on a port of its own",
    harm="Whoever reaches its port loads a model of his own, and a model is a program that runs beside the data.",
    severity=Severity.HIGH,
    applies_to=WORKLOADS,
    reads=("container.command", "container.args"),
    remedy=(
        f"Leave out --{MODE} or set it to none, mount the models read-only, and leave metrics on, on port 8002, "
        "which only the scraper may reach."
    ),
    admits=(
        f"variables.containers.all(c, [{LINE}].all(line, "
        f"!(line.contains('{PROGRAM}') || {is_told(MODE, *REPOSITORIES)}) || {every(MODE, value='none')} && "
        f"{every_address(*REPOSITORIES, beginnings=SOURCES)} && {every(METRICS, value='(?i:true|1|on)')} && "
        f"[{last(METRICS_PORT, PORTS[METRICS_PORT])}].all(metrics, "
        f"{' && '.join(f'{last(name, port)} != metrics' for name, port in PORTS.items() if name != METRICS_PORT)})))"
    ),
    note=(
        "Triton itself asks nobody who he is, and a plan can't show what stands in front of its port: the modes "
        "`explicit` and `poll` are refused everywhere, not on public services alone. Models by digest need neither. "
        "Where a store lies is judged by SUP-008."
    ),
)


@CONTROL.check
def is_locked_down(workload: Workload) -> Iterator[Outcome]:
    """Find each option by which models change while Triton runs, or by which it is measured where clients call."""
    undecided = [element.undecided for found in workload.containers for element in not_known(found)]
    servers = [found for found in workload.containers if runs_triton(found)]
    if not (servers or undecided):
        yield NotApplicable("no container of it runs Triton")
    yield from undecided
    for found in servers:
        given = list(options(found))
        for option in given:
            yield from judged(option)
        yield from measured_apart({option.name: option for option in given})


def runs_triton(found: Node) -> bool:
    """Tell whether a container's command line starts Triton, or talks to an entry point that does."""
    own = {MODE, *REPOSITORIES}
    return any(PROGRAM in word.text for word in words(found)) or any(option.name in own for option in options(found))


def judged(option: Option) -> Iterator[Outcome]:
    """Judge one option by itself."""
    if option.name == MODE:
        yield from option.node.must(lambda _: option.value == "none", f"none in --{MODE}")
    elif option.name in REPOSITORIES:
        yield from option.node.must(lambda _: is_fixed(option.value), EXPECTED_SOURCE)
    elif option.name == METRICS:
        yield from option.node.must(lambda _: option.value.lower() in ("true", "1", "on"), f"true in --{METRICS}")


def is_fixed(source: str) -> bool:
    """Tell whether models come from the pod's own disk or from a cloud's store, not from any web server."""
    return source.startswith(SOURCES) and "://" not in source.partition("://")[2]


def measured_apart(given: dict[str, Option]) -> Iterator[Outcome]:
    """Find metrics on a port that answers requests. The last of an option wins."""
    ports = {name: given[name].value if name in given else port for name, port in PORTS.items()}
    metrics = ports.pop(METRICS_PORT)
    for name, port in ports.items():
        if port == metrics:
            yield given.get(METRICS_PORT, given[name]).node.finding(OWN_PORT)


DEPLOYED = "spec.template.spec.containers[0]"
OTHER_PORTS = "--http-port=8500 --grpc-port=8501 --metrics-port 8502 --allow-metrics on;"


def triton(*arguments: object, **properties: object) -> dict[str, object]:
    """Describe a container that runs Triton with these arguments."""
    return container(**{"command": [PROGRAM], "args": list(arguments)} | properties)


CONTROL.good(
    "models from a mounted image",
    deployment([triton("--model-repository=/models", "--model-control-mode=none", "--allow-metrics=true")]),
)
CONTROL.good("through the image's own entry point", deployment([container(args=["--model-repository", "/models"])]))
CONTROL.good(
    "on other ports, by a shell",
    cronjob(
        [
            container(
                command=["/bin/sh", "-c"],
                args=[f'exec tritonserver "--model-store=s3://falaj-models/iris" {OTHER_PORTS}'],
            )
        ]
    ),
)
CONTROL.bad(
    "models on request",
    deployment([triton("--model-repository=/models", "--model-control-mode=explicit", "--load-model=iris")]),
    finding=f"{DEPLOYED}.args[1]: found --model-control-mode=explicit, expected none in --{MODE}",
)
CONTROL.bad(
    "models whenever the folder changes, in two words",
    cronjob(initContainers=[triton("--model-control-mode", "poll")]),
    finding=(f"spec.jobTemplate.spec.template.spec.initContainers[0].args[1]: found poll, expected none in --{MODE}"),
)
CONTROL.bad(
    "models from the internet",
    deployment(
        [
            triton(
                "--model-repository=https://models.example.com/iris",
                "--model-store=hf://acme/iris",
                "--model-repository=s3://http://10.0.0.9:9000/iris",
            )
        ]
    ),
    finding=(
        f"{DEPLOYED}.args[0]: found --model-repository=https://models.example.com/iris, expected {EXPECTED_SOURCE}",
        f"{DEPLOYED}.args[1]: found --model-store=hf://acme/iris, expected {EXPECTED_SOURCE}",
        f"{DEPLOYED}.args[2]: found --model-repository=s3://http://10.0.0.9:9000/iris, expected {EXPECTED_SOURCE}",
    ),
)
CONTROL.bad(
    "a mode that nobody filled in",
    deployment([container(command=["tritonserver", "--model-control-mode", "--log-verbose=1"])]),
    finding=f"{DEPLOYED}.command[1]: found --model-control-mode, expected none in --{MODE}",
)
CONTROL.bad(
    "nobody measures it",
    deployment([triton("--allow-metrics=False")]),
    finding=f"{DEPLOYED}.args[0]: found --allow-metrics=False, expected true in --{METRICS}",
)
CONTROL.bad(
    "measured where clients call",
    deployment([triton("--http-port=9000", "--metrics-port=9000")]),
    finding=f"{DEPLOYED}.args[1]: found --metrics-port=9000, expected {OWN_PORT}",
)
CONTROL.bad(
    "clients call where it is measured",
    deployment([triton("--grpc-port=8002")]),
    finding=f"{DEPLOYED}.args[0]: found --grpc-port=8002, expected {OWN_PORT}",
)
CONTROL.unknown("an argument made elsewhere", deployment([triton("--http-port", UNKNOWN)]), at=f"{DEPLOYED}.args[1]")
CONTROL.unknown("perhaps Triton", deployment([container(args=UNKNOWN)]), at=f"{DEPLOYED}.args")
CONTROL.not_applicable("another server", deployment([container(args=["--port=8080", "serve"])]))
CONTROL.not_applicable("a Service runs nothing", service())
