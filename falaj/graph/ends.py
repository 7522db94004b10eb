"""What the ends of data flows are in a picture: components name them in words, a picture shows them as cards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from falaj.catalog.data_flows import DataFlow
from falaj.catalog.regions import regions
from falaj.engine import urn as urns
from falaj.graph.picture import Card, Column, Look
from falaj.plan.model import UNKNOWN, Plan, PlannedResource

WORKLOADS: Final = tuple(
    f"kubernetes:{group}:{kind}"
    for group, kinds in {"apps/v1": ("Deployment", "StatefulSet", "DaemonSet"), "batch/v1": ("Job", "CronJob")}.items()
    for kind in kinds
)

NODES: Final = frozenset({"nodes", "pods", "network/nodes", "nodes/kubelet"})
"""Words for every machine of the cluster and what runs on them."""

TITLES: Final = {
    "falaj-gateway/traefik": "Gateway of the environment",
    "kubernetes-api": "Kubernetes API",
    "network/egress": "Way out",
    "network/resolver": "Name resolver",
    "nodes": "Every node",
    "tenants/model-servers": "Tenants' model servers",
}
"""Words that read better otherwise."""

CLOUD: Final = frozenset({"cloud", "eks-add-on-registry", "eks-auth", "entra-id", "machines", "oidc-issuer", "sts"})
"""Words for services of the cloud itself; others are written ``aws/…`` or ``azure/…``."""

CLOUDS: Final = {"aws": "AWS services", "azure": "Azure services"}


@dataclass(slots=True)
class Ends:
    """Finds the card of an end; makes one where the plan has none."""

    region: str
    """Where it lies."""
    words: dict[str, str]
    """The card of each word that stands for a component."""
    received: frozenset[str]
    """Words that flows within the region end at: who receives there is a service of it and not someone outside."""
    made: dict[Column, dict[str, Card]] = field(default_factory=lambda: {column: {} for column in Column})
    """Cards that only flows ask for, by the column they stand in."""

    def card(self, word: str, region: str, *, sends: bool) -> str:
        """Return the key of the card that an end stands for. `region` is where the flow's sink lies."""
        if word in self.words:
            return self.words[word]
        if not sends and region != self.region:
            doubt = self._why_abroad(region)
            line = f"{region}, {doubt}" if doubt else region
            return self._made(Column.OUTSIDE, word, Look.ABROAD if doubt else Look.OUTSIDE, line)
        return self._made(*self._place(word, sends=sends))

    def _place(self, word: str, *, sends: bool) -> tuple[Column, str, Look]:
        """Where a word stands that no component has for its own, under which key and how it looks."""
        first = word.partition("/")[0]
        if word in NODES or first in ("node", "nodes"):
            return Column.PLATFORM, "nodes", Look.CLUSTER
        if word in CLOUD or first in CLOUDS:
            return Column.SERVICES, self._cloud(), Look.SERVICE
        if "." in first:
            return Column.OUTSIDE, word, Look.OUTSIDE
        if first != word or word in TITLES:
            return Column.PLATFORM, word, Look.NETWORK if first == "network" else Look.WORKLOAD
        outside = sends and word not in self.received
        return (Column.OUTSIDE, word, Look.OUTSIDE) if outside else (Column.SERVICES, word, Look.SERVICE)

    def _made(self, column: Column, word: str, look: Look, line: str = "") -> str:
        for other in Column:
            if word in self.made[other]:
                return word
        self.made[column][word] = Card(word, _title(word), look, (line,) if line else ())
        return word

    def _cloud(self) -> str:
        known = regions().get(self.region)
        return known.provider.value if known is not None else "cloud"

    def _why_abroad(self, region: str) -> str:
        """Why a region can't be said to lie in the country of this stack's own; empty where it does."""
        own, other = regions().get(self.region), regions().get(region)
        country = own.jurisdiction.country if own is not None else "unknown"
        if other is None or "unknown" in (country, other.jurisdiction.country):
            return f"not known to lie in {country}" if country != "unknown" else "country unknown"
        return "" if other.jurisdiction.country == country else f"in {other.jurisdiction.country}"


def workload_words(
    plan: Plan, owners: Mapping[str, str], declared: Iterable[tuple[PlannedResource, DataFlow]]
) -> dict[str, str]:
    """Return the card of each ``namespace/workload`` of the plan.

    A namespace that is not known before it exists is read from the flows that the workload's own component declares.
    """
    spoken: dict[str, set[str]] = {}
    for resource, flow in declared:
        owner = owner_of(plan, resource, owners)
        if owner is not None:
            spoken.setdefault(owner, set()).update((flow.source, flow.sink))
    found: dict[str, str] = {}
    for each in plan.typed(*WORKLOADS):
        metadata, owner = each.inputs.get("metadata"), owner_of(plan, each, owners)
        if not isinstance(metadata, Mapping) or owner is None:
            continue
        namespace, name = metadata.get("namespace"), metadata.get("name")
        if namespace == UNKNOWN:
            found.update({word: owner for word in spoken.get(owner, ()) if word.endswith(f"/{name}")})
        else:
            found[f"{namespace}/{name}"] = owner
    return found


def owner_of(plan: Plan, resource: PlannedResource, owners: Mapping[str, str]) -> str | None:
    """Return the card of the component that a resource belongs to, however deep; None for one that has none."""
    at: PlannedResource | None = resource
    while at is not None:
        if at.urn in owners:
            return owners[at.urn]
        at = plan.by_urn.get(at.parent)
    return None


def component_words(component: PlannedResource) -> tuple[str, ...]:
    """Return the words by which flows may name a component: its own name and those of its class."""
    return (component.name, *CLASS_WORDS.get(urns.type_of(component.urn).rpartition(":")[2], ()))


CLASS_WORDS: Final = {
    "AwsAuditTrail": ("audit-trail", "audit-archive"),
    "AwsBackup": ("backup-vault",),
    "AwsKeyRing": ("keys",),
    "AwsModelStore": ("model-store",),
    "AwsRegistry": ("registry",),
    "AzureAuditTrail": ("audit-trail", "audit-archive", "logs"),
    "AzureBackup": ("backup-vault",),
    "AzureKeyRing": ("keys",),
    "AzureModelStore": ("model-store",),
    "AzureRegistry": ("registry",),
    "AzureSubscription": ("account",),
}
"""Words for what a component of each class makes."""


def _title(word: str) -> str:
    known = {**TITLES, **CLOUDS}
    own = word.removeprefix("network/")
    if word in known or "/" in own:
        return known.get(word, word)
    return own[:1].upper() + own[1:].replace("-", " ")
