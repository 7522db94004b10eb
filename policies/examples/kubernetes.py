"""Builders for the examples of controls: each makes a resource that keeps every control until told otherwise.

A keyword set to `None` leaves the property out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from policies.resources import Resource, resource
from policies.workloads.kinds import GATEWAY_COMPONENT, INGRESSES, LISTENERS, NAMESPACE, NETWORK_POLICY, SERVICES

DIGEST: Final = f"sha256:{'a' * 64}"
IMAGE: Final = f"registry.ae/onnxruntime:1.29@{DIGEST}"
LABELS: Final = {"app.kubernetes.io/managed-by": "falaj", "falaj.dev/owner": "risk"}


def without_none(properties: Mapping[str, object]) -> dict[str, Any]:
    """Return the properties that are set."""
    return {name: value for name, value in properties.items() if value is not None}


def container(**properties: object) -> dict[str, Any]:
    """Describe a hardened container of an ONNX Runtime server."""
    return without_none(
        {
            "name": "server",
            "image": IMAGE,
            "env": [{"name": "ORT_DISABLE_TELEMETRY", "value": "1"}],
            "resources": {
                "requests": {"cpu": "500m", "memory": "512Mi"},
                "limits": {"cpu": "1", "memory": "512Mi"},
            },
            "securityContext": security(),
        }
        | properties
    )


def security(**properties: object) -> dict[str, Any]:
    """Describe the security context of a hardened container."""
    return without_none(
        {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": 65532,
        }
        | properties
    )


def pod_spec(containers: Sequence[object] | None = None, **properties: object) -> dict[str, Any]:
    """Describe a pod of one hardened container."""
    return without_none({"containers": list(containers) if containers is not None else [container()]} | properties)


def metadata(**properties: object) -> dict[str, Any]:
    """Describe an object with an owner."""
    return without_none({"name": "example", "namespace": "acme", "labels": dict(LABELS)} | properties)


def deployment(
    containers: Sequence[object] | None = None,
    *,
    meta: Mapping[str, object] | None = None,
    parent: str | None = None,
    **pod: object,
) -> Resource:
    """Make a Deployment of one hardened container, perhaps within a component of type ``parent``."""
    kind = "kubernetes:apps/v1:Deployment"
    template = {"metadata": {"labels": dict(LABELS)}, "spec": pod_spec(containers, **pod)}
    return resource(
        kind,
        {"metadata": metadata() if meta is None else meta, "spec": {"replicas": 2, "template": template}},
        urn=f"urn:pulumi:stack::project::{parent}${kind}::example" if parent else None,
    )


def cronjob(containers: Sequence[object] | None = None, **pod: object) -> Resource:
    """Make a CronJob, whose pod lies deepest of all kinds."""
    job = {"spec": {"template": {"spec": pod_spec(containers, **pod)}}}
    return resource(
        "kubernetes:batch/v1:CronJob",
        {"metadata": metadata(), "spec": {"schedule": "0 3 * * *", "jobTemplate": job}},
    )


def pod(containers: Sequence[object] | None = None, **properties: object) -> Resource:
    """Make a bare Pod."""
    return resource("kubernetes:core/v1:Pod", {"metadata": metadata(), "spec": pod_spec(containers, **properties)})


def service(
    *,
    urn: str | None = None,
    meta: Mapping[str, object] | None = None,
    **spec: object,
) -> Resource:
    """Make a Service that only the cluster can reach."""
    properties = {"type": "ClusterIP", "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}]}
    return resource(
        SERVICES[0],
        {"metadata": metadata() if meta is None else meta, "spec": without_none(properties | spec)},
        urn=urn,
    )


def gateway_service(*, role: object = "gateway", port: object = 443) -> Resource:
    """Make the Service that publishes the gateway."""
    return service(
        urn=f"urn:pulumi:stack::project::{GATEWAY_COMPONENT}${SERVICES[0]}::gateway-service",
        meta=metadata(labels=LABELS | {"app.kubernetes.io/component": role}),
        type="LoadBalancer",
        ports=[{"name": "https", "port": port, "targetPort": 8443}],
    )


def namespace(**meta: object) -> Resource:
    """Make the namespace ``acme``."""
    return resource(
        NAMESPACE,
        {"metadata": metadata(**{"name": "acme", "namespace": None} | meta)},
        urn=f"urn:pulumi:stack::project::{NAMESPACE}::acme",
    )


def network_policy(
    name: str = "default-deny",
    *,
    inside: object = "acme",
    made_from: Sequence[str] = (),
    **spec: object,
) -> Resource:
    """Make a NetworkPolicy that denies both directions to every pod of its namespace."""
    properties = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    return resource(
        NETWORK_POLICY,
        {"metadata": {"name": name, "namespace": inside}, "spec": without_none(properties | spec)},
        urn=f"urn:pulumi:stack::project::{NETWORK_POLICY}::{name}",
        property_dependencies={"metadata": made_from},
    )


def gateway(*listeners: object) -> Resource:
    """Make a Gateway with the given listeners, one over HTTPS unless told otherwise."""
    return resource(
        LISTENERS[0],
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "Gateway",
            "metadata": metadata(),
            "spec": {"gatewayClassName": "traefik", "listeners": list(listeners) or [listener()]},
        },
    )


def listener(**properties: object) -> dict[str, Any]:
    """Describe an HTTPS listener of a Gateway."""
    return without_none(
        {
            "name": "https",
            "port": 8443,
            "protocol": "HTTPS",
            "hostname": "*.acme.example.ae",
            "tls": {"mode": "Terminate", "certificateRefs": [{"name": "acme-wildcard"}]},
        }
        | properties
    )


def ingress(**spec: object) -> Resource:
    """Make an Ingress over TLS."""
    properties = {
        "rules": [{"host": "iris.acme.example.ae"}],
        "tls": [{"hosts": ["iris.acme.example.ae"], "secretName": "acme-wildcard"}],
    }
    return resource(INGRESSES[0], {"metadata": metadata(), "spec": without_none(properties | spec)})


def data_flow(**properties: object) -> dict[str, Any]:
    """Describe requests from clients to the gateway in the UAE."""
    return without_none(
        {
            "source": "clients",
            "sink": "gateway/traefik",
            "data_class": "personal",
            "region": "uaenorth",
            "channel": "https",
            "port": 443,
            "encryption": "tls",
            "purpose": "predictions",
        }
        | properties
    )


def component(flows: object, *, token: str = "falaj:index:OnnxRuntimeServer") -> Resource:  # noqa: S107 - a type token
    """Make a component with the given data flows; `None` when it declares none."""
    return resource(token, without_none({"dataFlows": flows}))
