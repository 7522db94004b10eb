"""The platform's own certificate authority: cert-manager, a root made in the cluster, and the issuer that signs."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.custom_object import CustomObject
from components.gateway.definitions import CERT_MANAGER, Definitions
from components.gateway.names import (
    API_SERVER_END,
    CERTIFICATES_NAMESPACE,
    CERTIFICATES_WORKLOAD,
    ISSUER,
)
from components.labels import Ownership, selector
from components.manifests import Manifest
from components.zero_trust.account import controller_account
from components.zero_trust.edges import edges_of
from components.zero_trust.kubernetes import WalledNamespace
from components.zero_trust.restricted import (
    CONTAINER_SECURITY,
    POD_CONTROLS,
    POD_SECURITY,
    container_ports,
    http_probe,
    resource_requirements,
)
from components.zero_trust.spec import NamespaceSpec
from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption
from falaj.catalog.tiers import Quota

if TYPE_CHECKING:
    from components.gateway.spec import CertificateAuthoritySpec
    from components.zero_trust.edges import End

API_VERSION = "cert-manager.io/v1"
COMPONENT = "certificates"
METRICS_PORT, HEALTH_PORT = 9402, 9403
ROOT = "falaj-root"
WITNESS = "falaj-root-witness"
WITNESS_REQUEST = Path(__file__).with_name("witness.pem")
"""A signing request for the name ``nobody``; its key was thrown away, so what is signed for it is of no use."""
READY = {"pulumi.com/waitFor": "condition=Ready"}
QUOTA = Quota(cpu_requests="1", cpu_limits="2", memory_requests="512Mi", memory_limits="1Gi", pods=4)
RULES: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        CERT_MANAGER,
        ("certificates", "certificaterequests", "issuers", "clusterissuers"),
        ("get", "list", "watch", "create", "update", "patch", "delete"),
    ),
    (
        CERT_MANAGER,
        (
            "certificates/status",
            "certificates/finalizers",
            "certificaterequests/status",
            "certificaterequests/finalizers",
            "issuers/status",
            "clusterissuers/status",
        ),
        ("update", "patch"),
    ),
    (CERT_MANAGER, ("signers",), ("approve",)),
    ("", ("secrets",), ("get", "list", "watch", "create", "update", "patch", "delete")),
    ("", ("events",), ("create", "patch")),
)
"""What the controller may do in the whole cluster: group, resources, verbs."""


class CertificateAuthority(pulumi.ComponentResource):
    """Certificates without a key in anyone's hands: cert-manager makes and renews them inside the cluster.

    Makes cert-manager's definitions, its controller in a walled namespace, a self-signed root and the ClusterIssuer
    that signs with it. Refuses a key from outside; what leaves is the authority's certificate alone.

    Source: https://cert-manager.io/docs/configuration/ca/
    """

    issuer: pulumi.Output[str]
    """Name of the ClusterIssuer, known once it can sign."""
    certificate: pulumi.Output[str]
    """The authority's certificate as PEM, for clients to trust."""
    data_flows: tuple[DataFlow, ...]
    """What the controller sends."""
    controls = ("NET-003", *POD_CONTROLS, "SUP-001", "TAG-001")
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: CertificateAuthoritySpec,
        *,
        api_server: End,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = _flows(spec.region)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__(
            "falaj:index:CertificateAuthority", name, {"dataFlows": flows, "controls": list(self.controls)}, opts
        )
        self._name, self._spec = name, spec
        self._inside = pulumi.ResourceOptions(parent=self)
        self._labels = Ownership(spec.owner).labels(CERTIFICATES_WORKLOAD, COMPONENT)

        room = WalledNamespace(
            f"{name}-room",
            NamespaceSpec(
                name=CERTIFICATES_NAMESPACE,
                owner=spec.owner,
                role="platform",
                quota=QUOTA,
                default_resources=spec.resources,
            ),
            opts=self._inside,
        )
        self._metadata: Manifest = {"name": CERTIFICATES_WORKLOAD, "namespace": room.namespace, "labels": self._labels}
        account = controller_account(
            name, "falaj-cert-manager", RULES, metadata=self._metadata, labels=self._labels, opts=self._inside
        )
        self._make_edges(api_server)
        controller = self._make_controller(account)
        definitions = Definitions(f"{name}-definitions", CERT_MANAGER, opts=self._inside)
        self._make_chain([*definitions.definitions, controller])
        self.register_outputs({"issuer": self.issuer, "certificate": self.certificate})

    def _make_edges(self, api_server: End) -> None:
        kubernetes.networking.v1.NetworkPolicy(
            f"{self._name}-edges",
            metadata=self._metadata,
            spec=edges_of(
                f"{CERTIFICATES_NAMESPACE}/{CERTIFICATES_WORKLOAD}", self.data_flows, {API_SERVER_END: api_server}
            ),
            opts=self._inside,
        )

    def _make_controller(self, account: kubernetes.core.v1.ServiceAccount) -> kubernetes.apps.v1.Deployment:
        return kubernetes.apps.v1.Deployment(
            f"{self._name}-controller",
            metadata=self._metadata,
            spec=self._deployment(account.metadata.name),
            opts=self._inside,
        )

    def _deployment(self, account: pulumi.Output[str]) -> Manifest:
        return {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "revision_history_limit": 3,
            "selector": {"match_labels": selector(CERTIFICATES_WORKLOAD, COMPONENT)},
            "template": {
                "metadata": {"labels": self._labels},
                "spec": {
                    "service_account_name": account,
                    "automount_service_account_token": True,
                    "enable_service_links": False,
                    "security_context": POD_SECURITY,
                    "containers": [self._container()],
                },
            },
        }

    def _container(self) -> Manifest:
        return {
            "name": CERTIFICATES_WORKLOAD,
            "image": self._spec.image,
            "image_pull_policy": self._spec.pull_policy,
            "args": [
                f"--cluster-resource-namespace={CERTIFICATES_NAMESPACE}",
                f"--metrics-listen-address=:{METRICS_PORT}",
                f"--healthz-listen-address=:{HEALTH_PORT}",
            ],
            "ports": container_ports(metrics=METRICS_PORT, health=HEALTH_PORT),
            "startup_probe": http_probe("/livez", "health", period=1, failures=60),
            "liveness_probe": http_probe("/livez", "health", period=10, failures=6),
            "readiness_probe": http_probe("/livez", "health", period=5, failures=2),
            "resources": resource_requirements(self._spec.resources),
            "security_context": CONTAINER_SECURITY,
        }

    def _make_chain(self, prerequisites: list[pulumi.Resource]) -> None:
        """Make the self-signed issuer, the root it signs, and the issuer that signs with that root."""
        after = pulumi.ResourceOptions(parent=self, depends_on=prerequisites)
        self_signed = self._make_issuer("self-signed", ROOT, {"selfSigned": {}}, after)
        root = CustomObject(
            f"{self._name}-root",
            API_VERSION,
            "Certificate",
            metadata={**self._metadata, "name": ROOT, "annotations": READY},
            spec={
                "isCA": True,
                "commonName": self._spec.common_name,
                "secretName": ROOT,
                "duration": "87600h",
                "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Never"},
                "issuerRef": {"group": CERT_MANAGER, "kind": "ClusterIssuer", "name": self_signed.name},
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*prerequisites, self_signed]),
        )
        signing = self._make_issuer(
            "issuer", ISSUER, {"ca": {"secretName": ROOT}}, pulumi.ResourceOptions(parent=self, depends_on=[root])
        )
        self.issuer = signing.name
        self.certificate = self._make_witness(signing).status.apply(_authority)

    def _make_witness(self, signing: CustomObject) -> CustomObject:
        """Make the request whose answer shows the authority's certificate.

        The Secret would show it too, but beside the key. The root's own request has a name that counts how often
        cert-manager issued it, and does not last.
        """
        return CustomObject(
            f"{self._name}-witness",
            API_VERSION,
            "CertificateRequest",
            metadata={**self._metadata, "name": WITNESS, "annotations": READY},
            spec={
                "issuerRef": {"group": CERT_MANAGER, "kind": "ClusterIssuer", "name": signing.name},
                "request": base64.b64encode(WITNESS_REQUEST.read_bytes()).decode(),
                "duration": "1h",
                "usages": ["digital signature"],
            },
            opts=self._inside,
        )

    def _make_issuer(self, role: str, issuer: str, kind: dict[str, Any], opts: pulumi.ResourceOptions) -> CustomObject:
        return CustomObject(
            f"{self._name}-{role}",
            API_VERSION,
            "ClusterIssuer",
            metadata={"name": issuer, "labels": self._labels, "annotations": READY},
            spec=kind,
            opts=opts,
        )


def _flows(region: str) -> tuple[DataFlow, ...]:
    return (
        DataFlow(
            source=f"{CERTIFICATES_NAMESPACE}/{CERTIFICATES_WORKLOAD}",
            sink=API_SERVER_END,
            data_class=DataClass.OPERATIONAL,
            region=region,
            channel=Channel.HTTPS,
            port=443,
            encryption=Encryption.TLS,
            purpose="reads certificate requests, writes certificates",
        ),
    )


def _authority(status: dict[str, Any]) -> str:
    return base64.b64decode(status["ca"]).decode()
