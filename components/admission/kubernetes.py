"""The policies and their bindings, as any Kubernetes from 1.31 on evaluates them by itself."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as kubernetes

from components.admission.spec import ACTIONS, AdmissionSpec, admission_rules, policies
from components.labels import Ownership
from falaj.catalog.controls import Level

registration = kubernetes.admissionregistration.v1


class AdmissionControls(pulumi.ComponentResource):
    """The policy pack's controls at the door of a cluster: what comes by another way than the program is refused too.

    Makes a ValidatingAdmissionPolicy for each kind of objects and level, and its binding to the guarded namespaces: a
    mandatory control denies, an advisory one warns, both are written into the audit log. Judges nothing outside those
    namespaces, so that a cloud's own add-ons run.

    Source: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
    """

    controls = tuple(rule.control for rule in admission_rules())
    """Controls it supports."""

    def __init__(self, name: str, spec: AdmissionSpec, *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(
            "falaj:index:AdmissionControls", name, {"dataFlows": [], "controls": list(self.controls)}, opts
        )
        inside = pulumi.ResourceOptions(parent=self)
        labels = Ownership(spec.owner).labels("falaj", "admission")
        for policy, specification in policies(admission_rules(), spec).items():
            made = registration.ValidatingAdmissionPolicy(
                f"{name}-{policy}",
                metadata={"name": policy, "labels": labels},
                spec=registration.ValidatingAdmissionPolicySpecArgs(**specification),
                opts=inside,
            )
            level = Level(policy.rpartition("-")[2])
            registration.ValidatingAdmissionPolicyBinding(
                f"{name}-{policy}-binding",
                metadata={"name": policy, "labels": labels},
                spec={
                    "policy_name": made.metadata["name"],
                    "validation_actions": list(ACTIONS[level]),
                    "match_resources": {
                        "namespace_selector": {
                            "match_expressions": [{"key": spec.namespace_label, "operator": "Exists"}]
                        }
                    },
                },
                opts=inside,
            )
        self.register_outputs({})
