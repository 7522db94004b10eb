"""Residency breakers of what runs on any cloud, and of the tools that make it."""

from __future__ import annotations

from collections.abc import Mapping

from falaj.preflight import State, Verdict
from falaj.preflight.pulumi_files import read_pulumi_command
from policies.examples.helm import HERE, release
from policies.examples.kubernetes import DIGEST, container, deployment
from policies.examples.model_sources import fetching
from policies.examples.residency import aws_provider
from policies.examples.signatures import KEY, kyverno
from policies.examples.telemetry import server
from policies.resources import resource
from tests.policies.residency.breakers.breaker import BeforePlan, Breaker, breaker, found

REGISTRY = "a registry in the UAE: ECR in me-central-1, one on Azure that a stack makes there, or one in `registries`"
STORE = "a model mounted as an image, or a store in the UAE: of the stack, of its environment, or one in `stores`"
COLLECTOR = "a collector in the cluster or the region, or a host that the policy configuration names"
SERVER = "spec.template.spec.containers[0]"
ATTESTOR = "spec.rules[0].verifyImages[0].attestors[0].entries[0]"
OWN_LOG = "the address of a log of your own, or no log"
OWN_AUTHORITY = "an authority in the cluster or the country: a public one writes each name into a public log"
IN_FULL = "organization/PROJECT/STACK, which is how a backend of one's own names a stack"
ADDRESS = "an address in the country"
IN_THE_REGION = "a host of the region, or one that the policy configuration names"
TRACES = "--trace-config=opentelemetry,url=https://otlp.example.com"
VENDOR = "https://otlp.nr-data.net"
PUBLIC_AUTHORITY = "https://acme-v02.api.letsencrypt.org/directory"

ANYWHERE: Mapping[str, Breaker] = {
    "public-registries": breaker(
        *(
            found(
                "SUP-002",
                f"{SERVER}.image: found {host}/server@{DIGEST} of {host}, expected {REGISTRY}",
                deployment([container(image=f"{host}/server@{DIGEST}")]),
            )
            for host in (f"{name}.io" for name in ("nvcr", "docker", "ghcr", "quay", "registry.k8s"))
        ),
        found(
            "SUP-002",
            f"values.image.registry: found nvcr.io of nvcr.io, expected {REGISTRY}",
            release(values={"image": {"registry": "nvcr.io", "repository": "kedacore/keda"}}),
        ),
    ),
    "public-model-hubs": breaker(
        found(
            "SUP-008",
            f"{SERVER}.env[0].value: found https://huggingface.co, expected {STORE}",
            fetching(HF_ENDPOINT="https://huggingface.co"),
        ),
        found(
            "SUP-008",
            f"{SERVER}.args[0]: found --model-repository=hf://acme/iris, expected {STORE}",
            fetching("--model-repository=hf://acme/iris"),
        ),
    ),
    "onnxruntime-telemetry": breaker(
        found(
            "RES-019",
            f'{SERVER}.env: found nothing, expected "1" in ORT_DISABLE_TELEMETRY',
            deployment([container(image=f"{HERE}/onnxruntime@{DIGEST}", env=None)]),
        ),
    ),
    "triton-traces": breaker(
        found(
            "RES-015",
            f"{SERVER}.args[0]: found {TRACES}, expected {COLLECTOR}",
            server(TRACES, ORT_DISABLE_TELEMETRY="1"),
        ),
        found(
            "RES-019",
            f'{SERVER}.env: found nothing, expected "1" in ORT_DISABLE_TELEMETRY',
            deployment([container(image=f"{HERE}/tritonserver@{DIGEST}", env=None)]),
        ),
    ),
    "library-telemetry": breaker(
        found(
            "RES-019",
            (
                f'{SERVER}.env: found nothing, expected "1" in VLLM_NO_USAGE_STATS',
                f'{SERVER}.env: found nothing, expected "1" in HF_HUB_DISABLE_TELEMETRY',
            ),
            deployment([container(image=f"{HERE}/vllm-openai@{DIGEST}", env=None)]),
        ),
        found(
            "RES-019",
            f'{SERVER}.env: found nothing, expected "0" in RAY_USAGE_STATS_ENABLED',
            deployment([container(image=f"{HERE}/ray@{DIGEST}", env=None)]),
        ),
        found(
            "RES-019",
            f'{SERVER}.env: found nothing, expected "1" in HF_HUB_DISABLE_TELEMETRY',
            deployment([container(image=f"{HERE}/text-embeddings-inference@{DIGEST}", env=None)]),
        ),
    ),
    "sigstore-public": breaker(
        found(
            "SUP-005",
            f"{ATTESTOR}.keys.rekor.url: found https://rekor.sigstore.dev, expected {OWN_LOG}",
            kyverno({"keys": {"kms": KEY, "rekor": {"url": "https://rekor.sigstore.dev"}}}),
        ),
    ),
    "acme-public": breaker(
        found(
            "RES-023",
            f"spec.acme.server: found {PUBLIC_AUTHORITY}, expected {OWN_AUTHORITY}",
            resource("kubernetes:cert-manager.io/v1:ClusterIssuer", {"spec": {"acme": {"server": PUBLIC_AUTHORITY}}}),
        ),
    ),
    "pulumi-cloud": breaker(
        BeforePlan(
            "state",
            Verdict.MISSING,
            "Pulumi Cloud, which lies outside the country (PULUMI_BACKEND_URL)",
            state=State(backend="https://api.pulumi.com", backend_from="PULUMI_BACKEND_URL"),
        ),
        BeforePlan(
            "state",
            Verdict.MISSING,
            "bucket state in eu-west-1, which lies outside the country (Pulumi.yaml)",
            state=State(backend="s3://state?region=eu-west-1", backend_from="Pulumi.yaml"),
        ),
        BeforePlan("state", Verdict.MISSING, "no backend chosen: Pulumi would take Pulumi Cloud"),
        found(
            "RES-018",
            f"name: found acme/falaj/environment, expected {IN_FULL}",
            resource("pulumi:pulumi:StackReference", {"name": "acme/falaj/environment"}),
        ),
        found(
            "RES-018",
            f'configuration["acme:state"]: found https://api.pulumi.com/acme, Pulumi Cloud, expected {ADDRESS}',
            resource("pulumi:pulumi:Stack", {}),
            **{"acme:state": "https://api.pulumi.com/acme"},
        ),
    ),
    "pulumi-passphrase": breaker(
        *(
            BeforePlan("secrets", Verdict.MISSING, said, state=State(secrets=secrets))
            for secrets, said in (
                ("passphrase", "a passphrase, of whose use nobody keeps a record"),
                ("default", "the backend's own: a key of Pulumi Cloud, or a passphrase"),
            )
        ),
    ),
    "pulumi-cli": breaker(
        BeforePlan(
            "pulumi command",
            Verdict.ASK,
            "PULUMI_SKIP_UPDATE_CHECK is not set, PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION is not set",
            command=read_pulumi_command({}),
        ),
    ),
    "saas-observability": breaker(
        found(
            "RES-015",
            (
                f"{SERVER}.env[0].value: found {VENDOR}, expected {COLLECTOR}",
                f"{SERVER}.env[0].value: found {VENDOR}, expected no host of monitoring as a service",
            ),
            server(OTEL_EXPORTER_OTLP_ENDPOINT=VENDOR),
        ),
        found(
            "RES-015",
            "values.exporter.endpoint: found https://otlp.datadoghq.eu, expected no host of monitoring as a service",
            release(values={"exporter": {"endpoint": "https://otlp.datadoghq.eu"}}),
        ),
        found(
            "RES-015",
            f"httpEndpointConfiguration.url: found https://aws-api.newrelic.com/firehose/v1, expected {IN_THE_REGION}",
            resource(
                "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
                {"httpEndpointConfiguration": {"url": "https://aws-api.newrelic.com/firehose/v1"}},
                provider=aws_provider(),
            ),
        ),
    ),
}
