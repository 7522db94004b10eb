"""The vocabulary of labels on Kubernetes objects and nodes that say whose something is."""

from __future__ import annotations

from typing import Final

ROLE: Final = "falaj.dev/role"
"""On a namespace: `platform` or `tenant`."""
PLATFORM_ROLE: Final = "platform"
"""The role of what serves every tenant."""
TENANT: Final = "falaj.dev/tenant"
"""The tenant something exists for; on machines, both label and taint of those that run one tenant only."""
FALLBACK: Final = "falaj.dev/fallback"
"""On a pool of machines with GPUs: the pool without that takes over when no GPU can be had."""
