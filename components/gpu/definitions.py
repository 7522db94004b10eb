"""The kinds that the GPU operator and node feature discovery speak, registered before either is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as kubernetes

from components.gateway.names import API_SERVER_END
from components.gpu.flows import reads_api
from components.gpu.names import DEFINITIONS_END, DEFINITIONS_WORKLOAD
from components.gpu.sources import located
from components.labels import Ownership
from components.zero_trust.account import controller_account
from components.zero_trust.edges import End, edges_of
from components.zero_trust.restricted import CONTAINER_SECURITY, POD_CONTROLS, POD_SECURITY
from falaj.catalog.data_flows import DataFlow
from falaj.catalog.gpu_operator_images import Part

if TYPE_CHECKING:
    from components.gpu.runtime_spec import GpuRuntimeSpec
    from components.manifests import Manifest

COMPONENT = "gpu-runtime"
FOLDER = "/opt/gpu-operator"
"""Where the operator's image holds the definitions."""
RULES = (("apiextensions.k8s.io", ("customresourcedefinitions",), ("create", "get", "update")),)
"""What applying definitions takes; deleting them is not among it."""


class GpuDefinitions(pulumi.ComponentResource):
    """The definitions of one release of the GPU operator, applied from its own image and never taken away.

    Makes a Job for each release that applies the definitions in the operator's mirrored image, by digest, and waits
    until the API server serves them; its account may create and update definitions and nothing else. Helm would install
    them once and never update them. Refuses to delete: what is described by a definition would go with it.

    Source: https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/latest/upgrade.html
    """

    ready: pulumi.Resource
    """What objects of these kinds have to depend on."""
    data_flows: tuple[DataFlow, ...]
    """What the Job asks of the API server."""
    controls = ("NET-003", *POD_CONTROLS, "SUP-001", "TAG-001")
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: GpuRuntimeSpec,
        *,
        namespace: pulumi.Input[str],
        api_server: End,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = (reads_api(DEFINITIONS_END, spec.region, "registers the kinds of the GPU operator"),)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__(
            "falaj:index:GpuDefinitions", name, {"dataFlows": flows, "controls": list(self.controls)}, opts
        )
        inside = pulumi.ResourceOptions(parent=self)
        labels = Ownership(spec.owner).labels(DEFINITIONS_WORKLOAD, COMPONENT)
        metadata: Manifest = {"name": DEFINITIONS_WORKLOAD, "namespace": namespace, "labels": labels}

        edges = kubernetes.networking.v1.NetworkPolicy(
            f"{name}-edges",
            metadata=metadata,
            spec=edges_of(DEFINITIONS_END, self.data_flows, {API_SERVER_END: api_server}),
            opts=inside,
        )
        account = controller_account(
            name, "falaj-gpu-definitions", RULES, metadata=metadata, labels=labels, opts=inside
        )
        named: Manifest = {**metadata, "name": job_name(spec)}
        self.ready = kubernetes.batch.v1.Job(
            f"{name}-apply",
            metadata=named,
            spec={"backoff_limit": 10, "template": _pod(spec, labels, account.metadata.name)},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[edges, account]),
        )
        self.register_outputs({"operator": spec.operator})


def job_name(spec: GpuRuntimeSpec) -> str:
    """Return the Job's name: another release, or another image of it, is another Job."""
    digest = located(spec.images[Part.OPERATOR]).digest
    return f"{DEFINITIONS_WORKLOAD}-{spec.operator.replace('.', '-')}-{digest[:8]}"


def _pod(spec: GpuRuntimeSpec, labels: dict[str, str], account: pulumi.Output[str]) -> Manifest:
    return {
        "metadata": {"labels": labels},
        "spec": {
            "restart_policy": "OnFailure",
            "service_account_name": account,
            "automount_service_account_token": True,
            "enable_service_links": False,
            "security_context": {
                **POD_SECURITY,
                "run_as_user": spec.release.user,
                "run_as_group": spec.release.user,
                "fs_group": spec.release.user,
            },
            "containers": [_container(spec)],
        },
    }


def _container(spec: GpuRuntimeSpec) -> Manifest:
    return {
        "name": DEFINITIONS_WORKLOAD,
        "image": spec.images[Part.OPERATOR],
        "image_pull_policy": "IfNotPresent",
        "command": ["/usr/bin/manage-crds"],
        "args": ["apply", *(f"--filepath={FOLDER}/{file}" for file in spec.release.definitions)],
        "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"}},
        "security_context": CONTAINER_SECURITY,
    }
