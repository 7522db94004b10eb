"""The platform's gateway: Traefik behind the Gateway API, HTTPS only."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as kubernetes

from components.custom_object import CustomObject
from components.gateway.definitions import GATEWAY_API, Definitions
from components.gateway.names import (
    API_SERVER_END,
    CLIENTS_END,
    CONTROLLER,
    ENTRY_PORT,
    GATEWAY_CLASS,
    GATEWAY_END,
    GATEWAY_NAMESPACE,
    GATEWAY_WORKLOAD,
    MODEL_SERVERS_END,
    PUBLIC_PORT,
)
from components.gateway.traefik import COMPONENT, RULES, STATIC_OPTIONS, TLS_OPTIONS, deployment
from components.labels import COMPONENT as COMPONENT_LABEL
from components.labels import MODEL_SERVER, ROLE, Ownership, selector
from components.manifests import Manifest
from components.zero_trust.account import controller_account
from components.zero_trust.edges import ANYONE, End, edges_of
from components.zero_trust.kubernetes import WalledNamespace
from components.zero_trust.restricted import POD_CONTROLS
from components.zero_trust.spec import NamespaceSpec
from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption
from falaj.catalog.tiers import Quota

if TYPE_CHECKING:
    from components.gateway.spec import GatewayPlatformSpec

MODEL_SERVER_PORTS = ((Channel.HTTP, 8080), (Channel.GRPC, 8081))
MODEL_SERVERS = End(
    peers=[
        {
            "namespace_selector": {"match_labels": {ROLE: "tenant"}},
            "pod_selector": {"match_labels": {COMPONENT_LABEL: MODEL_SERVER}},
        }
    ]
)
LOAD_BALANCERS = 2
"""One more than there is: a creation that the API server has to repeat is charged to the quota twice."""
QUOTA = Quota(cpu_requests="4", cpu_limits="24", memory_requests="4Gi", memory_limits="8Gi", pods=22)


class GatewayPlatform(pulumi.ComponentResource):
    """The one way in: TLS ends here, and every request leaves for the one model server its route names.

    Makes the Gateway API's definitions, Traefik in a walled namespace behind a LoadBalancer Service on port 443, and
    the GatewayClass tenants use. Refuses plain HTTP, TLS below 1.2, names it has no certificate for, and any way out
    but to the API server and to tenants' model servers.

    Source: https://doc.traefik.io/traefik/reference/install-configuration/providers/kubernetes/kubernetes-gateway/
    """

    gateway_class: pulumi.Output[str]
    """Name of the GatewayClass."""
    address: pulumi.Output[str]
    """Where clients reach it: an IP address or a host name of the load balancer."""
    port: int
    """Where clients reach it, the port."""
    data_flows: tuple[DataFlow, ...]
    """What crosses it. Each endpoint declares the class of its own requests."""
    controls = ("NET-003", *POD_CONTROLS, "SUP-001", "TAG-001", "TLS-003")
    """Controls it supports."""

    def __init__(
        self, name: str, spec: GatewayPlatformSpec, *, api_server: End, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        self.data_flows = _flows(spec.region)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__(
            "falaj:index:GatewayPlatform", name, {"dataFlows": flows, "controls": list(self.controls)}, opts
        )
        self._name, self._spec = name, spec
        self._inside = pulumi.ResourceOptions(parent=self)
        self._labels = Ownership(spec.owner).labels(GATEWAY_WORKLOAD, COMPONENT)

        room = WalledNamespace(
            f"{name}-room",
            NamespaceSpec(
                name=GATEWAY_NAMESPACE,
                owner=spec.owner,
                role="platform",
                quota=QUOTA,
                default_resources=spec.resources,
                load_balancers=LOAD_BALANCERS,
                node_ports=spec.load_balancer.node_ports * LOAD_BALANCERS,
            ),
            opts=self._inside,
        )
        self._metadata: Manifest = {"name": GATEWAY_WORKLOAD, "namespace": room.namespace, "labels": self._labels}
        definitions = Definitions(f"{name}-definitions", GATEWAY_API, opts=self._inside)
        account = controller_account(
            name, "falaj-gateway", RULES, metadata=self._metadata, labels=self._labels, opts=self._inside
        )
        self._make_edges(api_server)
        workload = self._make_workload(account, definitions)
        self.gateway_class = self._make_class(definitions, workload)
        self.address = self._make_service()
        self.port = PUBLIC_PORT
        self.register_outputs({"gatewayClass": self.gateway_class, "address": self.address, "port": self.port})

    def _make_edges(self, api_server: End) -> None:
        ends = {API_SERVER_END: api_server, CLIENTS_END: ANYONE, MODEL_SERVERS_END: MODEL_SERVERS}
        kubernetes.networking.v1.NetworkPolicy(
            f"{self._name}-edges",
            metadata=self._metadata,
            spec=edges_of(GATEWAY_END, self.data_flows, ends),
            opts=self._inside,
        )

    def _make_workload(
        self, account: kubernetes.core.v1.ServiceAccount, definitions: Definitions
    ) -> kubernetes.apps.v1.Deployment:
        options = kubernetes.core.v1.ConfigMap(
            f"{self._name}-tls-options", metadata=self._metadata, data={STATIC_OPTIONS: TLS_OPTIONS}, opts=self._inside
        )
        kubernetes.policy.v1.PodDisruptionBudget(
            f"{self._name}-disruption",
            metadata=self._metadata,
            spec={"max_unavailable": 1, "selector": {"match_labels": selector(GATEWAY_WORKLOAD, COMPONENT)}},
            opts=self._inside,
        )
        return kubernetes.apps.v1.Deployment(
            f"{self._name}-traefik",
            metadata=self._metadata,
            spec=deployment(self._spec, self._labels, account=account.metadata.name, options=options.metadata.name),
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(definitions.definitions)),
        )

    def _make_class(self, definitions: Definitions, workload: kubernetes.apps.v1.Deployment) -> pulumi.Output[str]:
        gateway_class = CustomObject(
            f"{self._name}-class",
            "gateway.networking.k8s.io/v1",
            "GatewayClass",
            metadata={
                "name": GATEWAY_CLASS,
                "labels": self._labels,
                "annotations": {"pulumi.com/waitFor": "condition=Accepted"},
            },
            spec={"controllerName": CONTROLLER},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*definitions.definitions, workload]),
        )
        return gateway_class.name

    def _make_service(self) -> pulumi.Output[str]:
        front = self._spec.load_balancer
        annotated = {"annotations": front.annotations} if front.annotations else {}
        metadata: Manifest = {**self._metadata, **annotated}
        service = kubernetes.core.v1.Service(
            f"{self._name}-service",
            metadata=metadata,
            spec={
                "type": "LoadBalancer",
                "allocate_load_balancer_node_ports": front.node_ports > 0,
                "external_traffic_policy": "Local",
                "selector": selector(GATEWAY_WORKLOAD, COMPONENT),
                "ports": [{"name": "https", "port": PUBLIC_PORT, "target_port": "https", "protocol": "TCP"}],
            },
            opts=self._inside,
        )
        return service.status.load_balancer.ingress.apply(lambda doors: str(doors[0].ip or doors[0].hostname))


def _flows(region: str) -> tuple[DataFlow, ...]:
    flow = partial(DataFlow, data_class=DataClass.OPERATIONAL, region=region)
    return (
        flow(
            source=CLIENTS_END,
            sink=GATEWAY_END,
            channel=Channel.HTTPS,
            port=ENTRY_PORT,
            encryption=Encryption.TLS,
            purpose="connections of every tenant's clients; each endpoint declares its own requests",
        ),
        *(
            flow(
                source=GATEWAY_END,
                sink=MODEL_SERVERS_END,
                channel=channel,
                port=port,
                encryption=Encryption.CLUSTER_NETWORK,
                purpose="connections to every tenant's model servers; each endpoint declares its own requests",
            )
            for channel, port in MODEL_SERVER_PORTS
        ),
        flow(
            source=GATEWAY_END,
            sink=API_SERVER_END,
            channel=Channel.HTTPS,
            port=443,
            encryption=Encryption.TLS,
            purpose="reads routes, certificates and endpoints",
        ),
        flow(
            source=GATEWAY_END,
            sink="node/logs",
            channel=Channel.LOG,
            encryption=Encryption.NODE,
            purpose="access log without query strings and headers",
        ),
    )
