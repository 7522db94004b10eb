"""Makes as many walled namespaces as the configuration says."""

from __future__ import annotations

import gc

import pulumi

from components.zero_trust.kubernetes import WalledNamespace
from components.zero_trust.spec import NamespaceSpec
from falaj.catalog.tiers import tiers

gc.disable()  # as stacks/__main__.py does, with its reason

TIER = tiers()["smb"]

for number in range(pulumi.Config("tenants").require_int("count")):
    name = f"tenant-{number}"
    WalledNamespace(
        name,
        NamespaceSpec(
            name=name,
            owner="retail",
            role="tenant",
            tenant=name,
            tier="smb",
            quota=TIER.quota,
            default_resources=TIER.resources,
        ),
    )
