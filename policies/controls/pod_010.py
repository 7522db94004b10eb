"""POD-010: what answers requests survives planned work."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace

from falaj.catalog.model_annotations import ModelAnnotation
from falaj.catalog.tags import Stage
from falaj.catalog.tiers import tiers
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import service
from policies.examples.serving import (
    AUTOSCALER,
    BUDGET,
    DEPLOYMENT,
    STATEFUL_SET,
    autoscaler,
    budget,
    front,
    probed,
    replicated,
)
from policies.joins import said_of
from policies.networks.label_selectors import selects, selects_plainly
from policies.networks.neighbours import neighbours, undecided_by
from policies.node import Node
from policies.outcomes import Finding, NotApplicable, Outcome
from policies.resources import Plan, Resource
from policies.values import UNKNOWN
from policies.workloads.kinds import SERVICES
from policies.workloads.sides import other_sides
from policies.workloads.workload import Workload

SERVICE = SERVICES[0]
PROBES = ("readinessProbe", "livenessProbe")
ACTIONS = ("httpGet", "tcpSocket", "grpc", "exec")
ONE_MACHINE = "local"
"""Region of a cluster on one machine, where a second pod would fall with the first."""
AMOUNT = re.compile(r"(\d+)(%?)")
NO_BUDGET = "no PodDisruptionBudget that selects its pods"
LETS_ONE_GO = "an amount that lets a pod go and keeps another"

CONTROL = Control(
    id="POD-010",
    title="What answers requests has probes, a second pod and a disruption budget",
    harm="The next upgrade of a node takes the last pod away, or requests go to one that can't answer yet.",
    severity=Severity.MEDIUM,
    applies_to=Subject(
        tokens=(DEPLOYMENT, STATEFUL_SET),
        view=situated,
        stack_wide=True,
        beside=(SERVICE, BUDGET, AUTOSCALER),
    ),
    reads=(
        "pod.containers[*].readinessProbe",
        "pod.containers[*].livenessProbe",
        "Deployment:spec.replicas",
        "StatefulSet:spec.replicas",
        "Deployment:spec.template.metadata.labels",
        "StatefulSet:spec.template.metadata.labels",
        "metadata.namespace",
        f'metadata.annotations["{ModelAnnotation.ROUTED_BY}"]',
        "Deployment:metadata.name",
        "StatefulSet:metadata.name",
        "Service:spec.selector",
        "PodDisruptionBudget:spec.selector",
        "PodDisruptionBudget:spec.minAvailable",
        "PodDisruptionBudget:spec.maxUnavailable",
        "HorizontalPodAutoscaler:spec.scaleTargetRef.name",
        "HorizontalPodAutoscaler:spec.scaleTargetRef.kind",
        "HorizontalPodAutoscaler:spec.minReplicas",
    ),
    remedy=(
        "Give each container a readinessProbe and a livenessProbe, set replicas to 2 or more, and add a "
        "PodDisruptionBudget for the same labels with maxUnavailable 1."
    ),
    not_at_the_door="The disruption budget is another object, made after the workload.",
    note=(
        "A workload answers requests where a Service of the stack selects its pods. A tenant's tier says how many "
        "pods it is promised, which may be one; a development environment and a cluster on one machine need no second. "
        "Sides of one endpoint, which its router calls and which say so in falaj.dev/routed-by, count together."
    ),
)


@CONTROL.check
def survives_planned_work(found: Situated) -> Iterator[Outcome]:
    """Find what a workload behind a Service lacks to be upgraded without anyone noticing."""
    workload, labels = found.resource, found["spec"]["template"]["metadata"]["labels"]
    services = neighbours(workload, found.plan, SERVICE, lambda each: selects_plainly(each["spec"]["selector"], labels))
    if services.certain:
        yield from says_when_it_can_answer(workload)
        yield from has_pods_to_spare(workload, found.plan, labels)
    elif services.undecided:
        yield from (undecided_by(each, each["spec"]["selector"], labels) for each in services.undecided)
    else:
        yield NotApplicable("no Service of the stack sends it requests")


def says_when_it_can_answer(workload: Resource) -> Iterator[Outcome]:
    """Find each container without a probe of one kind or the other."""
    for container in Workload(workload).pod["containers"].items():
        for name in PROBES:
            yield from container[name].must(
                lambda probe: isinstance(probe, dict) and any(probe.get(action) for action in ACTIONS),
                f"one of {', '.join(ACTIONS)}",
            )


def has_pods_to_spare(workload: Resource, plan: Plan, labels: Node) -> Iterator[Outcome]:
    """Find too few pods, by the word of the autoscaler or else the workload's own, and what the budget does to them."""
    scaled = neighbours(workload, plan, AUTOSCALER, lambda each: scales(each["spec"]["scaleTargetRef"], workload))
    if scaled.undecided:
        yield from (undecided_by(each, each["spec"]["scaleTargetRef"]["name"]) for each in scaled.undecided)
        return
    sides = list(other_sides(workload, plan))
    if unknown := [(side, amount) for side, amount in sides if not amount.known]:
        yield from (replace(amount.undecided, urn=side.urn) for side, amount in unknown)
        return
    counts = [(each, each["spec"]["minReplicas"]) for each in scaled.certain]
    least = max(least_pods(plan) - sum(number_of(amount.value) for _, amount in sides), 1)
    for holder, count in counts or [(workload, workload["spec"]["replicas"])]:
        yield from said_of(holder, count.must(lambda value: number_of(value) >= least, f"{least} or more"))
        if count.known:
            yield from may_be_drained(workload, plan, labels, number_of(count.value))


def least_pods(plan: Plan) -> int:
    """Return how many pods the stack promises."""
    tier = tiers().get(plan.stack.tier or "")
    if tier is not None:
        return tier.replicas
    return 1 if plan.stack.stage == Stage.DEVELOPMENT or plan.stack.region == ONE_MACHINE else 2


def number_of(replicas: object) -> int:
    """Return a number of pods; Kubernetes takes one where nobody says."""
    return replicas if isinstance(replicas, int) else 1


def scales(target: Node, workload: Resource) -> bool | None:
    """Tell whether an autoscaler means the workload."""
    name, kind, own = target["name"], target["kind"], workload["metadata"]["name"]
    if not (name.known and kind.known and own.known):
        return None
    return bool(name.value == own.value and workload.type.endswith(f":{kind.value}"))


def may_be_drained(workload: Resource, plan: Plan, labels: Node, total: int) -> Iterator[Outcome]:
    """Find a workload without a budget, and a budget that protects nothing or stops every drain."""
    budgets = neighbours(workload, plan, BUDGET, lambda each: selects(each["spec"]["selector"], labels))
    for each in budgets.certain:
        yield from said_of(each, keeps_and_lets_go(each["spec"], total))
    if not budgets.certain:
        yield from (undecided_by(each, each["spec"]["selector"]) for each in budgets.undecided)
    if not (budgets.certain or budgets.undecided):
        yield Finding(workload["metadata"]["name"].path, NO_BUDGET, "one")


def keeps_and_lets_go(budget: Node, total: int) -> Iterator[Outcome]:
    """Judge the amount of a budget. Where there is one pod only, it has to let that go."""
    kept, away = budget["minAvailable"], budget["maxUnavailable"]
    most = max(total - 1, 1)
    if kept.value is None:
        yield from away.must(lambda value: 1 <= pods(value, total) <= most, LETS_ONE_GO)
    else:
        yield from kept.must(lambda value: 1 <= total - pods(value, total) <= most, LETS_ONE_GO)


def pods(amount: object, total: int) -> int:
    """Return how many pods an amount means, as a number or a share; none for what is no amount."""
    match = AMOUNT.fullmatch(str(amount))
    if match is None:
        return 0
    return math.ceil(total * int(match[1]) / 100) if match[2] else int(match[1])


CONFIG = "falaj:tenant"
SMALL = {CONFIG: '{"tier": "smb"}'}
REGULATED = {CONFIG: '{"tier": "sovereign"}'}
DEVELOPMENT = {"falaj:environment": '{"stage": "dev", "region": "uaenorth"}'}
AT_HOME = {"falaj:environment": '{"region": "local"}'}
OTHERS = {"app.kubernetes.io/name": "another"}
MADE = "urn:pulumi:stack::project::kubernetes:core/v1:Namespace::acme"
CONTAINER = "spec.template.spec.containers[0]"

CONTROL.good("two pods", replicated(), front(), budget())
CONTROL.good("another budget somewhere", replicated(), front(), budget(), budget(inside=UNKNOWN))
CONTROL.good(
    "a database of three, half of which may go",
    replicated(kind=STATEFUL_SET, replicas=3),
    front(),
    budget(maxUnavailable="50%"),
)
CONTROL.good(
    "three pods, of which two stay",
    replicated(replicas=3),
    front(),
    budget(maxUnavailable=None, minAvailable=2),
    config=REGULATED,
)
CONTROL.good(
    "pods by load",
    replicated(replicas=None),
    front(),
    budget(),
    autoscaler(),
    autoscaler(target="other", minReplicas=1),
)
CONTROL.good("one pod, as its tier is promised", replicated(replicas=1), front(), budget(), config=SMALL)
CONTROL.good("one pod for development", replicated(replicas=None), front(), budget(), config=DEVELOPMENT)
CONTROL.good("one pod on one machine", replicated(replicas=1), front(), budget(), config=AT_HOME)
CONTROL.good(
    "one pod on the GPU side of an endpoint that CPUs answer too",
    replicated(replicas=1, router="router"),
    front(),
    budget(),
    replicated(name="iris-cpu", labels=OTHERS, router="router", replicas=2),
    replicated(name="router", labels=OTHERS),
    config=REGULATED,
)
CONTROL.good(
    "in a namespace that the cluster names",
    replicated(inside=UNKNOWN, made_from=[MADE]),
    front(inside=UNKNOWN, made_from=[MADE]),
    budget(inside=UNKNOWN, made_from=[MADE]),
)
CONTROL.bad(
    "one pod without anything",
    replicated([probed(readinessProbe=None, livenessProbe={"periodSeconds": 5})], replicas=1),
    front(),
    finding=(
        f"{CONTAINER}.readinessProbe: found nothing, expected one of httpGet, tcpSocket, grpc, exec",
        f'{CONTAINER}.livenessProbe: found {{"periodSeconds": 5}}, expected one of httpGet, tcpSocket, grpc, exec',
        "spec.replicas: found 1, expected 2 or more",
        "metadata.name: found no PodDisruptionBudget that selects its pods, expected one",
    ),
)
CONTROL.bad(
    "one pod because nobody says more",
    replicated(replicas=None),
    front(),
    budget(),
    finding="spec.replicas: found nothing, expected 2 or more",
)
CONTROL.bad(
    "no pod at all",
    replicated(kind=STATEFUL_SET, replicas=0),
    front(),
    budget(),
    config=SMALL,
    finding="spec.replicas: found 0, expected 1 or more",
)
CONTROL.bad(
    "fewer than the tier is promised",
    replicated(),
    front(),
    budget(),
    config=REGULATED,
    finding="spec.replicas: found 2, expected 3 or more",
)
CONTROL.bad(
    "sides that have too few between them",
    replicated(replicas=1, router="router"),
    front(),
    budget(),
    replicated(name="iris-cpu", labels=OTHERS, router="router", replicas=None),
    replicated(name="router", labels=OTHERS),
    config=REGULATED,
    finding="spec.replicas: found 1, expected 2 or more",
)
CONTROL.bad(
    "a side without a pod, whatever the others have",
    replicated(replicas=0, router="router"),
    front(),
    budget(),
    replicated(name="iris-cpu", labels=OTHERS, router="router"),
    replicated(name="router", labels=OTHERS),
    finding="spec.replicas: found 0, expected 1 or more",
)
CONTROL.bad(
    "a side whose router is not there",
    replicated(replicas=1, router="router"),
    front(),
    budget(),
    replicated(name="iris-cpu", labels=OTHERS, router="router"),
    replicated(name="router", labels=OTHERS, inside="zenith"),
    finding="spec.replicas: found 1, expected 2 or more",
)
CONTROL.bad(
    "a side beside those of another endpoint",
    replicated(replicas=1, router="router"),
    front(),
    budget(),
    replicated(name="minilm-cpu", labels=OTHERS, router="another"),
    replicated(name="iris-cpu", labels=OTHERS, router="router", inside="zenith"),
    replicated(name="router", labels=OTHERS),
    replicated(name="another", labels=OTHERS),
    finding="spec.replicas: found 1, expected 2 or more",
)
CONTROL.bad(
    "an autoscaler that goes down to one",
    replicated(replicas=None),
    front(),
    budget(),
    autoscaler(minReplicas=1),
    finding="spec.minReplicas: found 1, expected 2 or more",
)
CONTROL.bad(
    "budgets that stop every drain",
    replicated(replicas=3),
    front(),
    budget(maxUnavailable=0),
    budget(maxUnavailable=None, minAvailable="67%"),
    finding=(
        f"spec.maxUnavailable: found 0, expected {LETS_ONE_GO}",
        f"spec.minAvailable: found 67%, expected {LETS_ONE_GO}",
    ),
)
CONTROL.bad(
    "budgets that protect nothing",
    replicated(),
    front(),
    budget(maxUnavailable=2),
    budget(maxUnavailable=None, minAvailable=0),
    budget(maxUnavailable=None),
    finding=(
        f"spec.maxUnavailable: found 2, expected {LETS_ONE_GO}",
        f"spec.minAvailable: found 0, expected {LETS_ONE_GO}",
        f"spec.maxUnavailable: found nothing, expected {LETS_ONE_GO}",
    ),
)
CONTROL.bad(
    "a budget for somebody else",
    replicated(),
    front(),
    budget(selector={"matchLabels": {"app.kubernetes.io/name": "minilm"}}),
    budget(inside="zenith"),
    finding="metadata.name: found no PodDisruptionBudget that selects its pods, expected one",
)
CONTROL.unknown(
    "number chosen elsewhere",
    replicated(replicas=UNKNOWN),
    front(),
    budget(maxUnavailable=None, minAvailable=1),
    at="spec.replicas",
)
CONTROL.unknown(
    "another side whose number is chosen elsewhere",
    replicated(replicas=1, router="router"),
    front(),
    budget(),
    replicated(name="iris-cpu", labels=OTHERS, router="router", replicas=UNKNOWN),
    replicated(name="router", labels=OTHERS),
    at="spec.replicas",
)
CONTROL.unknown(
    "a router named elsewhere",
    replicated(replicas=1, router=UNKNOWN),
    front(),
    budget(),
    at=f'metadata.annotations["{ModelAnnotation.ROUTED_BY}"]',
)
CONTROL.unknown("a Service for whomever", replicated(), front(selector=UNKNOWN), budget(), at="spec.selector")
CONTROL.unknown("a budget for whomever", replicated(), front(), budget(selector=UNKNOWN), at="spec.selector")
CONTROL.unknown("a budget somewhere", replicated(), front(), budget(inside=UNKNOWN), at="metadata.namespace")
CONTROL.unknown(
    "an autoscaler for whomever",
    replicated(),
    front(),
    budget(),
    autoscaler(target=UNKNOWN),
    at="spec.scaleTargetRef.name",
)
CONTROL.not_applicable("nobody calls it", replicated(), front(selector={"app.kubernetes.io/name": "minilm"}))
CONTROL.not_applicable("called elsewhere", replicated(), front(inside="zenith"))
CONTROL.not_applicable("a Service runs nothing", service())
