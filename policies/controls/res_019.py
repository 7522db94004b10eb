"""RES-019: model servers send no telemetry to their makers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.control import Control, Severity
from policies.examples.kubernetes import DIGEST, container, cronjob, deployment, service
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome
from policies.values import UNKNOWN
from policies.workloads.workload import WORKLOADS, Workload

SWITCH = "ORT_DISABLE_TELEMETRY"
RUNTIME_IMAGE = re.compile(r"onnx-?runtime|\bort\b|triton", re.IGNORECASE)
SERVING_COMPONENTS = ("falaj:index:OnnxRuntime", "falaj:index:Triton")

CONTROL = Control(
    id="RES-019",
    title="Model servers send no telemetry to their makers",
    harm="ONNX Runtime reports usage to a collector abroad unless told not to: data about the service leaves the UAE.",
    severity=Severity.HIGH,
    applies_to=WORKLOADS,
    reads=("container.image", "container.env"),
    remedy=f'Add {SWITCH} with the value "1" to the container\'s env; it must be there before the process starts.',
    note=(
        "On by default in ONNX Runtime's Linux wheels since 1.29. Triton's ONNX backend embeds the same runtime. "
        "A container is held to be a model server by its image's name, or by the component it belongs to."
    ),
)


@CONTROL.check
def telemetry_is_off(workload: Workload) -> Iterator[Outcome]:
    """Find each container with ONNX Runtime inside that does not switch telemetry off."""
    is_server = serves_models(workload)
    judged = [found for found in workload.containers if is_server or may_hold_runtime(found["image"])]
    if not judged:
        yield NotApplicable("no container of it holds ONNX Runtime")
    for found in judged:
        for outcome in switch_of(found).must(lambda value: value == "1", f'"1" in {SWITCH}'):
            undecided = not is_server and not found["image"].known
            yield found["image"].undecided if undecided else outcome


def serves_models(workload: Workload) -> bool:
    """Tell whether the workload belongs to a component that serves models."""
    return any(token.startswith(SERVING_COMPONENTS) for token in workload.resource.type_chain[:-1])


def may_hold_runtime(image: Node) -> bool:
    """Tell whether an image holds ONNX Runtime by its name; one that is not known yet may."""
    return not image.known or (isinstance(image.value, str) and RUNTIME_IMAGE.search(image.value) is not None)


def switch_of(found: Node) -> Node:
    """Return the value of the telemetry switch, or the environment it is missing from. The last of a name wins."""
    environment = found["env"]
    values = [variable["value"] for variable in environment.items() if variable["name"].value in (SWITCH, UNKNOWN)]
    return values[-1] if values else Node(None, environment.path, trace=environment.trace)


def runtime(*variables: object) -> dict[str, object]:
    """Describe an ONNX Runtime container with these variables."""
    return container(env=list(variables))


CONTROL.good("switched off", deployment())
CONTROL.good(
    "switched off in every container, beside one without the runtime",
    cronjob([container(), container(name="fetch", image=f"registry.ae/fetch@{DIGEST}", env=None)]),
)
CONTROL.good("image not known yet, but switched off anyway", deployment([container(image=UNKNOWN)]))
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
