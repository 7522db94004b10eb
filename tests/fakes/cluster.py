"""What a cluster and its controllers answer to the objects our components make."""

from __future__ import annotations

import base64
from typing import Any

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nZmFsYWo=\n-----END CERTIFICATE-----\n"
ENVIRONMENT = {
    "kubeconfig": "/run/falaj/falaj/kubeconfig",
    "context": None,
    "region": "local",
    "domain": "local.falaj.internal",
    "issuer": "falaj",
    "certificate_authority": CERTIFICATE,
    "gateway_class": "falaj",
    "gateway_address": "10.201.0.2",
    "gateway_port": 443,
}
"""Outputs of a deployed environment."""


def cluster_answer(type_token: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """What the server adds, by type token."""
    match type_token:
        case "pulumi:pulumi:StackReference":
            return {"outputs": ENVIRONMENT, "secretOutputNames": []}
        case "kubernetes:discovery.k8s.io/v1:EndpointSlice":
            return {
                "addressType": "IPv4",
                "endpoints": [{"addresses": ["10.201.0.2"]}],
                "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}],
            }
        case "kubernetes:core/v1:Service" if inputs["spec"].get("type") == "LoadBalancer":
            return {"status": {"loadBalancer": {"ingress": [{"ip": "10.201.0.2"}]}}}
        case "kubernetes:cert-manager.io/v1:CertificateRequest":
            return {"status": {"ca": base64.b64encode(CERTIFICATE.encode()).decode()}}
        case _:
            return {}
