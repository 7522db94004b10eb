"""A tenant's own door in the platform's gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from components.custom_object import CustomObject
from components.gateway.names import ENTRY_PORT, HTTPS_LISTENER, TENANT_GATEWAY
from components.labels import Ownership

if TYPE_CHECKING:
    from components.gateway.spec import TenantGatewaySpec

CERTIFICATE = "gateway-certificate"


class TenantGateway(pulumi.ComponentResource):
    """HTTPS for `*.<tenant>.<domain>`, with a certificate of the platform's authority that renews itself.

    Makes a Certificate and a Gateway in the tenant's namespace. Refuses routes of any other namespace, and any
    protocol but HTTPS.

    Source: https://gateway-api.sigs.k8s.io/reference/spec/
    """

    gateway: pulumi.Output[str]
    """Name of the Gateway, for routes to attach to."""
    host_suffix: pulumi.Output[str]
    """What follows the endpoint in every host name: `<tenant>.<domain>`."""
    controls = ("TLS-002",)
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: TenantGatewaySpec,
        *,
        namespace: pulumi.Input[str],
        domain: pulumi.Input[str],
        issuer: pulumi.Input[str],
        gateway_class: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("falaj:index:TenantGateway", name, {"dataFlows": [], "controls": list(self.controls)}, opts)
        self._name = name
        self._labels = Ownership(spec.owner, spec.tenant, spec.tier).labels(TENANT_GATEWAY, "gateway")
        self.host_suffix = pulumi.Output.concat(spec.tenant, ".", domain)
        self._hosts = pulumi.Output.concat("*.", self.host_suffix)

        certificate = self._make_certificate(namespace, issuer)
        self.gateway = self._make_gateway(namespace, gateway_class, certificate)
        self.register_outputs({"gateway": self.gateway, "hostSuffix": self.host_suffix})

    def _make_certificate(self, namespace: pulumi.Input[str], issuer: pulumi.Input[str]) -> CustomObject:
        return CustomObject(
            f"{self._name}-certificate",
            "cert-manager.io/v1",
            "Certificate",
            metadata={
                "name": CERTIFICATE,
                "namespace": namespace,
                "labels": self._labels,
                "annotations": {"pulumi.com/waitFor": "condition=Ready"},
            },
            spec={
                "secretName": CERTIFICATE,
                "dnsNames": [self._hosts],
                "duration": "2160h",
                "renewBefore": "720h",
                "usages": ["digital signature", "server auth"],
                "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
                "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": issuer},
            },
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _make_gateway(
        self, namespace: pulumi.Input[str], gateway_class: pulumi.Input[str], certificate: CustomObject
    ) -> pulumi.Output[str]:
        listener = {
            "name": HTTPS_LISTENER,
            "hostname": self._hosts,
            "port": ENTRY_PORT,
            "protocol": "HTTPS",
            "tls": {
                "mode": "Terminate",
                "certificateRefs": [{"group": "", "kind": "Secret", "name": CERTIFICATE}],
            },
            "allowedRoutes": {"namespaces": {"from": "Same"}},
        }
        gateway = CustomObject(
            f"{self._name}-gateway",
            "gateway.networking.k8s.io/v1",
            "Gateway",
            metadata={
                "name": TENANT_GATEWAY,
                "namespace": namespace,
                "labels": self._labels,
                "annotations": {"pulumi.com/waitFor": "condition=Programmed"},
            },
            spec={"gatewayClassName": gateway_class, "listeners": [listener]},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[certificate]),
        )
        return gateway.name
