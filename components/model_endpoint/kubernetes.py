"""A model on CPU and GPU behind one host name, in terms every Kubernetes understands."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as kubernetes

from components.model_endpoint.flows import flows_of
from components.model_endpoint.pods import POLICY_FILE, pod_template
from components.serving.kubernetes import AI_CONTROLS, OnnxRuntimeServer
from components.serving.objects import Objects, Rollout
from components.serving.triton import TritonServer
from components.zero_trust.restricted import POD_CONTROLS, rolling_update
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from components.model_endpoint.spec import ModelEndpointSpec

START_SECONDS = 120
"""What a router's pod may take to answer; it is ready as soon as one side is."""


class ModelEndpoint(pulumi.ComponentResource):
    """One model with a runtime on CPU and one on GPU, and a router that sends each request to one of them.

    Makes an `OnnxRuntimeServer` and a `TritonServer` that only the router reaches, the router's Deployment with its
    policy in a ConfigMap, a Service, a PodDisruptionBudget, an HTTPRoute from the tenant's gateway, and a
    NetworkPolicy with exactly the edges of its data flows. Where GPUs are missing, the CPU side answers. Refuses
    traffic from anywhere but the gateway.

    Source: https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol
    """

    host: pulumi.Output[str]
    """Host name at which the endpoint answers."""
    service: pulumi.Output[str]
    """Name of the router's Service in the tenant's namespace."""
    data_flows: tuple[DataFlow, ...]
    """What the router receives and sends; its runtimes report their own."""
    controls = (*AI_CONTROLS, "NET-003", *POD_CONTROLS, "POD-012", "RES-019", "RES-021", "SUP-001", "TAG-001")
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: ModelEndpointSpec,
        *,
        namespace: pulumi.Input[str],
        gateway: pulumi.Input[str],
        host_suffix: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = flows_of(spec)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:ModelEndpoint", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)
        self._inside = pulumi.ResourceOptions(parent=self)
        way = {"namespace": namespace, "gateway": gateway, "host_suffix": host_suffix}
        OnnxRuntimeServer(f"{name}-cpu", spec.cpu, **way, opts=self._inside)
        TritonServer(f"{name}-gpu", spec.gpu, **way, opts=self._inside)

        objects = Objects(self, name, spec.own, namespace, self.data_flows)
        policy, digest = self._make_policy(name, spec, objects)
        template = pod_template(spec, objects.labels, policy, digest)
        self.host, self.service = objects.make(template, Rollout(rolling_update(), START_SECONDS), gateway, host_suffix)
        self.register_outputs({"host": self.host, "service": self.service, "model": spec.cpu.model})

    def _make_policy(self, name: str, spec: ModelEndpointSpec, objects: Objects) -> tuple[str, str]:
        """Return the ConfigMap's name and the digest of the policy in it."""
        called = f"{spec.endpoint}-routing"
        own = spec.own
        document = spec.routing.document(tenant=own.tenant, tier=own.tier)
        text = json.dumps(document, indent=1, sort_keys=True)
        kubernetes.core.v1.ConfigMap(
            f"{name}-routing",
            metadata={"name": called, "namespace": objects.namespace, "labels": objects.labels},
            data={POLICY_FILE: text},
            opts=self._inside,
        )
        return called, hashlib.sha256(text.encode()).hexdigest()
