"""How Traefik is run: its options, its rights and its pod.

Source: https://doc.traefik.io/traefik/reference/install-configuration/configuration-options/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.gateway.names import CONTROLLER, ENTRY_PORT, GATEWAY_NAMESPACE, GATEWAY_WORKLOAD
from components.labels import selector
from components.manifests import Manifest
from components.zero_trust.restricted import (
    CONTAINER_SECURITY,
    POD_SECURITY,
    container_ports,
    http_probe,
    resource_requirements,
    rolling_update,
    spread_over,
)

if TYPE_CHECKING:
    import pulumi

    from components.gateway.spec import GatewayPlatformSpec

COMPONENT = "gateway"
PING_PORT = 8081
DRAIN_SECONDS = 10
SPREAD = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
OPTIONS_FOLDER = "/etc/traefik/options"
STATIC_OPTIONS = "tls.yaml"
TLS_OPTIONS = """\
tls:
  options:
    default:
      minVersion: VersionTLS12
      sniStrict: true
      alpnProtocols: [h2, http/1.1]
"""
"""Of the whole process, because Traefik ignores TLS options of a single Gateway listener."""

REFUSED_IN_PATHS = ("backslash", "hash", "nullcharacter", "percent", "questionmark", "semicolon", "slash")
"""Encoded, they are read differently by different servers; no path of the Open Inference Protocol needs one."""

ARGUMENTS = (
    "--global.checknewversion=false",
    "--global.sendanonymoususage=false",
    f"--entrypoints.https.address=:{ENTRY_PORT}",
    f"--entrypoints.https.transport.lifecycle.gracetimeout={DRAIN_SECONDS}s",
    "--entrypoints.https.http.aliasheadersstrategy=delete",
    *(f"--entrypoints.https.http.encodedcharacters.allowencoded{character}=false" for character in REFUSED_IN_PATHS),
    f"--entrypoints.ping.address=:{PING_PORT}",
    "--ping.entrypoint=ping",
    "--providers.kubernetesgateway=true",
    f"--providers.kubernetesgateway.statusaddress.service.namespace={GATEWAY_NAMESPACE}",
    f"--providers.kubernetesgateway.statusaddress.service.name={GATEWAY_WORKLOAD}",
    f"--providers.file.filename={OPTIONS_FOLDER}/{STATIC_OPTIONS}",
    "--providers.file.watch=false",
    "--serverstransport.forwardingtimeouts.idleconntimeout=30s",
    "--log.format=json",
    "--log.level=INFO",
    "--accesslog=true",
    "--accesslog.format=json",
    "--accesslog.fields.headers.defaultmode=drop",
    "--accesslog.fields.queryparameters.defaultmode=drop",
    "--accesslog.fields.names.ClientUsername=drop",
)

READ = ("get", "list", "watch")
GROUP = "gateway.networking.k8s.io"
ROUTES = ("gateways", "httproutes", "grpcroutes", "tlsroutes", "backendtlspolicies", "referencegrants", "listenersets")
RULES: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("", ("namespaces", "services", "secrets", "configmaps"), READ),
    ("discovery.k8s.io", ("endpointslices",), READ),
    (GROUP, ("gatewayclasses", *ROUTES), READ),
    (GROUP, tuple(f"{kind}/status" for kind in ("gatewayclasses", *ROUTES)), ("update", "patch")),
)
"""What Traefik may do in the whole cluster: group, resources, verbs. It reads certificates where tenants keep them."""


def deployment(
    spec: GatewayPlatformSpec, labels: dict[str, str], *, account: pulumi.Output[str], options: pulumi.Output[str]
) -> Manifest:
    """Return the spec of Traefik's Deployment, with the ConfigMap `options` mounted."""
    return {
        "replicas": spec.replicas,
        "strategy": rolling_update(),
        "revision_history_limit": 3,
        "selector": {"match_labels": selector(GATEWAY_WORKLOAD, COMPONENT)},
        "template": {
            "metadata": {"labels": labels, "annotations": {"falaj.dev/controller": CONTROLLER}},
            "spec": {
                "service_account_name": account,
                "automount_service_account_token": True,
                "enable_service_links": False,
                "security_context": POD_SECURITY,
                "topology_spread_constraints": spread_over(SPREAD, GATEWAY_WORKLOAD, COMPONENT),
                "termination_grace_period_seconds": 3 * DRAIN_SECONDS,
                "containers": [_container(spec)],
                "volumes": [{"name": "options", "config_map": {"name": options}}],
            },
        },
    }


def _container(spec: GatewayPlatformSpec) -> Manifest:
    return {
        "name": GATEWAY_WORKLOAD,
        "image": spec.image,
        "image_pull_policy": spec.pull_policy,
        "args": list(ARGUMENTS),
        "ports": container_ports(https=ENTRY_PORT, ping=PING_PORT),
        "startup_probe": http_probe("/ping", "ping", period=1, failures=60),
        "liveness_probe": http_probe("/ping", "ping", period=10, failures=6),
        "readiness_probe": http_probe("/ping", "ping", period=2, failures=2),
        "lifecycle": {"pre_stop": {"sleep": {"seconds": DRAIN_SECONDS}}},
        "resources": resource_requirements(spec.resources),
        "security_context": CONTAINER_SECURITY,
        "volume_mounts": [{"name": "options", "mount_path": OPTIONS_FOLDER, "read_only": True}],
    }
