"""The start-up taint of nodes with GPUs where a cloud can't give them one that is taken away again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.labels import Ownership
from components.node_pools.contract import GPU_NOT_READY, NO_SCHEDULE, POOL
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from components.node_pools.spec import StartupTaintSpec

registration = kubernetes.admissionregistration.v1
NAME = "falaj-gpu-not-ready"
"""Of the policy and of its binding."""
TAINT = f'{{key: "{GPU_NOT_READY.key}", value: "{GPU_NOT_READY.value}", effect: "{NO_SCHEDULE}"}}'


class StartupTaint(pulumi.ComponentResource):
    """Marks every node of a pool with GPUs when it registers, so that no pod is there before its GPUs can be had.

    Makes a MutatingAdmissionPolicy and its binding. AKS lets nobody take the taints of a pool off its nodes, and the
    interface that this project speaks has no others (nodeInitializationTaints); a taint that the API server adds is the
    node's alone. Has to be there before the first pool with GPUs. A node that can't be marked does not register.

    Source: https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/
    """

    policy: pulumi.Resource
    """The binding, after which nodes are marked."""
    data_flows: tuple[DataFlow, ...] = ()
    """None of its own."""
    controls = ()
    """Controls it supports."""

    def __init__(self, name: str, spec: StartupTaintSpec, *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("falaj:index:StartupTaint", name, {"dataFlows": [], "controls": list(self.controls)}, opts)
        inside = pulumi.ResourceOptions(parent=self)
        labels = Ownership(spec.owner).labels("falaj", "startup-taint")

        policy = registration.MutatingAdmissionPolicy(
            f"{name}-policy",
            metadata={"name": NAME, "labels": labels},
            spec=registration.MutatingAdmissionPolicySpecArgs(**policy_spec()),
            opts=inside,
        )
        self.policy = registration.MutatingAdmissionPolicyBinding(
            f"{name}-binding",
            metadata={"name": NAME, "labels": labels},
            spec={"policy_name": policy.metadata["name"]},
            opts=inside,
        )
        self.register_outputs({})


def policy_spec() -> dict[str, Any]:
    """Return what the API server adds to which nodes."""
    return {
        "failure_policy": "Fail",
        "reinvocation_policy": "Never",
        "match_constraints": {
            "resource_rules": [
                {"api_groups": [""], "api_versions": ["v1"], "operations": ["CREATE"], "resources": ["nodes"]}
            ]
        },
        "match_conditions": [
            {"name": "with-gpus", "expression": f"object.metadata.?labels[?'{POOL}'].orValue('') == 'gpu'"},
            {
                "name": "unmarked",
                "expression": f"!object.spec.?taints.orValue([]).exists(each, each.key == '{GPU_NOT_READY.key}')",
            },
        ],
        "mutations": [
            {
                "patch_type": "JSONPatch",
                "json_patch": {
                    "expression": (
                        "has(object.spec.taints) "
                        f'? [JSONPatch{{op: "add", path: "/spec/taints/-", value: Object.spec.taints{TAINT}}}] '
                        f': [JSONPatch{{op: "add", path: "/spec/taints", value: [Object.spec.taints{TAINT}]}}]'
                    )
                },
            }
        ],
    }
