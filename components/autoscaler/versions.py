"""Which cluster autoscaler fits a cluster: it carries the scheduler of its own Kubernetes minor, and decides by it.

Source: https://github.com/kubernetes/autoscaler/blob/cluster-autoscaler-1.36.1/cluster-autoscaler/README.md (releases)
"""

from __future__ import annotations

import re

from falaj.catalog.recipes import offered_minors

TARGET = "eks"
"""The kind of cluster that needs one of its own; AKS brings its own."""
TAG = re.compile(r"[^@]+:v?(?P<minor>\d+\.\d+)(\.\d+)?([-+.][\w.+-]*)?@sha256:[0-9a-f]{64}")
"""An image whose tag begins with a version."""


def fitting(kubernetes: str) -> str:
    """Return the image that fits a Kubernetes minor as its makers name it, by the catalog."""
    row = offered_minors(TARGET).get(kubernetes)
    known = row is not None and row.cluster_autoscaler != "unknown"
    return f"cluster-autoscaler:v{row.cluster_autoscaler if row is not None and known else f'{kubernetes}.x'}"


def misfit(image: str, kubernetes: str) -> str | None:
    """Return why an image does not fit a Kubernetes minor, by the tag beside its digest; None where no tag says."""
    found = TAG.fullmatch(image)
    if found is None or found["minor"] == kubernetes:
        return None
    return (
        f"found cluster autoscaler {found['minor']} for Kubernetes {kubernetes}, allowed: {fitting(kubernetes)}; it "
        "carries the scheduler of its own minor, and decides by that."
    )
