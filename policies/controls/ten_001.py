"""TEN-001: each tenant has a namespace of its own, with a quota and limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from falaj.catalog.labels import PLATFORM_ROLE, ROLE, TENANT
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import LABELS, container, deployment, metadata, namespace, service
from policies.examples.tenants import HARD, LIMITS, QUOTA, in_provider, limit, limits, platform_room, quota, room
from policies.joins import Companions, by_companions, narrowed, said_of
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome
from policies.ownership.tenants import DEFAULT_NAMESPACE, SYSTEM_NAMESPACES, TENANT_NAME, members
from policies.resources import Plan, Resource
from policies.values import UNKNOWN
from policies.workloads.kinds import NAMESPACE
from policies.workloads.workload import MADE, Workload

BOUNDED = ("requests.cpu", "requests.memory", "limits.memory", "pods")
ALIASES = {"requests.cpu": "cpu", "requests.memory": "memory"}
"""Other names that Kubernetes has for the same bound."""
GPUS = ("nvidia.com/", "amd.com/gpu")
LIMITED = ("cpu", "memory")

CONTROL = Control(
    id="TEN-001",
    title="Each tenant has a namespace of its own, with a quota and limits",
    harm="One tenant's runaway job takes the memory and the GPUs of all others, and its pods lie among theirs.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(NAMESPACE, *MADE), view=situated, stack_wide=True, beside=(QUOTA, LIMITS)),
    reads=(
        "Namespace:metadata.name",
        f'Namespace:metadata.labels["{TENANT}"]',
        f'Namespace:metadata.labels["{ROLE}"]',
        *(f"{token}:metadata.namespace" for token in (*MADE, QUOTA, LIMITS)),
        *(f'{token}:metadata.labels["{TENANT}"]' for token in MADE),
        *(f'ResourceQuota:spec.hard["{name}"]' for name in (*BOUNDED, *ALIASES.values())),
        "ResourceQuota:spec.hard",
        *(f"LimitRange:spec.limits[*].{path}" for path in ("type", "default", "max")),
        "lasting_container.resources.limits",
    ),
    remedy=(
        f"Label the namespace {TENANT}, or {ROLE}: {PLATFORM_ROLE} where it serves all tenants, and give it a "
        "ResourceQuota and a LimitRange, as components.zero_trust does; put nothing into the namespace default."
    ),
    not_at_the_door="The quota and the limits of a namespace are other objects, made after it.",
    note=(
        "A quota bounds GPUs where a pod of the namespace asks for them. A LimitRange may set a default or a maximum. "
        "The network around a namespace is judged by NET-003."
    ),
)


@CONTROL.check
def has_its_own_room(found: Situated) -> Iterator[Outcome]:
    """Find a namespace without bounds or tenant, and whatever lies in the namespace of everyone."""
    held = found.resource
    if held.type != NAMESPACE:
        yield from lies_in_a_room(held)
    elif held["metadata"]["name"].value in SYSTEM_NAMESPACES:
        yield NotApplicable("belongs to the cluster itself")
    else:
        yield from names_its_tenant(held, found.plan)
        yield from is_bounded(held, found.plan)


def lies_in_a_room(held: Resource) -> Iterator[Outcome]:
    """Judge the namespace a workload goes into, which its provider may name."""
    named = held["metadata"]["namespace"]
    if named.value is None and held.provider is not None and held.provider["namespace"].value is not None:
        named = held.provider["namespace"]
    yield from named.must(lambda name: name not in (None, "", DEFAULT_NAMESPACE), "a namespace made for it")


def names_its_tenant(held: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge whose a namespace is, and that whatever lies in it is the same tenant's."""
    labels = held["metadata"]["labels"]
    tenant, role = labels[TENANT], labels[ROLE]
    if not role.known:
        yield role.undecided
        return
    if role.value == PLATFORM_ROLE:
        yield from tenant.must(lambda name: name is None, "no tenant, it serves all")
        return
    yield from tenant.must(
        lambda name: isinstance(name, str) and TENANT_NAME.fullmatch(name), f"a tenant, or {ROLE}: {PLATFORM_ROLE}"
    )
    for each in residents(held, plan):
        label = each["metadata"]["labels"][TENANT]
        if label.value is not None and tenant.known:
            yield from said_of(each, label.must(lambda name: name == tenant.value, f"{tenant.value}, as its namespace"))


def residents(held: Resource, plan: Plan) -> Iterator[Resource]:
    """Yield the workloads in a namespace."""
    for token in MADE:
        yield from members(held, plan, token).certain


def is_bounded(held: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge what a namespace may take altogether, and each of its containers by default."""
    asked = [(each, found["resources"]["limits"]) for each, found in containers(held, plan)]
    for each, taken in asked:
        yield from said_of(each, [taken.undecided] if not taken.known else [])
    wanted = sorted({f"requests.{name}" for _, taken in asked for name in names_of(taken) if name.startswith(GPUS)})
    quotas, ranges = members(held, plan, QUOTA), members(held, plan, LIMITS)
    yield from are_there(held, quotas, "ResourceQuota")
    for key in (*BOUNDED, *wanted) if quotas.certain else ():
        bounds = [
            (each, each["spec"]["hard"][name]) for each in quotas.certain for name in (key, ALIASES.get(key, key))
        ]
        bounding, bound = next((found for found in bounds if found[1].value is not None), next(iter(bounds)))
        yield from said_of(bounding, bound.must(bool, "a bound"))
    yield from are_there(held, ranges, "LimitRange")
    for name in LIMITED if ranges.certain else ():
        yield from said_of(ranges.certain[0], is_limited(ranges.certain, name))


def containers(held: Resource, plan: Plan) -> Iterator[tuple[Resource, Node]]:
    """Yield the containers that lie in a namespace, each with its workload."""
    for each in residents(held, plan):
        for found in Workload(each).lasting_containers:
            yield each, found


def are_there(held: Resource, found: Companions, kind: str) -> Iterator[Outcome]:
    """Find that a namespace has none of a kind; say so of those that may lie in it."""
    placed = Companions(found.certain, tuple(narrowed(each, "metadata") for each in found.undecided))
    lacking = replace(held["metadata"]["name"].finding(f"a {kind} in it"), found=f"no {kind}")
    yield from by_companions(placed, "namespace", lambda _each: iter(()), [lacking])


def is_limited(ranges: Sequence[Resource], name: str) -> Iterator[Outcome]:
    """Judge whether a container that asks for nothing, or for everything, gets no more than it may."""
    rows = [
        row for each in ranges for row in each["spec"]["limits"].items() if row["type"].value in ("Container", UNKNOWN)
    ]
    bounds = [row[way][name] for row in rows for way in ("default", "max")]
    if not_known := [node for node in (*(row["type"] for row in rows), *bounds) if not node.known]:
        yield from (node.undecided for node in not_known)
    elif not any(bound.value for bound in bounds):
        expected = f"a default or max of {name} for containers"
        yield replace(ranges[0]["spec"]["limits"].finding(expected), found="none")


def names_of(node: Node) -> list[str]:
    """Return the names of what a value holds."""
    return [str(name) for name in node.value] if isinstance(node.value, Mapping) else []


IN_ROOM = metadata(labels=LABELS | {TENANT: "acme"})
UNLIMITED = [limit(default={"memory": "1Gi"}), limit(type="Pod")]
CONTROL.good("a tenant's room", room(), quota(), limits())
CONTROL.good("a room for all", platform_room(), quota(), limits())
CONTROL.good(
    "a room that the cluster names",
    room(name=UNKNOWN),
    quota(inside=UNKNOWN, made_from=[room()]),
    limits(inside=UNKNOWN, made_from=[room()]),
)
CONTROL.good(
    "bounds by their short names, and GPUs",
    room(),
    quota({"cpu": "4", "memory": "8Gi", "limits.memory": "8Gi", "pods": "20", "requests.nvidia.com/gpu": "1"}),
    limits(limit(default=None, max={"cpu": "4", "memory": "8Gi"})),
    deployment([container(resources={"limits": {"cpu": "1", "nvidia.com/gpu": "1"}})], meta=IN_ROOM),
)
CONTROL.good("in a namespace", deployment())
CONTROL.good("in the namespace of its provider", in_provider("acme", deployment(meta=metadata(namespace=None))))
CONTROL.bad(
    "without bounds",
    room(),
    finding=(
        "metadata.name: found no ResourceQuota, expected a ResourceQuota in it",
        "metadata.name: found no LimitRange, expected a LimitRange in it",
    ),
)
CONTROL.bad(
    "bounds of another",
    room(),
    quota(inside="zenith"),
    limits(inside="zenith"),
    finding=(
        "metadata.name: found no ResourceQuota, expected a ResourceQuota in it",
        "metadata.name: found no LimitRange, expected a LimitRange in it",
    ),
)
CONTROL.bad(
    "nobody's room",
    room(tenant=None),
    quota(),
    limits(),
    finding=f'metadata.labels["{TENANT}"]: found nothing, expected a tenant, or {ROLE}: {PLATFORM_ROLE}',
)
CONTROL.bad(
    "a tenant's room that serves all",
    room(labels=LABELS | {TENANT: "acme", ROLE: PLATFORM_ROLE}),
    quota(),
    limits(),
    finding=f'metadata.labels["{TENANT}"]: found acme, expected no tenant, it serves all',
)
CONTROL.bad(
    "another tenant's pods, with GPUs that nothing bounds",
    room(),
    quota({name: bound for name, bound in HARD.items() if name != "pods"}),
    limits(*UNLIMITED),
    deployment(
        [container(resources={"limits": {"nvidia.com/mig-1g.5gb": "1"}})],
        meta=metadata(labels=LABELS | {TENANT: "zenith"}),
    ),
    finding=(
        f'metadata.labels["{TENANT}"]: found zenith, expected acme, as its namespace',
        "spec.hard.pods: found nothing, expected a bound",
        'spec.hard["requests.nvidia.com/mig-1g.5gb"]: found nothing, expected a bound',
        "spec.limits: found none, expected a default or max of cpu for containers",
    ),
)
CONTROL.bad(
    "among everybody's",
    deployment(meta=metadata(namespace="default")),
    finding="metadata.namespace: found default, expected a namespace made for it",
)
CONTROL.bad(
    "nowhere in particular",
    in_provider(None, deployment(meta=metadata(namespace=None))),
    finding="metadata.namespace: found nothing, expected a namespace made for it",
)
CONTROL.unknown("a tenant not known", room(tenant=UNKNOWN), quota(), limits(), at=f'metadata.labels["{TENANT}"]')
CONTROL.unknown(
    "a role not known",
    namespace(labels=LABELS | {ROLE: UNKNOWN}),
    quota(),
    limits(),
    at=f'metadata.labels["{ROLE}"]',
)
CONTROL.unknown("bounds of a namespace not known", room(), quota(inside=UNKNOWN), limits(), at="metadata.namespace")
CONTROL.unknown("bounds made elsewhere", room(), quota(HARD | {"pods": UNKNOWN}), limits(), at="spec.hard.pods")
CONTROL.unknown("limits made elsewhere", room(), quota(), limits(UNKNOWN), at="spec.limits[0]")
CONTROL.unknown(
    "GPUs made elsewhere",
    room(),
    quota(),
    limits(),
    deployment([container(resources={"limits": UNKNOWN})]),
    at="spec.template.spec.containers[0].resources.limits",
)
CONTROL.unknown("a namespace made elsewhere", deployment(meta=metadata(namespace=UNKNOWN)), at="metadata.namespace")
CONTROL.not_applicable("the cluster's own namespace", namespace(name="kube-system"))
CONTROL.not_applicable("a Service runs nothing", service())
