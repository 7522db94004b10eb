"""A model on ONNX Runtime, in terms every Kubernetes understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from components.serving.flows import flows_of
from components.serving.objects import Objects, Rollout
from components.serving.pods import pod_template
from components.zero_trust.restricted import POD_CONTROLS, rolling_update
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from components.serving.spec import OnnxRuntimeServerSpec

AI_CONTROLS = ("AIG-001", "AIG-002", "AIG-003", "AIG-005", "AIG-006", "AIG-008")
START_SECONDS = 300
"""What a new pod may take to answer."""


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
        objects = Objects(self, name, spec, namespace, self.data_flows)
        template = pod_template(spec, objects.labels)
        self.host, self.service = objects.make(template, Rollout(rolling_update(), START_SECONDS), gateway, host_suffix)
        self.register_outputs({"host": self.host, "service": self.service, "model": spec.model})
