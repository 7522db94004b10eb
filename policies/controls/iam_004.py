"""IAM-004: who may enter a cluster of EKS is said by access entries alone, and its administrators by the stack file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.identity import ACCOUNT, made, role_arn
from policies.examples.kubernetes import deployment
from policies.examples.transport import EKS_CLUSTER
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome
from policies.templates import is_false, is_one_of
from policies.values import UNKNOWN

ENTRY = "aws:eks/accessEntry:AccessEntry"
ASSOCIATION = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
CONFIG_MAPS = ("kubernetes:core/v1:ConfigMap", "kubernetes:core/v1:ConfigMapPatch")
EVERYTHING = "AmazonEKSClusterAdminPolicy"
ALL_OF_A_NAMESPACE = "AmazonEKSAdminPolicy"
"""All of a namespace's objects; under a scope of the whole cluster, of every namespace's."""
A_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
A_POLICY = re.compile(r"arn:aws[a-z-]*:eks::aws:cluster-access-policy/(?P<name>.+)")
ENVIRONMENT, ADMINISTRATORS = "falaj:environment", "falaj:administrators"
"""Where the stack file of ours, or of any other stack, names the administrators of its cluster."""

CONTROL = Control(
    id="IAM-004",
    title="Who may enter a cluster of EKS is said by access entries, and its administrators by the stack file",
    harm="An administrator whom no plan names stays in the cluster for good: its maker, or a line in aws-auth.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(EKS_CLUSTER, ENTRY, ASSOCIATION, *CONFIG_MAPS), view=situated),
    reads=(
        "Cluster:accessConfig.authenticationMode",
        "Cluster:accessConfig.bootstrapClusterCreatorAdminPermissions",
        "AccessEntry:principalArn",
        "AccessEntry:kubernetesGroups[*]",
        "AccessPolicyAssociation:policyArn",
        "AccessPolicyAssociation:principalArn",
        "AccessPolicyAssociation:accessScope.type",
        *(f"{kind}:metadata.{name}" for kind in ("ConfigMap", "ConfigMapPatch") for name in ("name", "namespace")),
    ),
    remedy=(
        "Set accessConfig to authenticationMode API and bootstrapClusterCreatorAdminPermissions false, give roles an "
        f"access entry with a policy for their namespaces, and name administrators in the stack file: {ENVIRONMENT}, "
        f"key administrators, or {ADMINISTRATORS}."
    ),
    not_at_the_door="The former list lies in kube-system, which belongs to the cloud and is never guarded.",
    note=(
        "Somebody has to administer a cluster that its maker can't enter, so the cluster-wide policies are not refused "
        "outright: they may go to the roles that the stack file names. A role made in the same plan is not known "
        "before it exists. aws-auth is refused although mode API ignores it, because it says what does not hold."
    ),
)


@CONTROL.check
def is_entered_as_said(found: Situated) -> Iterator[Outcome]:
    """Find each way into a cluster that is not an access entry, and each administrator whom nobody named."""
    kind = found.resource.type
    if kind == EKS_CLUSTER:
        yield from is_one_of(found["accessConfig"]["authenticationMode"], ("API",))
        yield from is_false(found["accessConfig"]["bootstrapClusterCreatorAdminPermissions"])
    elif kind == ENTRY:
        yield from found["principalArn"].must(
            lambda arn: isinstance(arn, str) and A_ROLE.fullmatch(arn), "the ARN of a role"
        )
        for group in found["kubernetesGroups"].items():
            yield from group.must(lambda name: not str(name).startswith("system:"), "a group of your own")
    elif kind == ASSOCIATION:
        yield from is_for_whom_it_should(found)
    else:
        yield from is_not_the_former_list(found["metadata"])


def is_for_whom_it_should(found: Situated) -> Iterator[Outcome]:
    """Find a policy of the whole cluster for somebody whom the stack file does not name."""
    policy, scope = found["policyArn"], found["accessScope"]["type"]
    match = A_POLICY.fullmatch(policy.value) if isinstance(policy.value, str) else None
    name = match["name"] if match else None
    if name is None:
        yield from policy.must(lambda _: False, "the ARN of an access policy")
    elif name == ALL_OF_A_NAMESPACE and not scope.known:
        yield scope.undecided
    elif name == EVERYTHING or (name == ALL_OF_A_NAMESPACE and scope.value != "namespace"):
        named = administrators(found.plan.config)
        yield from found["principalArn"].must(lambda arn: arn in named, "an administrator whom the stack file names")


def is_not_the_former_list(metadata: Node) -> Iterator[Outcome]:
    """Find the map that let people in before there were access entries."""
    places = {"kube-system": metadata["namespace"], "aws-auth": metadata["name"]}
    answers = [place.value == wanted if place.known else None for wanted, place in places.items()]
    if False in answers:
        yield NotApplicable("is not the list of who may enter")
    elif None in answers:
        yield next(place for place in places.values() if not place.known).undecided
    else:
        yield metadata["name"].finding("an access entry for each role")


def administrators(config: Mapping[str, str]) -> tuple[object, ...]:
    """Return whom the stack file names; nobody where it says nothing that can be read."""
    try:
        block = json.loads(config.get(ENVIRONMENT, "{}"))
        found = json.loads(config[ADMINISTRATORS]) if ADMINISTRATORS in config else block.get("administrators")
    except (ValueError, AttributeError):
        found = None
    return tuple(found) if isinstance(found, list) else ()


PEOPLE = role_arn("platform-administrators")
POLICY = "arn:aws:eks::aws:cluster-access-policy/"
NOT_NAMED = "expected an administrator whom the stack file names"
NAMED = {ENVIRONMENT: json.dumps({"administrators": [PEOPLE]})}
CLOSED = {"accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}}
FOR_ALL: dict[str, object] = {
    "principalArn": PEOPLE,
    "policyArn": f"{POLICY}{EVERYTHING}",
    "accessScope": {"type": "cluster"},
}
IN_PART: dict[str, object] = {
    "principalArn": PEOPLE,
    "policyArn": f"{POLICY}{ALL_OF_A_NAMESPACE}",
    "accessScope": {"type": "namespace", "namespaces": ["acme"]},
}
AWS_AUTH = {"name": "aws-auth", "namespace": "kube-system"}
CONTROL.good("access entries alone", made(EKS_CLUSTER, CLOSED))
CONTROL.good("a role", made(ENTRY, {"principalArn": PEOPLE}))
CONTROL.good("a role in a group of your own", made(ENTRY, {"principalArn": PEOPLE, "kubernetesGroups": ["operators"]}))
CONTROL.good("an administrator whom our stack file names", made(ASSOCIATION, FOR_ALL), config=NAMED)
CONTROL.good(
    "an administrator whom another stack file names",
    made(ASSOCIATION, FOR_ALL),
    config={ADMINISTRATORS: json.dumps([PEOPLE])},
)
CONTROL.good("all of one namespace", made(ASSOCIATION, IN_PART))
CONTROL.good(
    "reading everywhere",
    made(ASSOCIATION, FOR_ALL | {"policyArn": f"{POLICY}AmazonEKSViewPolicy", "accessScope": UNKNOWN}),
)
CONTROL.bad(
    "nothing said",
    made(EKS_CLUSTER, {}),
    finding=(
        "accessConfig.authenticationMode: found nothing, expected API",
        "accessConfig.bootstrapClusterCreatorAdminPermissions: found nothing, expected false",
    ),
)
CONTROL.bad(
    "the former list beside",
    made(EKS_CLUSTER, {"accessConfig": CLOSED["accessConfig"] | {"authenticationMode": "API_AND_CONFIG_MAP"}}),
    finding="accessConfig.authenticationMode: found API_AND_CONFIG_MAP, expected API",
)
CONTROL.bad(
    "its maker stays",
    made(EKS_CLUSTER, {"accessConfig": CLOSED["accessConfig"] | {"bootstrapClusterCreatorAdminPermissions": True}}),
    finding="accessConfig.bootstrapClusterCreatorAdminPermissions: found true, expected false",
)
for principal in (f"arn:aws:iam::{ACCOUNT}:user/robot", f"arn:aws:iam::{ACCOUNT}:root"):
    CONTROL.bad(
        f"{principal.rpartition(':')[2]} enters",
        made(ENTRY, {"principalArn": principal}),
        finding=f"principalArn: found {principal}, expected the ARN of a role",
    )
CONTROL.bad("nobody enters", made(ENTRY, {}), finding="principalArn: found nothing, expected the ARN of a role")
CONTROL.bad(
    "a group of the cluster itself",
    made(ENTRY, {"principalArn": PEOPLE, "kubernetesGroups": ["operators", "system:masters"]}),
    finding="kubernetesGroups[1]: found system:masters, expected a group of your own",
)
CONTROL.bad(
    "an administrator whom nobody names",
    made(ASSOCIATION, FOR_ALL),
    finding=f"principalArn: found {PEOPLE}, {NOT_NAMED}",
)
CONTROL.bad(
    "an administrator beside those who are named",
    made(ASSOCIATION, FOR_ALL | {"principalArn": role_arn("intern")}),
    finding=f"principalArn: found {role_arn('intern')}, {NOT_NAMED}",
    config=NAMED,
)
CONTROL.bad(
    "everything, in one namespace",
    made(ASSOCIATION, IN_PART | {"policyArn": f"{POLICY}{EVERYTHING}"}),
    finding=f"principalArn: found {PEOPLE}, {NOT_NAMED}",
)
CONTROL.bad(
    "all of every namespace",
    made(ASSOCIATION, IN_PART | {"accessScope": {"type": "cluster"}}),
    finding=f"principalArn: found {PEOPLE}, {NOT_NAMED}",
)
CONTROL.bad(
    "no access policy",
    made(ASSOCIATION, FOR_ALL | {"policyArn": EVERYTHING}),
    finding=f"policyArn: found {EVERYTHING}, expected the ARN of an access policy",
)
for label, text in {"no list": '{"administrators": "all"}', "no block": "[]", "no JSON": "{"}.items():
    CONTROL.bad(
        f"a stack file with {label}",
        made(ASSOCIATION, FOR_ALL),
        finding=f"principalArn: found {PEOPLE}, {NOT_NAMED}",
        config={ENVIRONMENT: text},
    )
for token in CONFIG_MAPS:
    CONTROL.bad(
        f"the former list, as {token.rpartition(':')[2]}",
        made(token, {"metadata": AWS_AUTH}),
        finding="metadata.name: found aws-auth, expected an access entry for each role",
    )
CONTROL.unknown(
    "mode made elsewhere",
    made(EKS_CLUSTER, {"accessConfig": CLOSED["accessConfig"] | {"authenticationMode": UNKNOWN}}),
    at="accessConfig.authenticationMode",
)
CONTROL.unknown("role made elsewhere", made(ENTRY, {"principalArn": UNKNOWN}), at="principalArn")
CONTROL.unknown(
    "administrator made elsewhere",
    made(ASSOCIATION, FOR_ALL | {"principalArn": UNKNOWN}),
    at="principalArn",
    config=NAMED,
)
CONTROL.unknown("policy made elsewhere", made(ASSOCIATION, FOR_ALL | {"policyArn": UNKNOWN}), at="policyArn")
CONTROL.unknown("scope made elsewhere", made(ASSOCIATION, IN_PART | {"accessScope": UNKNOWN}), at="accessScope")
CONTROL.unknown(
    "a map of nobody knows which name",
    made(CONFIG_MAPS[0], {"metadata": AWS_AUTH | {"name": UNKNOWN}}),
    at="metadata.name",
)
CONTROL.unknown(
    "a map of nobody knows which namespace",
    made(CONFIG_MAPS[0], {"metadata": AWS_AUTH | {"namespace": UNKNOWN}}),
    at="metadata.namespace",
)
CONTROL.not_applicable("a map of something else", made(CONFIG_MAPS[0], {"metadata": AWS_AUTH | {"name": "routes"}}))
CONTROL.not_applicable(
    "of its name in another namespace", made(CONFIG_MAPS[0], {"metadata": AWS_AUTH | {"namespace": "acme"}})
)
CONTROL.not_applicable("a Deployment lets nobody in", deployment())
