"""A plan as a picture: where each component stands, and between which of them data move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from falaj.catalog.data_flows import DataFlow
from falaj.catalog.regions import regions
from falaj.engine import urn as urns
from falaj.graph.captions import is_in_cluster, lines_of, made_of, subnet_grid, title_of
from falaj.graph.ends import Ends, component_words, workload_words
from falaj.graph.picture import Card, Column, Flow, Frame, Look, Part, Picture
from falaj.plan.model import Plan, PlannedResource

NETWORKS: Final = frozenset({"falaj:index:AwsNetwork", "falaj:index:AzureNetwork"})
CLUSTERS: Final = frozenset(
    {f"falaj:index:{name}" for name in ("EksCluster", "AksCluster", "LocalCluster", "ClusterAccess")}
)
POOLS: Final = frozenset({"falaj:index:EksNodePool", "falaj:index:AksNodePool"})
CLUSTER_PARTS: Final = frozenset({"falaj:index:EksNodeServices", "falaj:index:EksAutoscalerIdentity"})
"""What a cluster's own services are made of beside it."""
ROOM: Final = "falaj:index:WalledNamespace"
REFERENCE: Final = "pulumi:pulumi:StackReference"
API_SERVER: Final = "kubernetes-api"


def picture_of(plan: Plan, stack: str) -> Picture:
    """Return the picture of a stack's plan. Each component is drawn once, each declared flow numbered once."""
    return _Reading(plan, stack).picture()


class _Reading:
    """One plan being read."""

    def __init__(self, plan: Plan, stack: str) -> None:
        self._plan = plan
        self._stack = stack
        self._tops = [each for each in plan.children.get("", ()) if each.component]
        self._declared = [(each, flow) for each in plan for flow in _flows(each)]
        self._region = _region_of(plan, [flow for _, flow in self._declared])
        received = frozenset(flow.sink for _, flow in self._declared if flow.region == self._region)
        self._ends = Ends(self._region, self._words(), received)

    def _words(self) -> dict[str, str]:
        owners = {each.urn: each.urn for each in self._tops}
        words = {word: each.urn for each in self._tops for word in component_words(each)}
        for each in self._tops:
            if each.type in POOLS:
                words[f"nodes/{_pool_of(each)}"] = each.urn
            if each.type in CLUSTERS:
                words[API_SERVER] = each.urn
        return {**words, **workload_words(self._plan, owners, self._declared)}

    def picture(self) -> Picture:
        placed = [
            (
                self._ends.card(flow.source, flow.region, sends=True),
                self._ends.card(flow.sink, flow.region, sends=False),
                flow,
            )
            for _, flow in self._declared
        ]
        picture = Picture(
            title=self._stack,
            facts=tuple(self._facts()),
            outside=Frame("Outside the region", Look.OUTSIDE, self._made(Column.OUTSIDE)),
            region=self._region_title(),
            platform=self._platform(),
            services=Frame("Services of the region", Look.REGION, self._services()),
            flows=(),
        )
        return replace(picture, flows=_numbered(placed, list(picture.column_of()), self._region))

    def _facts(self) -> Iterator[str]:
        made = [each for each in self._plan if each.custom and not each.read]
        protected = sum(1 for each in made if each.protect)
        yield f"{len(made)} resources, {protected} of them protected; drawn from the plan of the stack."
        for each in self._plan.typed(REFERENCE):
            yield f"Reads the outputs of {str(each.inputs.get('name')).rpartition('/')[2]}."

    def _region_title(self) -> str:
        known = regions().get(self._region)
        if known is None:
            return f"Region {self._region}"
        country = known.jurisdiction.country
        return ", ".join([known.display_name, self._region, *([] if country == "unknown" else [country])])

    def _platform(self) -> Frame:
        network = next(iter(self._of(NETWORKS)), None)
        if network is None:
            return self._cluster()
        card = self._card(network, Look.NETWORK)
        subnets = replace(card, title="Subnets", grid=subnet_grid(self._plan, network))
        parts: list[Part] = [subnets, *self._made(Column.PLATFORM, Look.NETWORK), self._cluster()]
        return Frame("Private network", Look.NETWORK, tuple(parts))

    def _cluster(self) -> Frame:
        parts: list[Part] = [
            replace(self._card(each, Look.CLUSTER), title="Kubernetes API") for each in self._of(CLUSTERS)
        ]
        parts += [
            replace(self._card(each, Look.CLUSTER), title=f"Node pool {_pool_of(each)}") for each in self._of(POOLS)
        ]
        parts += [self._card(each, Look.CLUSTER) for each in self._of(CLUSTER_PARTS)]
        parts += self._made(Column.PLATFORM, Look.CLUSTER)
        if not self._of(NETWORKS):
            parts += self._made(Column.PLATFORM, Look.NETWORK)
        return Frame("Cluster", Look.CLUSTER, (*parts, *self._workloads()))

    def _workloads(self) -> tuple[Part, ...]:
        rooms = self._of({ROOM})
        inside = [
            self._card(each, Look.WORKLOAD)
            for each in self._tops
            if each.type not in CLUSTERS | POOLS and is_in_cluster(self._plan, each) and each not in rooms
        ]
        others = self._made(Column.PLATFORM, Look.WORKLOAD)
        if len(rooms) != 1:
            return (*[self._card(each, Look.WORKLOAD) for each in rooms], *inside, *others)
        title = ", ".join(lines_of(self._plan, rooms[0])) or rooms[0].name
        return (*others, Frame(title[:1].upper() + title[1:], Look.WORKLOAD, tuple(inside)))

    def _services(self) -> tuple[Part, ...]:
        known = NETWORKS | CLUSTERS | POOLS | CLUSTER_PARTS
        own = [
            self._card(each, Look.SERVICE)
            for each in self._tops
            if each.type not in known and not is_in_cluster(self._plan, each)
        ]
        return (*own, *self._made(Column.SERVICES))

    def _of(self, types: Iterable[str]) -> list[PlannedResource]:
        return [each for each in self._tops if each.type in types]

    def _made(self, column: Column, look: Look | None = None) -> tuple[Card, ...]:
        cards = self._ends.made[column].values()
        return tuple(sorted((card for card in cards if look in (None, card.look)), key=lambda card: card.title))

    def _card(self, component: PlannedResource, look: Look) -> Card:
        title = title_of(component)
        same = [each for each in self._tops if title_of(each) == title]
        below = list(self._plan.below(component.urn))
        return Card(
            key=component.urn,
            title=title if len(same) == 1 else f"{title} {component.name}",
            look=look,
            lines=lines_of(self._plan, component),
            protected=sum(1 for each in below if each.protect and each.custom),
            tooltip=made_of(self._plan, component),
        )


def _numbered(placed: Iterable[tuple[str, str, DataFlow]], cards: list[str], region: str) -> tuple[Flow, ...]:
    """Every flow once, in the order of the cards, so that those of one line follow one another."""
    place: Mapping[str, int] = {key: index for index, key in enumerate(cards)}
    distinct = {(source, sink, flow.model_dump_json()): (source, sink, flow) for source, sink, flow in placed}
    ordered = sorted(
        distinct.values(), key=lambda each: (place[each[0]], place[each[1]], each[2].sink, each[2].purpose)
    )
    return tuple(
        Flow(number, source, sink, flow, leaves=flow.region != region)
        for number, (source, sink, flow) in enumerate(ordered, 1)
    )


def _flows(resource: PlannedResource) -> Iterator[DataFlow]:
    """The flows a component declares."""
    declared = resource.inputs.get("dataFlows") if resource.component else None
    for each in declared if isinstance(declared, list) else ():
        yield DataFlow.model_validate(each)


def _region_of(plan: Plan, flows: Iterable[DataFlow]) -> str:
    """Where the stack lies: where its providers say, else where most of its flows end."""
    for each in plan:
        if urns.is_provider_type(each.type) and isinstance(each.inputs.get("region"), str):
            return str(each.inputs["region"])
    counted = Counter(flow.region for flow in flows)
    return min(counted, key=lambda region: (-counted[region], region)) if counted else "local"


def _pool_of(component: PlannedResource) -> str:
    """The name of a pool: what its machines are called in flows."""
    for flow in _flows(component):
        if flow.source.startswith("nodes/"):
            return flow.source.partition("/")[2]
    return component.name
