"""Why some mutants of TLS controls survive."""

from __future__ import annotations

from tests.policies.excuses.excuse import Excuse, each

ABSENT_IS_SAFE = "Kubernetes takes its absence as the safe value"
INSIDE = "labels and ports are judged where the gateway is published"

RESOURCES: dict[str, tuple[Excuse, ...]] = {
    "TLS-002": (
        Excuse(
            each("delete null upper cut empty unknown strange", "mode"),
            "the certificate is there whatever the mode",
            "HTTPS with a certificate",
        ),
        Excuse(
            each("unknown offend second", "certificateRefs"),
            "a passthrough leaves the certificate to the server",
            "TLS passed through to a server with its own",
        ),
    ),
    "TLS-003": (
        Excuse(each("delete null", "type"), ABSENT_IS_SAFE, "inside the cluster"),
        Excuse(each("delete null unknown offend second more less", "port"), INSIDE, "inside the cluster"),
        Excuse(each("delete null unknown", "labels"), INSIDE, "inside the cluster"),
        Excuse(each("delete null unknown offend second more less", "port"), INSIDE, "type left to the default"),
        Excuse(each("delete null unknown", "labels"), INSIDE, "type left to the default"),
        Excuse(
            (
                *each("delete null upper cut empty offend unknown strange", "type"),
                *each("offend unknown", "externalIPs"),
            ),
            "the gateway is there to be published",
            "the gateway's own",
        ),
    ),
}
LOGIC: dict[str, dict[str, str]] = {}
