"""The labels every object of the platform carries, so that each can be found and has an owner."""

from __future__ import annotations

from dataclasses import dataclass

NAME = "app.kubernetes.io/name"
"""Which workload a pod belongs to; network walls select by it."""
COMPONENT = "app.kubernetes.io/component"
"""The workload's role in the architecture, such as `gateway` or `model-server`."""
ROLE = "falaj.dev/role"
"""On a namespace: `platform` or `tenant`."""
TENANT = "falaj.dev/tenant"
"""The tenant something exists for; on machines, both label and taint of those that run one tenant only."""
MODEL_SERVER = "model-server"
"""The component label of every model server; the gateway may speak to pods that carry it."""


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who answers for an object, and for which tenant it exists."""

    owner: str
    tenant: str | None = None
    tier: str | None = None

    def labels(self, name: str, component: str) -> dict[str, str]:
        """Return the labels of one object of the workload `name`."""
        labels = {
            NAME: name,
            COMPONENT: component,
            "app.kubernetes.io/part-of": "falaj",
            "app.kubernetes.io/managed-by": "falaj",
            "falaj.dev/owner": self.owner,
        }
        if self.tenant is not None:
            labels[TENANT] = self.tenant
        if self.tier is not None:
            labels["falaj.dev/tier"] = self.tier
        return labels


def selector(name: str, component: str) -> dict[str, str]:
    """Return the labels that select a workload's pods and may never change, because a Deployment's selector cannot."""
    return {NAME: name, COMPONENT: component}
