"""RES-015: logs, measurements and traces are kept in the UAE."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.azure_residency import (
    ABROAD,
    GROUP,
    HOME,
    IN_AWS_UAE,
    IN_THE_UAE,
    made,
    nested,
    other_stack,
    shown_path,
)
from policies.examples.kubernetes import container, deployment, service
from policies.examples.telemetry import central, placed, sender, server
from policies.geography.whereabouts import (
    BUCKET,
    FIREHOSE,
    KINDS,
    STACK_REFERENCE,
    WORKSPACE,
    Vouched,
    reads_beside,
    refers_home,
)
from policies.observability.sinks import ADDRESSES, BESIDE, CENTRAL, DIAGNOSTICS, JUDGED, REGION, SINKS, TEXTS, VENDORS
from policies.observability.telemetry import (
    AT_HOME,
    IN_THE_REGION,
    NO_VENDOR,
    names_no_vendor,
    reports_home,
    stays_in_the_region,
)
from policies.outcomes import Outcome
from policies.resources import resource
from policies.tables import by_table, if_set, reads_of
from policies.values import UNKNOWN
from policies.workloads.workload import POD_SPEC_BY_TOKEN, Workload


class Sinks(Vouched):
    """Sinks that others keep in the UAE."""

    hosts: tuple[str, ...] = Field(default=(), description="Hosts, or their domains, of collectors in the UAE.")


CONTROL = Control(
    id="RES-015",
    title="Logs, measurements and traces are kept in the UAE",
    harm="Logs tell who asked what and when: abroad they are personal data that was transferred.",
    severity=Severity.HIGH,
    applies_to=Subject(
        tokens=JUDGED,
        view=situated,
        stack_wide=True,
        beside=tuple(token for token in (*BESIDE, STACK_REFERENCE) if token not in JUDGED),
    ),
    reads=(
        *reads_of(REGION),
        *reads_of(SINKS),
        *(f"{token}:{path}" for token, paths in ADDRESSES.items() for path in paths),
        *(f"{token.rstrip('*')}:{path}" for token, path in TEXTS.items()),
        *reads_beside(*BESIDE),
        *(f"container.{part}" for part in ("env", "command", "args")),
    ),
    remedy=(
        "Keep workspaces and streams in the region, send what the cluster tells to a collector inside it, and name "
        "what others keep in the UAE in this control's policy configuration (in_the_uae, hosts)."
    ),
    not_at_the_door="CEL can't put together an address that names other variables, as exporters are told theirs.",
    parameters=Sinks,
    note=(
        "An id of Azure, or of a bucket, does not say where it lies: the stack that makes it does, or the operator. "
        "The installed SDK cannot replicate a workspace. Vendors' hosts come from the catalog (saas-observability). "
        "Wider than asked: collection rules, flow logs, exports, subscriptions, every sink of a Firehose, aggregators, "
        "agents of AKS, what collectors are configured with, and traces of Triton and vLLM."
    ),
)


@CONTROL.check
def kept_at_home(found: Situated) -> Iterator[Outcome]:
    """Find each sink abroad, or of who knows where."""
    told, sinks = found.resource, found.plan.parameters(Sinks)
    if told.type in POD_SPEC_BY_TOKEN:
        yield from reports_home(Workload(told), sinks.hosts)
    for token, path in TEXTS.items():
        if told.type.startswith(token.rstrip("*")):
            yield from names_no_vendor(told[path])
    if told.type in REGION:
        yield from by_table(REGION, told)
    for path, tokens in SINKS.get(told.type, {}).items():
        for node in told.root.select(path):
            yield from refers_home(node, told, found.plan, tokens, sinks)
    for path in ADDRESSES.get(told.type, ()):
        for node in told.root.select(path):
            yield from if_set(lambda address: stays_in_the_region(address, sinks.hosts))(node)


ENVIRONMENT = other_stack()
for token, sinks in SINKS.items():
    for path, (kind, *_) in sinks.items():
        abroad, expected = ("eu-west-1", IN_AWS_UAE) if token.startswith("aws:") else (ABROAD, IN_THE_UAE)
        CONTROL.good(f"{token} to what is made here, {path}", sender(token, path, UNKNOWN, placed(kind)), placed(kind))
        CONTROL.bad(
            f"{token} to what is made abroad, {path}",
            sender(token, path, UNKNOWN, placed(kind)),
            placed(kind, abroad),
            finding=f"{KINDS[kind].place}: found {abroad}, expected {expected}",
        )
        CONTROL.unknown(f"{token} to who knows where, {path}", sender(token, path, UNKNOWN), at=shown_path(path))
for token, places in REGION.items():
    home, abroad, expected = {True: ("me-central-1", "eu-west-1", IN_AWS_UAE), False: (HOME, ABROAD, IN_THE_UAE)}[
        token.startswith("aws:")
    ]
    for path in places:
        if path.casefold().endswith(("location", "region")) and token != CENTRAL:
            CONTROL.good(f"{token} at home, {path}", resource(token, nested(path, home)))
            CONTROL.bad(
                f"{token} abroad, {path}",
                resource(token, nested(path, abroad)),
                finding=f"{path}: found {abroad}, expected {expected}",
            )
CHARTS = tuple(TEXTS)
DIAGNOSTIC, LOGS = DIAGNOSTICS[0], "workspaceId"
LOGS_ID = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/acme-logs"
NAMED = made(WORKSPACE, "sink", location=HOME, workspaceName="acme-logs")
QUEUE = "arn:aws:firehose:me-central-1:111122223333:deliverystream/logs"
ELSEWHERE = QUEUE.replace("me-central-1", "eu-west-1")
SUBSCRIPTION, METRICS = (
    "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter",
    "aws:cloudwatch/metricStream:MetricStream",
)
CONTROL.good("diagnostics to a workspace by its id", sender(DIAGNOSTIC, LOGS, LOGS_ID, NAMED), NAMED)
CONTROL.good("diagnostics to the environment", sender(DIAGNOSTIC, LOGS, UNKNOWN, ENVIRONMENT), ENVIRONMENT)
CONTROL.good("measures to a stream by its ARN", made(METRICS, firehoseArn=QUEUE))
CONTROL.good(
    "a stream to a bucket by its ARN",
    made(FIREHOSE, extendedS3Configuration={"bucketArn": "arn:aws:s3:::acme-logs"}),
    made(BUCKET, "sink", bucket="acme-logs"),
)
CONTROL.good("logs gathered at home", central("me-central-1", "me-central-1"))
CONTROL.good("logs gathered at home without a copy", made(CENTRAL, rule={"destination": {"region": "me-central-1"}}))
for path in ADDRESSES[FIREHOSE]:
    CONTROL.good(
        f"a stream into the region, {path}",
        resource(FIREHOSE, nested(path, "https://search-acme.me-central-1.es.amazonaws.com")),
    )
    CONTROL.bad(
        f"a stream abroad, {path}",
        resource(FIREHOSE, nested(path, "https://intake.example.com/v1")),
        finding=f"{path}: found https://intake.example.com/v1, expected {IN_THE_REGION}",
    )
COLLECTOR = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.monitoring.svc:4317"}
CONTROL.good("a server that reports to the cluster", server("--metrics", **COLLECTOR))
CONTROL.good(
    "a server that reports to its node",
    server(
        "--trace-config=opentelemetry,url=localhost:4318",
        "--otlp-traces-endpoint",
        "collector:4317",
        NODE={"valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}},
        PORT="4317",
        OTEL_EXPORTER_OTLP_LOGS_ENDPOINT="http://$(NODE):$(PORT)",
    ),
)
CONTROL.good("a server in a folder of a vendor's name", deployment([container(workingDir="/srv/datadoghq.com")]))
CONTROL.good("a chart that says nothing of telemetry", made(CHARTS[0], values={"replicas": 2, "hosts": ["acme.ae"]}))
for vendor in VENDORS:
    CONTROL.bad(
        f"monitoring as a service, {vendor}",
        made(vendor, location=HOME, sku={"name": "payg"}),
        finding="sku.name: found payg, expected no monitoring as a service",
    )
for token in DIAGNOSTICS:
    CONTROL.bad(
        f"diagnostics to a partner, {token}",
        made(token, marketplacePartnerId="/providers/acme"),
        finding="marketplacePartnerId: found /providers/acme, expected nothing",
    )
CONTROL.bad(
    "measures to a stream abroad, by its ARN",
    made(METRICS, firehoseArn=ELSEWHERE),
    finding=f"firehoseArn: found {ELSEWHERE}, expected an ARN in me-central-1",
)
GATHERED, BACKUP = "rule.destination", "backupConfiguration.region"
CONTROL.bad(
    "logs gathered abroad, with a copy there",
    central("eu-west-1", "eu-west-2"),
    finding=(
        f"{GATHERED}.region: found eu-west-1, expected {IN_AWS_UAE}",
        f"{GATHERED}.destinationLogsConfiguration.{BACKUP}: found eu-west-2, expected {IN_AWS_UAE}",
        f"{GATHERED}.destinationMetricsConfiguration.{BACKUP}: found eu-west-2, expected {IN_AWS_UAE}",
    ),
)
TOLD = "spec.template.spec.containers[0]"
OTLP, DATADOG, HONEYCOMB = "OTEL_EXPORTER_OTLP_ENDPOINT", "https://otlp.datadoghq.eu", "api.honeycomb.io:443"
for label, address in {
    "the internet": "https://collector.example.com",
    "another region": "https://xray.eu-west-1.amazonaws.com",
    "a public address": "http://8.8.8.8:4317",
    "a value of a ConfigMap": None,
    "no address": "http://[",
    "a variable that nobody sets": "http://$(COLLECTOR):4317",
}.items():
    CONTROL.bad(
        f"a server that reports to {label}",
        server(**{OTLP: address}),
        finding=f"{TOLD}.env[0].value: found {address or 'nothing'}, expected {AT_HOME}",
    )
CONTROL.bad(
    "a server whose traces go abroad",
    server("--trace-config=opentelemetry,url=https://a.example.com", "--otlp-traces-endpoint", "https://b.example.com"),
    finding=(
        f"{TOLD}.args[0]: found --trace-config=opentelemetry,url=https://a.example.com, expected {AT_HOME}",
        f"{TOLD}.args[2]: found https://b.example.com, expected {AT_HOME}",
    ),
)
CONTROL.bad(
    "a server with an agent of a vendor",
    server(f"--site={HONEYCOMB}", DD_SITE="datadoghq.eu"),
    finding=(
        f"{TOLD}.env[0].value: found datadoghq.eu, expected {NO_VENDOR}",
        f"{TOLD}.args[0]: found --site={HONEYCOMB}, expected {NO_VENDOR}",
    ),
)
for token, path in TEXTS.items():
    CONTROL.bad(
        f"a vendor in what a collector is told, {token}",
        resource(token.rstrip("*"), {path: {"exporters": [{"endpoint": "http://collector"}, {"endpoint": DATADOG}]}}),
        finding=f"{path}.exporters[1].endpoint: found {DATADOG}, expected {NO_VENDOR}",
    )
CONTROL.good(
    "diagnostics to a workspace that the operator vouches for",
    sender(DIAGNOSTIC, LOGS, LOGS_ID),
    parameters=Sinks(in_the_uae=(LOGS_ID,)),
)
CONTROL.good(
    "a server that reports to a collector of the operator's",
    server(OTEL_EXPORTER_OTLP_ENDPOINT="https://collector.bank.ae"),
    parameters=Sinks(hosts=("bank.ae",)),
)
CONTROL.unknown("an address made elsewhere", server(**{OTLP: UNKNOWN}), at=f"{TOLD}.env[0].value")
CONTROL.unknown("values made elsewhere", made(CHARTS[0], values={"endpoint": UNKNOWN}), at="values.endpoint")
CONTROL.unknown("a place made elsewhere", made(WORKSPACE, location=UNKNOWN), at="location")
CONTROL.unknown(
    "diagnostics to a workspace of who knows whom",
    sender(DIAGNOSTIC, LOGS, LOGS_ID.replace("acme-logs", "elsewhere"), NAMED),
    NAMED,
    at=LOGS,
)
CONTROL.unknown(
    "diagnostics to another project's environment",
    sender(DIAGNOSTIC, LOGS, UNKNOWN, ENVIRONMENT),
    other_stack("organization/another/environment"),
    at=LOGS,
)
CONTROL.not_applicable("a Service tells nothing", service())
