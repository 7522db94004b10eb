"""LOG-008: who asked is written down, what was asked is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from falaj.catalog.data_flows import DataClass
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.entrances import BALANCERS
from policies.examples.kubernetes import container, cronjob, deployment, pod, service
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome
from policies.resources import Resource, resource
from policies.tables import Table, by_table, reads_of
from policies.templates import is_false, is_set, is_true
from policies.values import UNKNOWN
from policies.workloads.program_options import not_known, options
from policies.workloads.workload import POD_SPEC_BY_TOKEN, Workload

BEDROCK = "aws:bedrockmodel/invocationLoggingConfiguration:InvocationLoggingConfiguration"
RULES: Table = {
    BEDROCK: {f"loggingConfig.{kind}DataDeliveryEnabled": is_false for kind in ("text", "image", "embedding", "video")},
}
TENSORS = "TENSORS"
HARMLESS: Mapping[str, Callable[[str], bool]] = {
    "log-verbose": lambda value: value == "0",
    "trace-level": lambda value: TENSORS not in value.upper(),
    "trace-config": lambda value: TENSORS not in value.upper(),
    "enable-log-requests": lambda _value: False,
    "enable-log-outputs": lambda _value: False,
    "no-disable-log-requests": lambda _value: False,
}
"""Options of Triton and vLLM by which a server writes down what it is asked, each with the values that don't."""
MAY_BE_WRITTEN = (DataClass.PUBLIC, DataClass.INTERNAL)
NO_PAYLOAD = "nothing that writes down what a request holds"

CONTROL = Control(
    id="LOG-008",
    title="Who asked is written down, what was asked is not",
    harm="After a breach nobody knows who asked what, or the log itself is a copy of every person's data.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(*POD_SPEC_BY_TOKEN, *BALANCERS, BEDROCK), view=situated),
    reads=(
        *(f"container.{name}{end}" for name in ("command", "args") for end in ("", "[*]")),
        *(
            f"LoadBalancer:{name}"
            for name in ("loadBalancerType", "accessLogs.enabled", "accessLogs.bucket", "dropInvalidHeaderFields")
        ),
        *reads_of(RULES),
    ),
    remedy=(
        "Switch access logs on for load balancers; leave out --log-verbose, traces of tensors and logs of requests."
    ),
    not_at_the_door=(
        "Where a stack may hold public and internal data alone requests may be written down; a cluster is not told."
    ),
    note=(
        "Where the stack may hold public and internal data alone, requests may be written down. Options of Triton and "
        "vLLM are known. Load balancers for appliances write no access logs; invalid headers are dropped, for they "
        "make what is logged differ from what was asked."
    ),
)


@CONTROL.check
def writes_who_not_what(found: Situated) -> Iterator[Outcome]:
    """Find an entrance that writes nothing down, and a server that writes too much."""
    one = found.resource
    if one.type in BALANCERS:
        yield from of_balancer(one)
    elif found.plan.stack.data_class in MAY_BE_WRITTEN:
        yield NotApplicable("the stack holds nothing that may not be written down")
    elif one.type in RULES:
        yield from by_table(RULES, one)
    else:
        for each in Workload(one).containers:
            yield from writes_no_payload(each)


def of_balancer(balancer: Resource) -> Iterator[Outcome]:
    """Judge a load balancer."""
    kind, logs = balancer["loadBalancerType"], balancer["accessLogs"]
    if kind.value == "gateway":
        yield NotApplicable("passes packets to appliances and writes no access logs")
        return
    yield from is_true(logs["enabled"])
    yield from is_set(logs["bucket"], "the bucket of the logs") if logs["bucket"].value is not UNKNOWN else ()
    if kind.value != "network":
        yield from is_true(balancer["dropInvalidHeaderFields"])


def writes_no_payload(found: Node) -> Iterator[Outcome]:
    """Find each option by which a container writes down what it is asked."""
    yield from (each.undecided for each in not_known(found))
    for option in options(found):
        is_harmless = HARMLESS.get(option.name)
        if is_harmless is not None and not is_harmless(option.value):
            yield option.node.finding(f"{NO_PAYLOAD} by --{option.name}")


AT = "spec.template.spec.containers[0]"


def server(*args: object, **properties: object) -> dict[str, object]:
    """Describe a model server that is told this."""
    return container(args=list(args)) | properties


def balancer(token: str = BALANCERS[0], **properties: object) -> Resource:
    """Make a load balancer that writes access logs."""
    told = {"accessLogs": {"enabled": True, "bucket": "acme-access"}, "dropInvalidHeaderFields": True}
    return resource(token, told | properties)


def bedrock(**data: object) -> Resource:
    """Make the settings of Bedrock's log without any payload."""
    kinds = ("text", "image", "embedding", "video")
    return resource(BEDROCK, {"loggingConfig": {f"{kind}DataDeliveryEnabled": data.get(kind, False) for kind in kinds}})


CONTROL.good("a server that is told nothing", deployment())
CONTROL.good("a server told of other things", deployment([server("--model-repository=/models", "--log-info", "true")]))
CONTROL.good("a server told to say nothing", deployment([server("--log-verbose", "0", "--trace-level=TIMESTAMPS")]))
for token in BALANCERS:
    CONTROL.good(f"an entrance: {token}", balancer(token))
CONTROL.good("an entrance for networks", balancer(loadBalancerType="network", dropInvalidHeaderFields=None))
CONTROL.good("an entrance whose bucket the program makes", balancer(accessLogs={"enabled": True, "bucket": UNKNOWN}))
CONTROL.good("Bedrock without payloads", bedrock())
CONTROL.bad(
    "Triton that writes everything down",
    deployment([server("--trace-config=level=TENSORS", "--log-verbose=3", "--trace-level=tensors")]),
    finding=(
        f"{AT}.args[0]: found --trace-config=level=TENSORS, expected {NO_PAYLOAD} by --trace-config",
        f"{AT}.args[1]: found --log-verbose=3, expected {NO_PAYLOAD} by --log-verbose",
        f"{AT}.args[2]: found --trace-level=tensors, expected {NO_PAYLOAD} by --trace-level",
    ),
)
SCRIPT, SILENT_SCRIPT = (f"exec tritonserver --log-verbose {level} --http-port 8000" for level in (1, 0))
CONTROL.good("a server told to say nothing by a shell", pod([server(command=["sh", "-c", SILENT_SCRIPT])]))
CONTROL.bad(
    "a shell that tells Triton to write everything down",
    pod([server(command=["sh", "-c", SCRIPT])]),
    finding=f"spec.containers[0].command[2]: found {SCRIPT}, expected {NO_PAYLOAD} by --log-verbose",
)
INIT = "spec.jobTemplate.spec.template.spec.initContainers[0].args"
CONTROL.bad(
    "vLLM that writes requests and answers down, in an init container",
    cronjob(initContainers=[server("--enable-log-requests", "--enable-log-outputs")]),
    finding=tuple(
        f"{INIT}[{index}]: found --{name}, expected {NO_PAYLOAD} by --{name}"
        for index, name in enumerate(("enable-log-requests", "enable-log-outputs"))
    ),
)
CONTROL.bad(
    "in a stack that may hold more than internal data",
    deployment([server("--log-verbose=2")]),
    config={"falaj:environment": '{"data_class": "personal"}'},
    finding=f"{AT}.args[0]: found --log-verbose=2, expected {NO_PAYLOAD} by --log-verbose",
)
for token in BALANCERS:
    CONTROL.bad(
        f"an entrance as AWS makes it: {token}",
        resource(token, {}),
        finding=(
            "accessLogs.enabled: found nothing, expected true",
            "accessLogs.bucket: found nothing, expected the bucket of the logs",
            "dropInvalidHeaderFields: found nothing, expected true",
        ),
    )
CONTROL.bad(
    "an entrance for networks that writes nothing",
    balancer(
        loadBalancerType="network", accessLogs={"enabled": False, "bucket": "acme-access"}, dropInvalidHeaderFields=None
    ),
    finding="accessLogs.enabled: found false, expected true",
)
CONTROL.bad(
    "Bedrock as AWS makes it",
    resource(BEDROCK, {"loggingConfig": {}}),
    finding=tuple(
        f"loggingConfig.{kind}DataDeliveryEnabled: found nothing, expected false"
        for kind in ("text", "image", "embedding", "video")
    ),
)
CONTROL.unknown("told something", deployment([server("--log-info", UNKNOWN)]), at=f"{AT}.args[1]")
CONTROL.unknown("a switch made elsewhere", balancer(dropInvalidHeaderFields=UNKNOWN), at="dropInvalidHeaderFields")
CONTROL.not_applicable(
    "internal data alone",
    deployment([server("--log-verbose=1")]),
    config={"falaj:environment": '{"data_class": "internal"}'},
)
CONTROL.not_applicable("an entrance for appliances", balancer(loadBalancerType="gateway"))
CONTROL.not_applicable("a Service", service())
