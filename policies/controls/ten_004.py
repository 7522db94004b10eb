"""TEN-004: machines of one tenant are kept free of all others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from falaj.catalog.labels import PLATFORM_ROLE, ROLE, TENANT
from falaj.catalog.providers import Provider, provider_of
from falaj.catalog.tags import SHARED, Tag
from falaj.catalog.tiers import Isolation, tiers
from policies.capacity.pools import POOL_TYPES, Pool, Taint, pools_in, pools_of, taint_of
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import service
from policies.examples.pools import agent_pool, aks, node_group, profile
from policies.examples.tenants import platform_room, room
from policies.outcomes import NotApplicable, Outcome
from policies.resources import Plan, Resource
from policies.values import UNKNOWN
from policies.workloads.kinds import NAMESPACE

TAG = Tag.TENANT.value
KEEPING_OFF = ("NoSchedule", "NoExecute")
PROFILE = "ManagedCluster:agentPoolProfiles[*]"

CONTROL = Control(
    id="TEN-004",
    title="Machines of one tenant are kept free of all others",
    harm="Another tenant's pod lands on the machine, one kernel away from data that may not be near it.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=(*POOL_TYPES, NAMESPACE), view=situated, stack_wide=True),
    reads=(
        f'NodeGroup:labels["{TENANT}"]',
        "NodeGroup:taints",
        f"NodeGroup:tags.{TAG}",
        *(
            f"{prefix}{path}"
            for prefix in ("AgentPool:", f"{PROFILE}.")
            for path in (f'nodeLabels["{TENANT}"]', "nodeTaints", f"tags.{TAG}")
        ),
        f'Namespace:metadata.labels["{TENANT}"]',
        f'Namespace:metadata.labels["{ROLE}"]',
    ),
    remedy=f"Give the tenant a pool with label and taint {TENANT}=<tenant>, the taint with effect NoSchedule.",
    not_at_the_door="Whether a tenant has machines of its own, the pools of the cloud tell.",
    note=(
        "Which tenants get machines of their own is a rule of their tier; the stack of such a tenant has to make them. "
        "A taint without the label keeps the tenant's own pods away, a label without the taint keeps nobody away."
    ),
)


@CONTROL.check
def keeps_others_off(found: Situated) -> Iterator[Outcome]:
    """Find a tenant's machines that others may use, and a tenant that should have some."""
    held, plan = found.resource, found.plan
    if held.type == NAMESPACE:
        yield from has_machines(held, plan)
        return
    outcomes = [outcome for pool in pools_of(held) for outcome in is_kept(pool)]
    said = [outcome for outcome in outcomes if not isinstance(outcome, NotApplicable)]
    yield from said if said or len(outcomes) < len(list(pools_of(held))) else outcomes


def is_kept(pool: Pool) -> Iterator[Outcome]:
    """Judge a pool that label, taint or tag give to one tenant."""
    label, tag = pool.labels[TENANT], pool.root["tags"][TAG]
    grounds = [label, tag, *pool.taints.items()]
    if not_known := [ground.undecided for ground in grounds if not ground.known]:
        yield from not_known
        return
    taints = taints_of(pool)
    names = [label.value, tag.value if tag.value != SHARED else None, *(taint.value for taint in taints)]
    tenant = next((name for name in names if name), None)
    if tenant is None:
        yield NotApplicable("runs the pods of every tenant")
        return
    yield from label.must(lambda name: name == tenant, f"{tenant}, whose machines they are")
    yield from tag.must(lambda name: name in (None, SHARED, tenant), f"{tenant}, {SHARED}, or nothing")
    if not any(taint.value == tenant and taint.effect in KEEPING_OFF for taint in taints):
        yield replace(pool.taints.finding(f"{TENANT}={tenant}:NoSchedule"), found=words(taints))


def taints_of(pool: Pool) -> list[Taint]:
    """Return the taints of a pool that are about a tenant."""
    found = (taint_of(each.value) for each in pool.taints.items())
    return [taint for taint in found if taint is not None and taint.key == TENANT]


def words(taints: list[Taint]) -> str:
    """Write taints as Kubernetes does."""
    return ", ".join(f"{taint.key}={taint.value}:{taint.effect}" for taint in taints) or "no taint of a tenant"


def has_machines(held: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge whether the stack of a tenant that gets machines of its own makes any."""
    labels = held["metadata"]["labels"]
    tier = tiers().get(plan.stack.tier or "")
    if tier is None or tier.isolation is not Isolation.DEDICATED_NODES or labels[ROLE].value == PLATFORM_ROLE:
        yield NotApplicable("shares machines with other tenants")
    elif provider_of(plan.stack.region or "") is Provider.LOCAL:
        yield NotApplicable("lies in a cluster whose machines nobody rents")
    else:
        kept = {taint.value for pool in pools_in(plan) for taint in taints_of(pool)}
        yield from labels[TENANT].must(lambda name: name in kept, "a tenant for which the stack makes a pool")


def taint(tenant: object = "acme", effect: str = "NO_SCHEDULE") -> dict[str, object]:
    """Describe a taint as AWS writes it."""
    return {"key": TENANT, "value": tenant, "effect": effect}


OURS = {TENANT: "acme"}
CRITICAL = "CriticalAddonsOnly=true:NoSchedule"
SOVEREIGN = {"falaj:tenant": '{"tier": "sovereign", "region": "uaenorth"}'}
KEPT = node_group(labels=OURS, taints=[taint()], tags={TAG: "acme"})
CONTROL.good("label, taint and tag", KEPT)
CONTROL.good(
    "label and taint, beside others",
    node_group(
        labels=OURS,
        taints=[{"key": "CriticalAddonsOnly", "value": "true", "effect": "NO_SCHEDULE"}, taint(effect="NO_EXECUTE")],
        tags={TAG: SHARED},
    ),
)
CONTROL.good("a pool of AKS", agent_pool(nodeLabels=OURS, nodeTaints=[CRITICAL, f"{TENANT}=acme:NoSchedule"]))
CONTROL.good(
    "a cluster with pools for one and for all",
    aks(profile(), profile(nodeLabels=OURS, nodeTaints=[f"{TENANT}=acme:NoSchedule"])),
)
CONTROL.good("a tenant and its machines", room(), KEPT, config=SOVEREIGN)
CONTROL.bad(
    "a label that keeps nobody off",
    node_group(labels=OURS),
    finding=f"taints: found no taint of a tenant, expected {TENANT}=acme:NoSchedule",
)
CONTROL.bad(
    "booked on another tenant",
    node_group(labels=OURS, taints=[taint()], tags={TAG: "zenith"}),
    finding=f"tags.{TAG}: found zenith, expected acme, shared, or nothing",
)
CONTROL.bad(
    "the taint of another tenant",
    node_group(labels=OURS, taints=[taint("zenith")]),
    finding=f"taints: found {TENANT}=zenith:NoSchedule, expected {TENANT}=acme:NoSchedule",
)
CONTROL.bad(
    "a taint that is a mere wish, and no label",
    agent_pool(nodeTaints=[f"{TENANT}=acme:PreferNoSchedule"]),
    finding=(
        f'nodeLabels["{TENANT}"]: found nothing, expected acme, whose machines they are',
        f"nodeTaints: found {TENANT}=acme:PreferNoSchedule, expected {TENANT}=acme:NoSchedule",
    ),
)
CONTROL.bad(
    "a tag alone, in a cluster's second pool",
    aks(profile(), profile(tags={TAG: "acme"})),
    finding=(
        f'agentPoolProfiles[1].nodeLabels["{TENANT}"]: found nothing, expected acme, whose machines they are',
        f"agentPoolProfiles[1].nodeTaints: found no taint of a tenant, expected {TENANT}=acme:NoSchedule",
    ),
)
CONTROL.bad(
    "a tenant without machines",
    room(),
    node_group(),
    config=SOVEREIGN,
    finding=f'metadata.labels["{TENANT}"]: found acme, expected a tenant for which the stack makes a pool',
)
CONTROL.unknown("a label made elsewhere", node_group(labels={TENANT: UNKNOWN}), at=f'labels["{TENANT}"]')
CONTROL.unknown("a taint made elsewhere", node_group(taints=[UNKNOWN]), at="taints[0]")
CONTROL.unknown("a tag made elsewhere", agent_pool(tags={TAG: UNKNOWN}), at=f"tags.{TAG}")
CONTROL.unknown("a tenant not known", room(tenant=UNKNOWN), config=SOVEREIGN, at=f'metadata.labels["{TENANT}"]')
CONTROL.not_applicable("a pool for all", node_group(tags={TAG: SHARED}))
CONTROL.not_applicable("machines of the cluster itself", agent_pool(nodeTaints=[CRITICAL]))
CONTROL.not_applicable("a cluster for all", aks())
CONTROL.not_applicable("a tenant that shares", room(), config={"falaj:tenant": '{"tier": "enterprise"}'})
CONTROL.not_applicable("a tenant of no tier", room())
CONTROL.not_applicable("the room of all", platform_room(), config=SOVEREIGN)
CONTROL.not_applicable("on this machine", room(), config={"falaj:tenant": '{"tier": "sovereign", "region": "local"}'})
CONTROL.not_applicable("a Service has no machines", service())
