"""RES-019: model servers send no telemetry to their makers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from policies.control import Control, Severity
from policies.examples.kubernetes import DIGEST, container, cronjob, deployment, service
from policies.expressions import text
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome
from policies.values import UNKNOWN
from policies.workloads.workload import WORKLOADS, Workload

SWITCH = "ORT_DISABLE_TELEMETRY"


class Reporter(NamedTuple):
    """Software that tells its makers what it does, unless a variable keeps it from doing so."""

    title: str
    images: re.Pattern[str]
    """Names of images that hold it."""
    switch: str
    off: str
    """The value of the switch at which it is silent."""


RUNTIME = Reporter("ONNX Runtime", re.compile(r"onnx-?runtime|\bort\b|triton", re.IGNORECASE), SWITCH, "1")
REPORTERS = (
    RUNTIME,
    Reporter("vLLM", re.compile(r"vllm", re.IGNORECASE), "VLLM_NO_USAGE_STATS", "1"),
    Reporter("Ray", re.compile(r"\bray(?:project)?\b", re.IGNORECASE), "RAY_USAGE_STATS_ENABLED", "0"),
    Reporter(
        "Hugging Face",
        re.compile(r"vllm|hugging-?face|transformers|text-(?:generation|embeddings)-inference", re.IGNORECASE),
        "HF_HUB_DISABLE_TELEMETRY",
        "1",
    ),
)


def says_it_is_silent(reporter: Reporter) -> str:
    """Say in CEL that the container ``c`` does not hold the software, or keeps it from reporting."""
    return (
        f"(!c.?image.orValue('').matches({text(f'(?i){reporter.images.pattern}')}) || "
        f"[c.?env.orValue([]).filter(e, e.name == '{reporter.switch}')].all(found, "
        f"found.size() > 0 && found[found.size() - 1].?value.orValue('') == '{reporter.off}'))"
    )


SERVING_COMPONENTS = ("falaj:index:OnnxRuntime", "falaj:index:Triton")

CONTROL = Control(
    id="RES-019",
    title="Model servers send no telemetry to their makers",
    harm="Model servers report usage to collectors abroad unless told not to: data about the service leaves the UAE.",
    severity=Severity.HIGH,
    applies_to=WORKLOADS,
    reads=("container.image", "container.env"),
    remedy=(
        f"Add to the container's env {', '.join(f'{each.switch}={each.off} ({each.title})' for each in REPORTERS)}; "
        "they must be there before the process starts."
    ),
    admits=f"variables.containers.all(c, {' && '.join(says_it_is_silent(each) for each in REPORTERS)})",
    only_in_a_plan="model servers that only the component they belong to tells, not their image's name.",
    note=(
        "On by default in ONNX Runtime's Linux wheels since 1.29, in vLLM, Ray and the libraries of Hugging Face, "
        "which vLLM uses. Triton's ONNX backend embeds ONNX Runtime. What a container holds is told by the name of its "
        "image, or by the component it belongs to; ours hold ONNX Runtime alone."
    ),
)


@CONTROL.check
def telemetry_is_off(workload: Workload) -> Iterator[Outcome]:
    """Find each container with software inside that reports to its makers and is not told to be silent."""
    is_server = serves_models(workload)
    judged = [(each, held) for each in workload.containers if (held := held_by(each["image"], is_server=is_server))]
    if not judged:
        yield NotApplicable("no container of it holds software that reports to its makers")
    for each, held in judged:
        for reporter in held:
            for outcome in is_silent(switch_of(each, reporter), reporter):
                undecided = not is_server and not each["image"].known
                yield each["image"].undecided if undecided else outcome


def is_silent(switch: Node, reporter: Reporter) -> Iterator[Outcome]:
    """Find a switch that leaves reports on."""
    yield from switch.must(lambda value: value == reporter.off, f'"{reporter.off}" in {reporter.switch}')


def serves_models(workload: Workload) -> bool:
    """Tell whether the workload belongs to a component that serves models."""
    return any(token.startswith(SERVING_COMPONENTS) for token in workload.resource.type_chain[:-1])


def held_by(image: Node, *, is_server: bool) -> tuple[Reporter, ...]:
    """Return what an image holds by its name; one not known yet may hold anything, unless ours."""
    name = image.value[:] if isinstance(image.value, str) else ""
    return tuple(
        each
        for each in REPORTERS
        if (is_server and each is RUNTIME) or each.images.search(name) or not (is_server or image.known)
    )


def switch_of(found: Node, reporter: Reporter) -> Node:
    """Return the value of a telemetry switch, or the environment it is missing from. The last of a name wins."""
    environment = found["env"]
    names = (reporter.switch, UNKNOWN)
    values = [variable["value"] for variable in environment.items() if variable["name"].value in names]
    return values[-1] if values else Node(None, environment.path, trace=environment.trace)


def runtime(*variables: object) -> dict[str, object]:
    """Describe an ONNX Runtime container with these variables."""
    return container(env=list(variables))


CONTROL.good("switched off", deployment())
CONTROL.good(
    "switched off in every container, beside one without the runtime",
    cronjob([container(), container(name="fetch", image=f"registry.ae/fetch@{DIGEST}", env=None)]),
)
SILENT = [{"name": each.switch, "value": each.off} for each in REPORTERS]
CONTROL.good(
    "image not known yet, but everything switched off anyway", deployment([container(image=UNKNOWN, env=SILENT)])
)
CONTROL.good(
    "image of a server of ours not known yet",
    deployment([container(image=UNKNOWN)], parent="falaj:index:OnnxRuntimeServer"),
)
for name, *switches in (("vllm-openai", 1, 3), ("ray-ml", 2), ("text-generation-inference", 3)):
    CONTROL.good(
        f"silent {name}",
        deployment([container(image=f"registry.ae/{name}@{DIGEST}", env=[SILENT[each] for each in switches])]),
    )
    CONTROL.bad(
        f"{name} as it comes",
        deployment([container(image=f"registry.ae/{name}@{DIGEST}", env=None)]),
        finding=tuple(
            f"spec.template.spec.containers[0].env: found nothing, expected "
            f'"{REPORTERS[each].off}" in {REPORTERS[each].switch}'
            for each in switches
        ),
    )
CONTROL.bad(
    "left on",
    deployment([container(env=None)]),
    finding='spec.template.spec.containers[0].env: found nothing, expected "1" in ORT_DISABLE_TELEMETRY',
)
CONTROL.bad(
    "left on in Triton",
    cronjob([container(image=f"registry.ae/tritonserver:26.07@{DIGEST}", env=[{"name": "LOG", "value": "info"}])]),
    finding=(
        'spec.jobTemplate.spec.template.spec.containers[0].env: found nothing, expected "1" in ORT_DISABLE_TELEMETRY'
    ),
)
CONTROL.bad(
    "switched on again",
    deployment([runtime({"name": SWITCH, "value": "1"}, {"name": SWITCH, "value": "0"})]),
    finding='spec.template.spec.containers[0].env[1].value: found 0, expected "1" in ORT_DISABLE_TELEMETRY',
)
CONTROL.bad(
    "left to a ConfigMap that nobody here can see",
    deployment([runtime({"name": SWITCH, "valueFrom": {"configMapKeyRef": {"name": "server", "key": "telemetry"}}})]),
    finding='spec.template.spec.containers[0].env[0].value: found nothing, expected "1" in ORT_DISABLE_TELEMETRY',
)
CONTROL.bad(
    "left on in a model server under another name",
    deployment([container(image=f"registry.ae/risk@{DIGEST}", env=None)], parent="falaj:index:OnnxRuntimeServer"),
    finding='spec.template.spec.containers[0].env: found nothing, expected "1" in ORT_DISABLE_TELEMETRY',
)
CONTROL.unknown(
    "value made elsewhere",
    deployment([runtime({"name": SWITCH, "value": UNKNOWN})]),
    at="spec.template.spec.containers[0].env[0].value",
)
CONTROL.unknown(
    "image not known yet and nothing switched off",
    deployment([container(image=UNKNOWN, env=None)]),
    at="spec.template.spec.containers[0].image",
)
CONTROL.not_applicable("no model server", deployment([container(image=f"registry.ae/fetch@{DIGEST}")]))
CONTROL.not_applicable("a Service runs nothing", service())
