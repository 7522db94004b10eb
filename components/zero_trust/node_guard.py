"""What holds a controller that may change nodes to the little that it is there for, which a role can't say."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as kubernetes

from components.manifests import Manifest

registration = kubernetes.admissionregistration.v1
KEPT = (
    "object.metadata.?labels == oldObject.metadata.?labels",
    "object.metadata.?annotations == oldObject.metadata.?annotations",
)
"""CEL, each true of a node whose labels and annotations stay: they part tenants from each other."""


def guard_of(who: str, *, account: str, kept: tuple[str, ...], message: str) -> Manifest:
    """Return the spec of a policy that refuses an account's changes of a node with ``message``.

    Labels and annotations stay, and what each expression of ``kept`` says, in CEL; ``who`` it is names the condition.
    """
    return {
        "failure_policy": "Fail",
        "match_constraints": {
            "resource_rules": [
                {"api_groups": [""], "api_versions": ["v1"], "operations": ["UPDATE"], "resources": ["nodes"]}
            ]
        },
        "match_conditions": [{"name": f"is-the-{who}", "expression": f"request.userInfo.username == '{account}'"}],
        "validations": [{"expression": expression, "message": message} for expression in (*KEPT, *kept)],
    }


def node_guard(
    name: str, cluster_name: str, spec: Manifest, *, labels: Mapping[str, str], opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    """Make the policy ``cluster_name`` of this spec, and return what puts it in force."""
    metadata: Manifest = {"name": cluster_name, "labels": labels}
    policy = registration.ValidatingAdmissionPolicy(name, metadata=metadata, spec=spec, opts=opts)
    binding: pulumi.Resource = registration.ValidatingAdmissionPolicyBinding(
        f"{name}-binding",
        metadata=metadata,
        spec={"policy_name": policy.metadata["name"], "validation_actions": ["Deny"]},
        opts=opts,
    )
    return binding
