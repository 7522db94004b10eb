"""A plan made by hand, read as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption
from falaj.engine import urn as urns
from falaj.graph import picture_of
from falaj.graph.picture import Card, Column, Frame, Grid, Look
from falaj.plan import Plan, PlannedResource
from falaj.plan.model import UNKNOWN

REGION, STACK = "me-central-1", "aws-me-central-1-prod"


def component(kind: str, name: str, *flows: DataFlow) -> PlannedResource:
    """A component at the top of the stack."""
    token = f"falaj:index:{kind}"
    declared = {"dataFlows": [each.as_input() for each in flows], "controls": []}
    return PlannedResource(urn=urns.make(STACK, "falaj", "", token, name), type=token, inputs=declared)


def below(
    parent: PlannedResource,
    token: str,
    name: str,
    inputs: Mapping[str, Any] | None = None,
    *,
    protect: bool = False,
) -> PlannedResource:
    """A resource of a component."""
    urn = urns.make(STACK, "falaj", parent.urn, token, name)
    return PlannedResource(urn=urn, type=token, custom=True, parent=parent.urn, inputs=inputs or {}, protect=protect)


def flow(source: str, sink: str, *, region: str = REGION, purpose: str = "why") -> DataFlow:
    return DataFlow(
        source=source,
        sink=sink,
        data_class=DataClass.OPERATIONAL,
        region=region,
        channel=Channel.HTTPS,
        port=443,
        encryption=Encryption.TLS,
        purpose=purpose,
    )


def zones(number: int) -> list[str]:
    return [f"mec1-az{zone}" for zone in range(1, number + 1)]


NETWORK = component(
    "AwsNetwork", "network", flow("network/nodes", "aws/kms"), flow("network/nodes", "network/resolver")
)
SUBNETS = [
    below(
        NETWORK,
        "aws:ec2/subnet:Subnet",
        f"network-{role}-{zone}",
        {"availabilityZoneId": zone, "cidrBlock": f"10.20.{first + index}.0/24"},
    )
    for role, first in (("nodes", 0), ("endpoints", 8))
    for index, zone in enumerate(zones(2))
]
CLUSTER = component("EksCluster", "cluster", flow("administrators", "kubernetes-api"), flow("kubernetes-api", "keys"))
EKS = below(
    CLUSTER,
    "aws:eks/cluster:Cluster",
    "cluster-control-plane",
    {"version": "1.36", "roleArn": UNKNOWN, "vpcConfig": {"endpointPublicAccess": False}},
    protect=True,
)
POOL = component("EksNodePool", "cpu", flow("nodes/cpu", "kubernetes-api"))
NODES = below(
    POOL,
    "aws:eks/nodeGroup:NodeGroup",
    "cpu-nodes",
    {"instanceTypes": ["m6i.xlarge", "m5.xlarge"], "scalingConfig": {"minSize": 2, "maxSize": 6}},
)
KEYS = component("AwsKeyRing", "keys")
RING = [below(KEYS, "aws:kms/key:Key", f"keys-{name}", protect=True) for name in ("logs", "audit")]
BUDGET = component("AwsBudget", "budget", flow("budget", "cost-explorer", region="us-east-1"))
COSTS = below(BUDGET, "aws:budgets/budget:Budget", "budget-monthly", {"limitAmount": "400", "limitUnit": "USD"})
STORE = component("AzureModelStore", "models", flow("model-store", "model-store-uaenorth", region="uaenorth"))
BLOBS = below(STORE, "azure-native:storage:StorageAccount", "models-account", {"sku": {"name": "Standard_ZRS"}})
GATEWAY = component(
    "GatewayPlatform",
    "gateway",
    flow("clients", "falaj-gateway/traefik"),
    flow("falaj-gateway/traefik", "tenants/model-servers"),
)
TRAEFIK = below(
    GATEWAY,
    "kubernetes:apps/v1:Deployment",
    "gateway-traefik",
    {"metadata": {"name": "traefik", "namespace": "falaj-gateway"}, "spec": {"replicas": 3}},
)
PLAN = Plan.of(
    [NETWORK, *SUBNETS, CLUSTER, EKS, POOL, NODES, KEYS, *RING, BUDGET, COSTS, STORE, BLOBS, GATEWAY, TRAEFIK]
)
PICTURE = picture_of(PLAN, STACK)


def card(title: str) -> Card:
    """The one card of that title."""
    (found,) = [each for frame in PICTURE.frames() for each in frame.cards() if each.title == title]
    return found


def titles(frame: Frame) -> list[str]:
    return [each.title for each in frame.cards()]


def test_what_is_whole_stands_above_the_picture() -> None:
    assert PICTURE.title == STACK
    assert PICTURE.region == "Middle East (UAE), me-central-1, AE"
    assert PICTURE.facts == ("11 resources, 3 of them protected; drawn from the plan of the stack.",)


def test_every_card_stands_in_its_column() -> None:
    assert titles(PICTURE.platform) == [
        "Subnets",
        "Name resolver",
        "Kubernetes API",
        "Node pool cpu",
        "Every node",
        "Gateway platform",
        "Tenants' model servers",
    ]
    assert titles(PICTURE.services) == ["Budget", "Key ring", "Model store", "AWS services"]
    assert titles(PICTURE.outside) == ["Administrators", "Clients", "Cost explorer", "Model store uaenorth"]


def test_a_sink_abroad_looks_different_from_one_in_another_region_of_the_country() -> None:
    assert (card("Cost explorer").look, card("Cost explorer").lines) == (
        Look.ABROAD,
        ("us-east-1, not known to lie in AE",),
    )
    assert (card("Model store uaenorth").look, card("Model store uaenorth").lines) == (Look.OUTSIDE, ("uaenorth",))


def test_subnets_are_a_table_of_roles_and_zones() -> None:
    assert card("Subnets").grid == Grid(
        ("mec1-az1", "mec1-az2"),
        (("endpoints", ("10.20.8.0/24", "10.20.9.0/24")), ("nodes", ("10.20.0.0/24", "10.20.1.0/24"))),
    )


def test_cards_say_what_is_known_and_nothing_that_is_not() -> None:
    assert card("Kubernetes API").lines == ("EKS, Kubernetes 1.36", "API server private only")
    assert card("Node pool cpu").lines == ("m6i.xlarge, m5.xlarge", "2 to 6 nodes")
    assert card("Key ring").lines == ("keys: audit, logs",)
    assert card("Budget").lines == ("400 USD a month",)
    assert card("Gateway platform").lines == ("traefik, replicas: 3",)
    assert (card("Kubernetes API").protected, card("Key ring").protected, card("Budget").protected) == (1, 2, 0)


def test_words_of_flows_become_the_components_they_stand_for() -> None:
    keys = {
        card(title).key: title
        for title in titles(PICTURE.platform) + titles(PICTURE.services) + titles(PICTURE.outside)
    }

    assert [(each.number, keys[each.source], keys[each.sink]) for each in PICTURE.flows] == [
        (1, "Administrators", "Kubernetes API"),
        (2, "Clients", "Gateway platform"),
        (3, "Kubernetes API", "Key ring"),
        (4, "Node pool cpu", "Kubernetes API"),
        (5, "Every node", "Name resolver"),
        (6, "Every node", "AWS services"),
        (7, "Gateway platform", "Tenants' model servers"),
        (8, "Budget", "Cost explorer"),
        (9, "Model store", "Model store uaenorth"),
    ]
    assert [each.number for each in PICTURE.flows if each.leaves] == [8, 9]


def test_a_flow_declared_twice_is_drawn_once() -> None:
    twice = component("AwsBackup", "backup", flow("administrators", "kubernetes-api"))

    assert len(picture_of(Plan.of([*PLAN, twice]), STACK).flows) == len(PICTURE.flows)


def test_a_workload_in_a_namespace_nobody_knows_yet_is_found_by_its_own_flows() -> None:
    server = component("OnnxRuntimeServer", "iris", flow("clients", "tenant-a/iris"))
    metadata = {"name": "iris", "namespace": UNKNOWN}
    pods = below(server, "kubernetes:apps/v1:Deployment", "iris-pods", {"metadata": metadata})

    picture = picture_of(Plan.of([server, pods]), "tenant")

    (found,) = picture.flows
    assert (found.sink, picture.column_of()[found.sink]) == (server.urn, Column.PLATFORM)


def test_a_tenants_namespace_is_the_frame_of_what_lies_in_it() -> None:
    room = component("WalledNamespace", "aws-smb")
    namespace = below(room, "kubernetes:core/v1:Namespace", "aws-smb-namespace", {"metadata": {"name": "tenant-a"}})
    door = component("TenantGateway", "door")
    listener = below(door, "kubernetes:gateway.networking.k8s.io/v1:Gateway", "door-gateway")

    picture = picture_of(Plan.of([room, namespace, door, listener]), "aws-smb")

    (frame,) = [part for part in picture.platform.parts if isinstance(part, Frame)]
    assert (frame.title, titles(frame)) == ("Namespace tenant-a", ["Tenant gateway"])


def test_a_plan_with_nothing_in_it_has_an_empty_picture() -> None:
    picture = picture_of(Plan.of([]), "empty")

    assert picture.flows == ()
    assert [titles(frame) for frame in picture.frames()] == [[], [], []]
