"""A model on ONNX Runtime, in terms every Kubernetes understands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.custom_object import CustomObject
from components.gateway.names import HTTPS_LISTENER
from components.labels import MODEL_SERVER, Ownership, selector
from components.manifests import Manifest
from components.serving.flows import ends_of, flows_of
from components.serving.pods import GRPC_PORT, HTTP_PORT, pod_template
from components.zero_trust.edges import edges_of
from components.zero_trust.restricted import POD_CONTROLS, rolling_update
from falaj.catalog.data_flows import DataClass, DataFlow

if TYPE_CHECKING:
    from components.serving.spec import OnnxRuntimeServerSpec

AI_CONTROLS = ("AIG-001", "AIG-002", "AIG-003", "AIG-005", "AIG-006", "AIG-008")
GRPC_PATHS = ("/inference.GRPCInferenceService", "/grpc.health.v1.Health")
"""Of gRPC's services those that clients need; reflection stays inside."""
HTTP_2_IN_THE_CLEAR = "kubernetes.io/h2c"
"""What gRPC is spoken over behind the gateway."""
ABOUT_PERSONS = frozenset({DataClass.PERSONAL, DataClass.HEALTH, DataClass.FINANCIAL})
"""Classes of data about somebody."""


class OnnxRuntimeServer(pulumi.ComponentResource):
    """One model behind one host name, answering the Open Inference Protocol v2 over REST and gRPC.

    Makes a Deployment that mounts the model read-only by digest, a Service, a PodDisruptionBudget, an HTTPRoute from
    the tenant's gateway, and a NetworkPolicy with exactly the edges of its data flows. Refuses traffic from anywhere
    but the gateway, and sends nothing anywhere that its spec does not name; ONNX Runtime's telemetry is off.

    Source: https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol
    """

    host: pulumi.Output[str]
    """Host name at which the endpoint answers."""
    service: pulumi.Output[str]
    """Name of its Service in the tenant's namespace."""
    data_flows: tuple[DataFlow, ...]
    """What it receives, reads and sends."""
    controls = (*AI_CONTROLS, "NET-003", *POD_CONTROLS, "POD-012", "RES-019", "RES-021", "SUP-001", "TAG-001")
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: OnnxRuntimeServerSpec,
        *,
        namespace: pulumi.Input[str],
        gateway: pulumi.Input[str],
        host_suffix: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = flows_of(spec)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__(
            "falaj:index:OnnxRuntimeServer", name, {"dataFlows": flows, "controls": list(self.controls)}, opts
        )
        self._name, self._spec = name, spec
        self._inside = pulumi.ResourceOptions(parent=self)
        self._labels = Ownership(spec.owner, spec.tenant, spec.tier).labels(spec.endpoint, MODEL_SERVER)
        self._selector = selector(spec.endpoint, MODEL_SERVER)
        self._metadata: Manifest = {"name": spec.endpoint, "namespace": namespace, "labels": self._labels}

        edges = self._make_edges()
        self._make_workload(edges)
        self.service = self._make_service()
        self.host = pulumi.Output.concat(spec.endpoint, ".", host_suffix)
        self._make_route(gateway)
        self.register_outputs({"host": self.host, "service": self.service, "model": spec.model})

    def _make_edges(self) -> kubernetes.networking.v1.NetworkPolicy:
        workload = f"{self._spec.namespace}/{self._spec.endpoint}"
        metadata: Manifest = {**self._metadata, "name": f"{self._spec.endpoint}-edges"}
        return kubernetes.networking.v1.NetworkPolicy(
            f"{self._name}-edges",
            metadata=metadata,
            spec=edges_of(workload, self.data_flows, ends_of(self._spec)),
            opts=self._inside,
        )

    def _make_workload(self, edges: kubernetes.networking.v1.NetworkPolicy) -> None:
        disruption = self._spec.disruption
        kubernetes.policy.v1.PodDisruptionBudget(
            f"{self._name}-disruption",
            metadata=self._metadata,
            spec={
                "max_unavailable": disruption.max_unavailable,
                "min_available": disruption.min_available,
                "selector": {"match_labels": self._selector},
                "unhealthy_pod_eviction_policy": "AlwaysAllow",
            },
            opts=self._inside,
        )
        kubernetes.apps.v1.Deployment(
            f"{self._name}-server",
            metadata=self._with_annotations(),
            spec={
                "replicas": self._spec.replicas,
                "strategy": rolling_update(),
                "revision_history_limit": 3,
                "progress_deadline_seconds": 300,
                "selector": {"match_labels": self._selector},
                "template": pod_template(self._spec, self._labels),
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[edges]),
        )

    def _with_annotations(self) -> Manifest:
        """What is said of the model stands on the object and not on its pods: a new assessment restarts no server."""
        spec = self._spec
        if spec.governance is None:
            return self._metadata
        annotations = spec.governance.annotations(
            name=spec.endpoint, owner=spec.owner, model=spec.model, personal=spec.data_class in ABOUT_PERSONS
        )
        return {**self._metadata, "annotations": annotations}

    def _make_service(self) -> pulumi.Output[str]:
        service = kubernetes.core.v1.Service(
            f"{self._name}-service",
            metadata=self._metadata,
            spec={
                "type": "ClusterIP",
                "selector": self._selector,
                "ports": [
                    {"name": "http", "port": HTTP_PORT, "target_port": "http", "protocol": "TCP"},
                    {
                        "name": "grpc",
                        "port": GRPC_PORT,
                        "target_port": "grpc",
                        "protocol": "TCP",
                        "app_protocol": HTTP_2_IN_THE_CLEAR,
                    },
                ],
            },
            opts=self._inside,
        )
        return service.metadata.name

    def _make_route(self, gateway: pulumi.Input[str]) -> None:
        CustomObject(
            f"{self._name}-route",
            "gateway.networking.k8s.io/v1",
            "HTTPRoute",
            metadata=self._metadata,
            spec={
                "parentRefs": [{"name": gateway, "sectionName": HTTPS_LISTENER}],
                "hostnames": [self.host],
                "rules": [self._rule("/v2", HTTP_PORT), *(self._rule(path, GRPC_PORT) for path in GRPC_PATHS)],
            },
            opts=self._inside,
        )

    def _rule(self, path: str, port: int) -> dict[str, Any]:
        """Both ways in share the host name: a GRPCRoute beside an HTTPRoute of the same host may be refused."""
        return {
            "matches": [{"path": {"type": "PathPrefix", "value": path}}],
            "backendRefs": [{"name": self.service, "port": port}],
        }
