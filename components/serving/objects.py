"""What stands around the pods of any model server: walls, a budget, a Deployment, a Service and a route."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import pulumi
import pulumi_kubernetes as kubernetes

from components.custom_object import CustomObject
from components.gateway.names import HTTPS_LISTENER
from components.labels import MODEL_SERVER, Ownership, selector
from components.serving.flows import ends_of
from components.serving.pods import GRPC_PORT, HTTP_PORT
from components.zero_trust.edges import edges_of
from falaj.catalog.data_flows import DataClass, DataFlow
from falaj.catalog.model_annotations import ModelAnnotation

if TYPE_CHECKING:
    from components.manifests import Manifest
    from components.serving.spec import ServerSpec

GRPC_PATHS = ("/inference.GRPCInferenceService", "/grpc.health.v1.Health")
"""Of gRPC's services those that clients need; reflection stays inside."""
HTTP_2_IN_THE_CLEAR = "kubernetes.io/h2c"
"""What gRPC is spoken over behind the gateway."""
ABOUT_PERSONS = frozenset({DataClass.PERSONAL, DataClass.HEALTH, DataClass.FINANCIAL})
"""Classes of data about somebody."""


class Way(NamedTuple):
    """How an endpoint is reached."""

    host: pulumi.Output[str]
    service: pulumi.Output[str]


class Rollout(NamedTuple):
    """How a Deployment goes from one pod template to the next, and how long that may take."""

    strategy: Manifest
    deadline_seconds: int


@dataclass(frozen=True)
class Objects:
    """Makes the objects of one endpoint as children of its component, each under the component's name and its role.

    One that stands behind another workload gets no route.
    """

    parent: pulumi.Resource
    name: str
    spec: ServerSpec
    namespace: pulumi.Input[str]
    flows: tuple[DataFlow, ...]

    def make(
        self, template: Manifest, rollout: Rollout, gateway: pulumi.Input[str], host_suffix: pulumi.Input[str]
    ) -> Way:
        """Make them all; the walls stand before the first pod."""
        edges = self._make_edges()
        self._make_workload(template, rollout, edges)
        service = self._make_service()
        if self.spec.behind is not None:
            return Way(pulumi.Output.concat(service, ".", self.namespace, ".svc"), service)
        host = pulumi.Output.concat(self.spec.endpoint, ".", host_suffix)
        self._make_route(gateway, host, service)
        return Way(host, service)

    @property
    def labels(self) -> dict[str, str]:
        """The labels of every object and pod of the endpoint."""
        spec = self.spec
        return Ownership(spec.owner, spec.tenant, spec.tier).labels(spec.endpoint, MODEL_SERVER)

    @property
    def _selector(self) -> dict[str, str]:
        return selector(self.spec.endpoint, MODEL_SERVER)

    @property
    def _metadata(self) -> Manifest:
        return {"name": self.spec.endpoint, "namespace": self.namespace, "labels": self.labels}

    @property
    def _inside(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self.parent)

    def _make_edges(self) -> kubernetes.networking.v1.NetworkPolicy:
        workload = f"{self.spec.namespace}/{self.spec.endpoint}"
        metadata: Manifest = {**self._metadata, "name": f"{self.spec.endpoint}-edges"}
        return kubernetes.networking.v1.NetworkPolicy(
            f"{self.name}-edges",
            metadata=metadata,
            spec=edges_of(workload, self.flows, ends_of(self.spec)),
            opts=self._inside,
        )

    def _make_workload(
        self, template: Manifest, rollout: Rollout, edges: kubernetes.networking.v1.NetworkPolicy
    ) -> None:
        disruption = self.spec.disruption
        kubernetes.policy.v1.PodDisruptionBudget(
            f"{self.name}-disruption",
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
            f"{self.name}-server",
            metadata=self._with_annotations(),
            spec={
                "replicas": self.spec.replicas,
                "strategy": rollout.strategy,
                "revision_history_limit": 3,
                "progress_deadline_seconds": rollout.deadline_seconds,
                "selector": {"match_labels": self._selector},
                "template": template,
            },
            opts=pulumi.ResourceOptions(parent=self.parent, depends_on=[edges]),
        )

    def _with_annotations(self) -> Manifest:
        """What is said of the model stands on the object and not on its pods: a new assessment restarts no server."""
        spec = self.spec
        annotations: dict[str, str] = {} if spec.behind is None else {ModelAnnotation.ROUTED_BY.value: spec.behind}
        if spec.governance is not None:
            annotations |= spec.governance.annotations(
                name=spec.behind or spec.endpoint,
                owner=spec.owner,
                model=spec.model,
                personal=spec.data_class in ABOUT_PERSONS,
            )
        return {**self._metadata, "annotations": annotations} if annotations else self._metadata

    def _make_service(self) -> pulumi.Output[str]:
        ports = [
            {"name": "http", "port": HTTP_PORT, "target_port": "http", "protocol": "TCP"},
            {
                "name": "grpc",
                "port": GRPC_PORT,
                "target_port": "grpc",
                "protocol": "TCP",
                "app_protocol": HTTP_2_IN_THE_CLEAR,
            },
        ]
        spec: Manifest = {"type": "ClusterIP", "selector": self._selector, "ports": ports}
        if self.spec.behind is not None:
            spec["cluster_ip"] = "None"  # each pod has an address of its own: who calls them chooses among them
        service = kubernetes.core.v1.Service(
            f"{self.name}-service", metadata=self._metadata, spec=spec, opts=self._inside
        )
        return service.metadata.name

    def _make_route(self, gateway: pulumi.Input[str], host: pulumi.Output[str], service: pulumi.Output[str]) -> None:
        CustomObject(
            f"{self.name}-route",
            "gateway.networking.k8s.io/v1",
            "HTTPRoute",
            metadata=self._metadata,
            spec={
                "parentRefs": [{"name": gateway, "sectionName": HTTPS_LISTENER}],
                "hostnames": [host],
                "rules": [
                    self._rule(service, "/v2", HTTP_PORT),
                    *(self._rule(service, path, GRPC_PORT) for path in GRPC_PATHS),
                ],
            },
            opts=self._inside,
        )

    def _rule(self, service: pulumi.Output[str], path: str, port: int) -> dict[str, Any]:
        """Both ways in share the host name: a GRPCRoute beside an HTTPRoute of the same host may be refused."""
        return {
            "matches": [{"path": {"type": "PathPrefix", "value": path}}],
            "backendRefs": [{"name": service, "port": port}],
        }
