"""A model on Triton, in terms every Kubernetes understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from components.serving.flows import flows_of, measurements
from components.serving.kubernetes import AI_CONTROLS
from components.serving.objects import Objects, Rollout
from components.serving.triton_pods import METRICS_PORT, START_SECONDS, pod_template
from components.zero_trust.restricted import POD_CONTROLS, rolling_update
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from components.manifests import Manifest
    from components.serving.triton_spec import TritonServerSpec


class TritonServer(pulumi.ComponentResource):
    """One model or ensemble on Triton behind one host name, over REST and gRPC, on CPU or GPU.

    Makes the same objects as `OnnxRuntimeServer`. The pod asks for GPUs or parts of them by name and goes where the
    nodes have them; a model is copied to a volume of the pod's own while its files are held to their manifest, and only
    then loaded. Refuses traffic from anywhere but the gateway; clients' shared memory, model control, tracing and
    telemetry are off.

    Source: https://github.com/triton-inference-server/server/blob/main/docs/customization_guide/deploy.md
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
        spec: TritonServerSpec,
        *,
        namespace: pulumi.Input[str],
        gateway: pulumi.Input[str],
        host_suffix: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = (*flows_of(spec), *measurements(spec, METRICS_PORT))
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:TritonServer", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)
        objects = Objects(self, name, spec, namespace, self.data_flows)
        template = pod_template(spec, objects.labels)
        self.host, self.service = objects.make(template, _rollout(spec), gateway, host_suffix)
        self.register_outputs({"host": self.host, "service": self.service, "model": spec.model})


def _rollout(spec: TritonServerSpec) -> Rollout:
    """Return how pods are exchanged: a new one first, or where no further GPU is to be had, an old one away first."""
    strategy: Manifest = rolling_update()
    if spec.rollout == "replace":
        strategy = {"type": "RollingUpdate", "rolling_update": {"max_surge": 0, "max_unavailable": 1}}
    return Rollout(strategy, START_SECONDS)
