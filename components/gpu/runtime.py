"""The software that makes GPUs usable: NVIDIA's operator, the sharing of cards, the measurements, and the walls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as kubernetes

from components.custom_object import CustomObject
from components.gpu import configuration, gate_pod
from components.gpu.definitions import GpuDefinitions
from components.gpu.flows import ends_of, flows_of
from components.gpu.hardening import hardening
from components.gpu.names import (
    DISCOVERY_END,
    GATE_END,
    GATE_WORKLOAD,
    HARDENING_WORKLOAD,
    OPERANDS_END,
    OPERATOR_END,
    OPERATOR_WORKLOAD,
)
from components.gpu.node_rules import node_rules
from components.gpu.room import make_room
from components.gpu.values import mig_strategy, runtime_class, values
from components.labels import Ownership
from components.zero_trust.account import controller_account
from components.zero_trust.edges import End, edges_of
from components.zero_trust.node_guard import node_guard
from falaj.catalog.data_flows import DataFlow
from falaj.catalog.gpu_operator_images import Part

if TYPE_CHECKING:
    from components.gpu.runtime_spec import GpuRuntimeSpec
    from components.manifests import Manifest

COMPONENT = "gpu-runtime"
PATIENCE_SECONDS = 900
"""How long the operator may take to start: its image comes from the mirror first."""


class GpuRuntime(pulumi.ComponentResource):
    """GPUs that pods can ask for, on nodes whose image decides which part of NVIDIA's software runs.

    Makes the operator's definitions, a namespace that denies traffic in both directions but for its data flows, the
    configuration of sharing, of MIG and of measurements, NVIDIA's GPU Operator from its mirrored chart and images by
    digest, the labels that keep it off what an image brings itself, a DaemonSet that hides GPUs from pods that asked
    for none where the image does not, and the gate that lifts the start-up taint of a node once its GPUs can be had.
    Refuses a second device plugin, a second owner of the driver, and whatever is not in the environment's own registry.

    Source: https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/latest/
    """

    namespace: pulumi.Output[str]
    """Its namespace; the one in which pods may have the powers of their node."""
    release: pulumi.Resource
    """The operator's release, after which GPUs come."""
    runtime_class: str
    """Runtime class of the operator's own pods; pods that ask for a GPU need none."""
    data_flows: tuple[DataFlow, ...]
    """What it asks of the API server, and who reads its measurements."""
    controls = ("NET-003", "POD-001", "SUP-001", "SUP-002", "SUP-010", "TAG-001", "TEN-003")
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: GpuRuntimeSpec,
        *,
        api_server: End,
        metrics_readers: End | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = flows_of(spec, measured=metrics_readers is not None)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:GpuRuntime", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)
        self._name, self._spec = name, spec
        self._inside = pulumi.ResourceOptions(parent=self)
        self._ends = ends_of(spec, api_server=api_server, metrics_readers=metrics_readers)

        self.namespace, bounds = make_room(name, spec.owner, spec.machines, opts=self._inside)
        definitions = GpuDefinitions(
            f"{name}-definitions", spec, namespace=self.namespace, api_server=api_server, opts=self._inside
        )
        edges = self._make_edges()
        settings = [*bounds, *self._make_settings(), *self._make_rules(definitions)]
        self._make_hardening()
        self._make_gate()
        self.release = self._make_release([definitions.ready, *edges, *settings])
        self.runtime_class = runtime_class(spec)
        self.register_outputs({"namespace": self.namespace, "runtimeClass": self.runtime_class})

    def _labels(self, workload: str) -> dict[str, str]:
        return Ownership(self._spec.owner).labels(workload, COMPONENT)

    def _metadata(self, workload: str, name: str | None = None) -> Manifest:
        return {"name": name or workload, "namespace": self.namespace, "labels": self._labels(workload)}

    def _make_edges(self) -> list[pulumi.Resource]:
        return [
            kubernetes.networking.v1.NetworkPolicy(
                f"{self._name}-edges-{role}",
                metadata=self._metadata(end.partition("/")[2]),
                spec=edges_of(end, self.data_flows, self._ends),
                opts=self._inside,
            )
            for role, end in (
                ("operator", OPERATOR_END),
                ("discovery", DISCOVERY_END),
                ("operands", OPERANDS_END),
                ("gate", GATE_END),
            )
        ]

    def _make_settings(self) -> list[pulumi.Resource]:
        spec, found = self._spec, {}
        found["counters"] = (configuration.COUNTERS_NAME, {configuration.COUNTERS_FILE: configuration.counters()})
        if configuration.shares(spec):
            shared = configuration.plugin_configurations(spec, mig_strategy(spec))
            found["sharing"] = (configuration.PLUGIN_NAME, shared)
        if Part.MIG_MANAGER in spec.parts:
            found["layouts"] = (configuration.LAYOUTS_NAME, {configuration.LAYOUTS_FILE: configuration.layouts(spec)})
        packages = configuration.package_sources(spec)
        if packages is not None:
            found["packages"] = (configuration.PACKAGES_NAME, {configuration.PACKAGES_FILE: packages})
        return [
            kubernetes.core.v1.ConfigMap(
                f"{self._name}-{role}",
                metadata=self._metadata(OPERATOR_WORKLOAD, called),
                data=data,
                opts=self._inside,
            )
            for role, (called, data) in found.items()
        ]

    def _make_rules(self, definitions: GpuDefinitions) -> list[pulumi.Resource]:
        rules = node_rules(self._spec)
        if not rules:
            return []
        return [
            CustomObject(
                f"{self._name}-node-rules",
                "nfd.k8s-sigs.io/v1alpha1",
                "NodeFeatureRule",
                metadata={"name": "falaj-gpu", "labels": self._labels(OPERATOR_WORKLOAD)},
                spec={"rules": rules},
                opts=pulumi.ResourceOptions(parent=self, depends_on=[definitions.ready]),
            )
        ]

    def _make_hardening(self) -> None:
        if self._spec.unhidden:
            kubernetes.apps.v1.DaemonSet(
                f"{self._name}-hardening",
                metadata=self._metadata(HARDENING_WORKLOAD),
                spec=hardening(self._spec, self._labels(HARDENING_WORKLOAD)),
                opts=self._inside,
            )

    def _make_gate(self) -> None:
        labels, metadata = self._labels(GATE_WORKLOAD), self._metadata(GATE_WORKLOAD)
        account = controller_account(
            f"{self._name}-gate", "falaj-gpu-gate", gate_pod.RULES, metadata=metadata, labels=labels, opts=self._inside
        )
        binding = node_guard(
            f"{self._name}-gate-guard", "falaj-gpu-gate", gate_pod.guard(), labels=labels, opts=self._inside
        )
        source = kubernetes.core.v1.ConfigMap(
            f"{self._name}-gate-program",
            metadata=self._metadata(GATE_WORKLOAD, gate_pod.program_name()),
            data={gate_pod.PROGRAM: gate_pod.program()},
            opts=self._inside,
        )
        kubernetes.apps.v1.Deployment(
            f"{self._name}-gate",
            metadata=metadata,
            spec=gate_pod.gate(self._spec, labels, account=account.metadata.name),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[account, binding, source]),
        )

    def _make_release(self, after: list[pulumi.Resource]) -> kubernetes.helm.v3.Release:
        spec = self._spec
        return kubernetes.helm.v3.Release(
            f"{self._name}-operator",
            name=OPERATOR_WORKLOAD,
            namespace=self.namespace,
            chart=f"oci://{spec.chart}",
            version=spec.release.chart.version,
            values=values(spec),
            skip_crds=True,
            # A release that does not start is taken away again: models go on being served on CPUs.
            atomic=True,
            timeout=PATIENCE_SECONDS,
            max_history=5,
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )
