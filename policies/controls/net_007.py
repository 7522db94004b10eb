"""NET-007: registries, storage, keys and logs are reached inside the network only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pydantic import Field

from falaj.catalog.private_access import Endpoint, EndpointType, Feature, endpoints
from falaj.catalog.providers import Provider
from policies.control import Control, Severity, Situated, Subject, situated
from policies.documents import covers, is_document, statements
from policies.examples.kubernetes import service
from policies.examples.linked import linked, other
from policies.examples.network import (
    ENDPOINT,
    PRIVATE_ENDPOINT,
    S3_POLICY,
    VPC,
    closed,
    endpoint,
    endpoints_but,
    private_endpoint,
    vpc,
)
from policies.geography.places import uae_regions
from policies.geography.whereabouts import STORAGE_ACCOUNT as ACCOUNT
from policies.geography.whereabouts import WORKSPACE
from policies.joins import Companions, companions, said_of
from policies.node import Node
from policies.outcomes import Finding, Outcome, Undecided
from policies.parameters import Parameters
from policies.resources import Plan, Resource, resource
from policies.tables import Table, by_table, one_of, reads_of
from policies.templates import is_one_of, is_true
from policies.values import UNKNOWN

VAULT = "azure-native:keyvault:Vault"
REGISTRY = "azure-native:containerregistry:Registry"
SCOPE = "azure-native:monitor:PrivateLinkScope"
SCOPED = "azure-native:monitor:PrivateLinkScopedResource"
SECRET = "aws:secretsmanager/secret:Secret"  # noqa: S105 - a type token
CONNECTIONS = ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
TARGET = "privateLinkServiceId"
KINDS = {EndpointType.INTERFACE: ("Interface",), EndpointType.GATEWAY: (None, "Gateway", "Interface")}
"""The kinds of endpoint that bring a service in, by the kind that the catalog names."""
ANY_OBJECT = "arn:aws:s3:::any-bucket/any-object"


def is_closed(node: Node) -> Iterator[Outcome]:
    """Find a service that answers the internet. Azure writes the word in either case."""
    yield from node.must(lambda value: str(value).lower() in ("disabled", "securedbyperimeter"), "Disabled")


RULES: Table = {
    ACCOUNT: {"publicNetworkAccess": is_closed, "networkRuleSet.defaultAction": one_of("Deny")},
    VAULT: {"properties.publicNetworkAccess": is_closed, "properties.networkAcls.defaultAction": one_of("Deny")},
    REGISTRY: {"publicNetworkAccess": is_closed},
    WORKSPACE: {"publicNetworkAccessForIngestion": is_closed, "publicNetworkAccessForQuery": is_closed},
    SCOPE: {
        "accessModeSettings.ingestionAccessMode": one_of("PrivateOnly"),
        "accessModeSettings.queryAccessMode": one_of("PrivateOnly"),
    },
}


class PrivateAccess(Parameters):
    """What a VPC has to reach without the internet."""

    features: tuple[Feature, ...] = Field(
        default=(
            *(Feature.KUBERNETES, Feature.IDENTITY, Feature.REGISTRY),
            *(Feature.MODEL_STORE, Feature.KEYS, Feature.LOGS),
        ),
        description="What the VPC's workloads use; the catalog says which endpoints each needs.",
    )


CONTROL = Control(
    id="NET-007",
    title="Registries, storage, keys and logs are reached inside the network only",
    harm="A stolen credential reads models and keys from anywhere, and data leaves by the same door unseen.",
    severity=Severity.HIGH,
    applies_to=Subject(
        tokens=(VPC, *RULES), view=situated, stack_wide=True, beside=(ENDPOINT, PRIVATE_ENDPOINT, SCOPED, SECRET)
    ),
    reads=(
        *reads_of(RULES),
        *(f"VpcEndpoint:{name}" for name in ("vpcId", "serviceName", "vpcEndpointType", "privateDnsEnabled", "policy")),
        *(f"PrivateEndpoint:{name}[*].{TARGET}" for name in CONNECTIONS),
        *(f"{token}:id" for token in RULES),
        "PrivateLinkScopedResource:linkedResourceId",
    ),
    remedy=(
        "AWS: give the VPC the endpoints that are missing, with private DNS. "
        "Azure: set publicNetworkAccess to Disabled and give the resource a private endpoint."
    ),
    note=(
        "Which endpoints a VPC needs comes from the catalog; the one for secrets is asked for where the stack makes "
        "secrets. The endpoint of S3 also needs a policy, for through it anyone's credentials reach anyone's bucket. "
        "Azure's network rules have to refuse as well, so that nothing opens while somebody tries a setting."
    ),
    parameters=PrivateAccess,
)


@CONTROL.check
def is_reached_inside(found: Situated) -> Iterator[Outcome]:
    """Find what the internet can reach, and what can only be reached over it."""
    one, plan = found.resource, found.plan
    if one.type == VPC:
        made = companions(one, plan, ENDPOINT, "vpcId")
        for wanted in endpoints(Provider.AWS, features(plan)):
            yield from has_endpoint(one, made, wanted)
    else:
        yield from by_table(RULES, one)
        yield from is_linked(one, plan)


def features(plan: Plan) -> tuple[Feature, ...]:
    """Return what the workloads of a stack use."""
    chosen = plan.parameters(PrivateAccess).features
    return (*chosen, Feature.SECRETS) if any(plan.of_type(SECRET)) else chosen


def has_endpoint(network: Resource, made: Companions, wanted: Endpoint) -> Iterator[Outcome]:
    """Judge the endpoints of a network for one service."""
    names = [wanted.service_name(region) for region in uae_regions(Provider.AWS)]
    those = [each for each in made.certain if each["serviceName"].value in names]
    for each in those:
        yield from said_of(each, answers_inside(each, wanted))
    if not those:
        missing = Finding(network["id"].path, "no endpoint", f"one for {' or '.join(names)}")
        yield next(doubts(made), missing)


def doubts(made: Companions) -> Iterator[Outcome]:
    """Say which endpoints may yet turn out to be the one that is looked for."""
    for each in made.certain:
        if not each["serviceName"].known:
            yield from said_of(each, [each["serviceName"].undecided])
    for each in made.undecided:
        yield from said_of(each, [each["vpcId"].undecided])


def answers_inside(found: Resource, wanted: Endpoint) -> Iterator[Outcome]:
    """Find an endpoint that no name leads to, and one of S3 through which every bucket is reached."""
    kind = found["vpcEndpointType"]
    yield from is_one_of(kind, KINDS[wanted.type], wanted.type.capitalize())
    if kind.value == "Interface":
        yield from is_true(found["privateDnsEnabled"])
    if wanted.type is EndpointType.GATEWAY:
        yield from is_narrow(found["policy"])


def is_narrow(policy: Node) -> Iterator[Outcome]:
    """Find a policy that lets everyone through to every bucket."""
    yield from is_document(policy)
    for statement in statements(policy):
        everywhere = any(covers(each.value, ANY_OBJECT) for each in statement.resources)
        if statement.allows and everywhere and not [*statement.conditions]:
            yield statement.node.finding("the buckets it is for, or a condition")


def is_linked(one: Resource, plan: Plan) -> Iterator[Outcome]:
    """Find a service of Azure's that no private endpoint leads to."""
    if one.type == WORKSPACE:
        links, name = companions(one, plan, SCOPED, "linkedResourceId"), "private link scope"
    else:
        connections = plan.index(TARGET, lambda: Plan(plan.today, resources=tuple(connections_of(plan))))
        links, name = companions(one, connections, PRIVATE_ENDPOINT, TARGET), "private endpoint"
    if links.certain:
        return
    if links.undecided:
        yield Undecided(one["id"].path, f"a {name} has to say whose it is", links.undecided[0].urn)
    else:
        yield Finding(one["id"].path, f"no {name}", "one that leads to it")


def connections_of(plan: Plan) -> Iterator[Resource]:
    """Yield each connection of each private endpoint, as a resource of its own."""
    for each in plan.of_type(PRIVATE_ENDPOINT):
        for name in CONNECTIONS:
            made_from = {TARGET: each.property_dependencies.get(name, ())}
            for connection in each[name].items():
                yield replace(each, root=connection, property_dependencies=made_from)


SECRETS = resource(SECRET, {"name": "acme"})
EVERY_BUCKET = {
    **S3_POLICY,
    "Statement": [*S3_POLICY["Statement"], {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::*"}],
}
LINKABLE = (ACCOUNT, VAULT, REGISTRY, SCOPE)
BY_ID = {"id": "/subscriptions/s/resourceGroups/g/providers/p/acme"}
CONTROL.good("a VPC with all it needs", vpc(), *endpoints_but())
CONTROL.good(
    "a VPC with secrets",
    vpc(),
    *endpoints_but("s3"),
    endpoint("s3", policy=S3_POLICY),
    endpoint("secretsmanager"),
    SECRETS,
)
for token in LINKABLE:
    CONTROL.good(f"a {token.rpartition(':')[2]}", closed(token), private_endpoint(closed(token)))
CONTROL.good(
    "a Registry, asked for by hand",
    closed(REGISTRY, **BY_ID),
    resource(PRIVATE_ENDPOINT, {CONNECTIONS[1]: [{TARGET: BY_ID["id"]}]}),
)
CONTROL.good("a Workspace", closed(WORKSPACE), linked(SCOPED, closed(WORKSPACE), "linkedResourceId"))
CONTROL.bad(
    "a VPC without some",
    vpc(),
    *endpoints_but("kms", "sts"),
    finding=(
        "id: found no endpoint, expected one for com.amazonaws.me-central-1.kms",
        "id: found no endpoint, expected one for com.amazonaws.me-central-1.sts",
    ),
)
CONTROL.bad(
    "a VPC beside the endpoint of another",
    vpc(),
    *endpoints_but("logs"),
    linked(ENDPOINT, other(VPC), "vpcId", serviceName="com.amazonaws.me-central-1.logs"),
    finding="id: found no endpoint, expected one for com.amazonaws.me-central-1.logs",
)
CONTROL.bad(
    "a VPC with secrets and no way to them",
    vpc(),
    *endpoints_but(),
    SECRETS,
    finding="id: found no endpoint, expected one for com.amazonaws.me-central-1.secretsmanager",
)
CONTROL.bad(
    "an endpoint that no name leads to",
    vpc(),
    *endpoints_but("eks"),
    endpoint("eks", privateDnsEnabled=None),
    finding="privateDnsEnabled: found nothing, expected true",
)
CONTROL.bad(
    "an endpoint of another kind",
    vpc(),
    *endpoints_but("eks"),
    endpoint("eks", "Gateway"),
    finding="vpcEndpointType: found Gateway, expected Interface",
)
CONTROL.bad(
    "an endpoint of S3 as AWS makes it",
    vpc(),
    *endpoints_but("s3"),
    endpoint("s3", "Gateway"),
    finding="policy: found nothing, expected a policy document in JSON",
)
CONTROL.bad(
    "an endpoint of S3 for every bucket",
    vpc(),
    *endpoints_but("s3"),
    endpoint("s3", "Gateway", policy=EVERY_BUCKET),
    finding=(
        'policy.Statement[1]: found {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::*"}, '
        "expected the buckets it is for, or a condition"
    ),
)
CONTROL.bad(
    "an account that is open and reached over the internet alone",
    resource(ACCOUNT, {}),
    finding=(
        "publicNetworkAccess: found nothing, expected Disabled",
        "networkRuleSet.defaultAction: found nothing, expected Deny",
        "id: found no private endpoint, expected one that leads to it",
    ),
)
CONTROL.bad(
    "a vault with open rules, beside the private endpoint of another",
    closed(VAULT, properties={"publicNetworkAccess": "Disabled", "networkAcls": {"defaultAction": "Allow"}}),
    private_endpoint(other(VAULT)),
    finding=(
        "properties.networkAcls.defaultAction: found Allow, expected Deny",
        "id: found no private endpoint, expected one that leads to it",
    ),
)
CONTROL.bad(
    "an open vault",
    closed(VAULT, properties={"publicNetworkAccess": "enabled", "networkAcls": {"defaultAction": "Deny"}}),
    private_endpoint(closed(VAULT)),
    finding="properties.publicNetworkAccess: found enabled, expected Disabled",
)
CONTROL.bad(
    "an open registry",
    closed(REGISTRY, publicNetworkAccess="Enabled"),
    private_endpoint(closed(REGISTRY)),
    finding="publicNetworkAccess: found Enabled, expected Disabled",
)
CONTROL.bad(
    "an open workspace in no scope",
    resource(WORKSPACE, {"publicNetworkAccessForQuery": "Enabled"}),
    finding=(
        "publicNetworkAccessForIngestion: found nothing, expected Disabled",
        "publicNetworkAccessForQuery: found Enabled, expected Disabled",
        "id: found no private link scope, expected one that leads to it",
    ),
)
CONTROL.bad(
    "an open scope",
    closed(SCOPE, accessModeSettings={"ingestionAccessMode": "Open", "queryAccessMode": "Open"}),
    private_endpoint(closed(SCOPE)),
    finding=(
        "accessModeSettings.ingestionAccessMode: found Open, expected PrivateOnly",
        "accessModeSettings.queryAccessMode: found Open, expected PrivateOnly",
    ),
)
CONTROL.good(
    "a VPC whose workloads use no keys of their own",
    vpc(),
    *endpoints_but("kms"),
    parameters=PrivateAccess(features=tuple(each for each in PrivateAccess().features if each is not Feature.KEYS)),
)
CONTROL.unknown("an endpoint for some service", vpc(), *endpoints_but("kms"), endpoint(UNKNOWN), at="serviceName")
CONTROL.unknown(
    "an endpoint of some VPC",
    vpc(),
    *endpoints_but("kms"),
    resource(ENDPOINT, {"vpcId": UNKNOWN, "serviceName": "com.amazonaws.me-central-1.kms"}),
    at="vpcId",
)
CONTROL.unknown(
    "an endpoint of some kind", vpc(), *endpoints_but("kms"), endpoint("kms", UNKNOWN), at="vpcEndpointType"
)
CONTROL.unknown("a policy made elsewhere", vpc(), *endpoints_but("s3"), endpoint("s3", policy=UNKNOWN), at="policy")
CONTROL.unknown(
    "a switch made elsewhere",
    closed(REGISTRY, publicNetworkAccess=UNKNOWN),
    private_endpoint(closed(REGISTRY)),
    at="publicNetworkAccess",
)
CONTROL.unknown(
    "a private endpoint of something", closed(REGISTRY), resource(PRIVATE_ENDPOINT, {CONNECTIONS[0]: UNKNOWN}), at="id"
)
CONTROL.not_applicable("a Service", service())
