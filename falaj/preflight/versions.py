"""Whether the Kubernetes minor is offered, supported and known to run everything of ours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from falaj.catalog.availability import Availability
from falaj.catalog.private_access import Feature
from falaj.catalog.providers import Provider
from falaj.catalog.recipes import KubernetesMinor, kubernetes_minors, offered_minors, recipes
from falaj.preflight.findings import Finding, Verdict
from falaj.preflight.wanted import Wanted

KUBERNETES_FILE = "falaj/catalog/data/kubernetes.yaml"
TARGETS = {Provider.AWS: "eks", Provider.AZURE: "aks"}
NEAR_DAYS = 60
"""Support that ends within this many days is said, so that the upgrade is planned."""


def chosen_minor(wanted: Wanted) -> str:
    """Return the minor of the stack, or that of its recipe."""
    return wanted.kubernetes or recipes()[TARGETS[wanted.provider]].kubernetes


def makes_cluster(wanted: Wanted) -> bool:
    """Return whether the stack makes a cluster: a tenant does not, nor does a cluster of one's own."""
    return wanted.provider in TARGETS and Feature.KUBERNETES in wanted.features


def version_findings(wanted: Wanted, today: date) -> Iterator[Finding]:
    """Yield whether the stack's Kubernetes minor may be used on a day. Nothing where it makes none."""
    if not makes_cluster(wanted):
        return
    target, minor = TARGETS[wanted.provider], chosen_minor(wanted)
    row = offered_minors(target).get(minor)
    allowed = ", ".join(kubernetes_minors(target))
    if row is None or minor not in kubernetes_minors(target):
        yield Finding(
            what=f"Kubernetes {minor}",
            needed=f"a minor of {target} on which model servers run",
            found="unknown to the catalog" if row is None else row.notes,
            verdict=Verdict.MISSING,
            source=KUBERNETES_FILE,
            as_of=None if row is None else row.reviewed,
            next_step=f"set kubernetes to one of {allowed}",
        )
        return
    yield _support(row, today, allowed)
    if row.image_volumes is Availability.UNKNOWN:
        yield Finding(
            what=f"Kubernetes {minor}",
            needed="pods that mount images as volumes (containerd 2.1)",
            found="unknown",
            verdict=Verdict.ASK,
            source=KUBERNETES_FILE,
            as_of=row.reviewed,
            next_step=f"{row.notes.rstrip('.')}: run `kubectl get nodes -o wide` on a node, or choose another minor",
        )


def _support(row: KubernetesMinor, today: date, allowed: str) -> Finding:
    until = row.supported_until
    ended = until != "unknown" and until < today
    near = until != "unknown" and not ended and (until - today).days <= NEAR_DAYS
    return Finding(
        what=f"Kubernetes {row.minor}",
        needed=f"standard support on {today}",
        found=f"standard support {'ended' if ended else 'ends'} on {until}",
        verdict=Verdict.MISSING if ended else Verdict.ASK if near else Verdict.OK,
        source=KUBERNETES_FILE,
        as_of=row.reviewed,
        next_step=f"raise kubernetes, one minor at a time, to one of {allowed}" if ended or near else "",
    )
