"""IAM-003: each service account has an identity of its own, or none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

from policies.control import Control, Severity, Situated, Subject, situated
from policies.documents import Condition, Statement, is_document, statements
from policies.examples.identity import association, federation, made, named, role_arn, service_account, trust
from policies.examples.kubernetes import deployment
from policies.examples.transport import AKS_CLUSTER, document, plain_document
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome
from policies.resources import type_of
from policies.templates import is_true
from policies.values import UNKNOWN
from policies.workloads.service_accounts import (
    ADDON,
    CLIENT_ANNOTATION,
    GRANTING,
    IDENTITY,
    ROLE,
    ROLE_ANNOTATION,
    SERVICE_ACCOUNTS,
    SUBJECT,
    Grant,
    Kind,
    grants,
    grants_of,
)

NAMES = {
    Kind.ROLE: re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+"),
    Kind.CLIENT: re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    Kind.IDENTITY: re.compile(r".+"),
}
WORDS = {
    Kind.ROLE: "the ARN of a role",
    Kind.CLIENT: "the client id of a managed identity",
    Kind.IDENTITY: "the name of a managed identity",
}
ACCOUNT = re.compile(r"(system:serviceaccount:[a-z0-9-]+:)?(?P<name>[a-z0-9.-]+)")
OF_A_CLUSTER = ":oidc-provider/oidc.eks."
"""What the ARN of a cluster's OpenID Connect provider holds; those of pipelines do not."""
ONE_ACCOUNT = "StringEquals on the issuer's sub, one service account other than default"

CONTROL = Control(
    id="IAM-003",
    title="Each service account has an identity of its own, or none",
    harm="A pod that was taken over acts as every workload that shares its role, or as the machine it runs on.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(*GRANTING, ROLE, AKS_CLUSTER), view=situated, stack_wide=True, beside=(IDENTITY,)),
    reads=(
        *(
            f"{kind}:metadata.{path}"
            for kind in ("ServiceAccount", "ServiceAccountPatch")
            for path in (
                "name",
                "namespace",
                f'annotations["{ROLE_ANNOTATION}"]',
                f'annotations["{CLIENT_ANNOTATION}"]',
            )
        ),
        "PodIdentityAssociation:roleArn",
        "PodIdentityAssociation:serviceAccount",
        "PodIdentityAssociation:namespace",
        "Addon:addonName",
        "Addon:podIdentityAssociations[*].roleArn",
        "Addon:podIdentityAssociations[*].serviceAccount",
        "FederatedIdentityCredential:resourceName",
        "FederatedIdentityCredential:subject",
        "UserAssignedIdentity:resourceName",
        "UserAssignedIdentity:clientId",
        "Role:name",
        "Role:assumeRolePolicy",
        "Role:assumeRolePolicy.Statement[*].Effect",
        "Role:assumeRolePolicy.Statement[*].Principal",
        "Role:assumeRolePolicy.Statement[*].Condition",
        "ManagedCluster:oidcIssuerProfile.enabled",
        "ManagedCluster:securityProfile.workloadIdentity.enabled",
    ),
    remedy=(
        "Give each service account that needs a cloud a role or managed identity of its own, by name in the role's "
        "trust, and switch on oidcIssuerProfile and securityProfile.workloadIdentity of AKS."
    ),
    not_at_the_door="Whether an identity is shared, and whom its role trusts, other objects and the cloud tell.",
    note=(
        "A service account without an identity keeps the control: most workloads need no cloud. What is judged is that "
        "none shares one, that none is the namespace's default, and that a role which trusts a cluster trusts one "
        "service account of it by its full name. That pods can't take the machine's own role is IAM-009."
    ),
)


@CONTROL.check
def has_an_identity_of_its_own(found: Situated) -> Iterator[Outcome]:
    """Find each service account that shares an identity, and each way to take on one for many."""
    if found.resource.type == AKS_CLUSTER:
        yield from is_true(found["oidcIssuerProfile"]["enabled"])
        yield from is_true(found["securityProfile"]["workloadIdentity"]["enabled"])
    elif found.resource.type == ROLE:
        yield from trusts_one_account(found["assumeRolePolicy"])
    else:
        own = list(grants_of(found.resource, found.plan))
        if not own:
            yield NotApplicable("gives no service account an identity")
        for grant in own:
            yield from is_for_one_workload(grant, found)
            yield from is_not_shared(grant, found)


def is_for_one_workload(grant: Grant, found: Situated) -> Iterator[Outcome]:
    """Find a grant that names no identity, or the service account of every pod that names none."""
    if grant.identity.value is not UNKNOWN:
        yield from grant.identity.must(
            lambda value: isinstance(value, str) and NAMES[grant.kind].fullmatch(value), WORDS[grant.kind]
        )
    origins = found.resource.property_dependencies.get("serviceAccount", ())
    if not (grant.account.value is UNKNOWN and any(type_of(urn) in SERVICE_ACCOUNTS for urn in origins)):
        yield from grant.account.must(is_of_its_own, "a service account of its own")


def is_of_its_own(account: object) -> bool:
    """Tell whether a service account is not the one of every pod that names none."""
    match = ACCOUNT.fullmatch(account) if isinstance(account, str) else None
    return match is not None and match["name"] != "default"


def is_not_shared(grant: Grant, found: Situated) -> Iterator[Outcome]:
    """Find an identity that another service account of the stack has too."""
    answers = [(other, grant.shares(other)) for other in grants(found.plan)]
    sharing = [other for other, answer in answers if answer]
    if sharing:
        finding = grant.identity.finding(f"an identity of its own, apart from {sharing[0].holder}")
        yield finding if grant.identity.known else replace(finding, found="an identity still to be made")
    elif any(answer is None for _, answer in answers):
        yield grant.identity.undecided


def trusts_one_account(policy: Node) -> Iterator[Outcome]:
    """Find each statement of a role's trust that lets more than one service account of a cluster take it on."""
    yield from is_document(policy)
    for statement in statements(policy):
        providers = (
            [each for each in statement.principals if each.kind in ("Federated", "*")] if statement.allows else []
        )
        for provider in providers:
            if not provider.node.known:
                yield provider.node.undecided
            elif OF_A_CLUSTER in str(provider.node.value):
                yield from names_one_account(statement)


def names_one_account(statement: Statement) -> Iterator[Outcome]:
    """Find a statement whose condition does not pin one service account."""
    whole = statement.node["Condition"]
    if not whole.known:
        yield whole.undecided
    elif not any(pins_one_account(condition) for condition in statement.conditions):
        yield whole.finding(ONE_ACCOUNT)


def pins_one_account(condition: Condition) -> bool:
    """Tell whether a condition holds for one service account alone."""
    values = [str(each.value) for each in condition.values]
    plain = condition.operator == "StringEquals" and not condition.if_exists and condition.quantifier is None
    account = SUBJECT.fullmatch(values[0]) if len(values) == 1 else None
    return plain and condition.key.endswith(":sub") and account is not None and account["name"] != "default"


IRIS = "system:serviceaccount:acme:iris"
NO_ACCOUNT = f"expected {ONE_ACCOUNT}"
SHARED = "expected an identity of its own, apart from"
AKS_ON = {"oidcIssuerProfile": {"enabled": True}, "securityProfile": {"workloadIdentity": {"enabled": True}}}
SUB = "oidc.eks.me-central-1.amazonaws.com/id/1:sub"
CONTROL.good("AKS hands out identities", made(AKS_CLUSTER, AKS_ON))
CONTROL.good("one service account, one role", association())
CONTROL.good("one annotation, one role", service_account(role=role_arn("iris")))
CONTROL.good("one annotation, one identity", service_account(client="00000000-0000-4000-8000-000000000001"))
CONTROL.good("one credential, one identity", federation(IRIS))
CONTROL.good("two service accounts, two roles", association(), association("minilm", role_arn("minilm")))
CONTROL.good("one service account, said twice", service_account(role=role_arn("iris")), association())
CONTROL.good(
    "roles still to be made",
    association(role=UNKNOWN, made_from=[named(ROLE, "iris")]),
    association("minilm", UNKNOWN, made_from=[named(ROLE, "minilm")]),
)
CONTROL.good(
    "a role still to be made beside one that is named",
    association(role=UNKNOWN, made_from=[named(ROLE, "iris")]),
    made(
        ADDON,
        {
            "addonName": "vpc-cni",
            "podIdentityAssociations": [{"serviceAccount": "aws-node", "roleArn": role_arn("net")}],
        },
    ),
    made(ROLE, {"name": "iris", "assumeRolePolicy": UNKNOWN}, name="iris"),
)
CONTROL.good(
    "an add-on with a role of its own",
    made(
        ADDON,
        {
            "addonName": "vpc-cni",
            "podIdentityAssociations": [{"serviceAccount": "aws-node", "roleArn": role_arn("net")}],
        },
    ),
)
CONTROL.good("two identities of Azure", federation(IRIS), federation("system:serviceaccount:acme:minilm", "minilm"))
CONTROL.good(
    "a role and a client id do not compare", service_account(role=UNKNOWN), service_account("minilm", client=UNKNOWN)
)
CONTROL.good("a role for one service account", made(ROLE, {"assumeRolePolicy": document(trust())}))
CONTROL.good("the trust in plain form", made(ROLE, {"assumeRolePolicy": plain_document(trust())}))
CONTROL.good(
    "a role for a pipeline",
    made(ROLE, {"assumeRolePolicy": document(trust("token.actions.githubusercontent.com", Condition=None))}),
)
CONTROL.good(
    "a role for a service",
    made(ROLE, {"assumeRolePolicy": document(trust(Principal={"Service": "ec2.amazonaws.com"}))}),
)
CONTROL.good("a refusal", made(ROLE, {"assumeRolePolicy": plain_document(trust(Effect="Deny", Condition=None))}))
CONTROL.good(
    "a service account that is still to be named",
    association(UNKNOWN, account_from=[named(SERVICE_ACCOUNTS[0], "account-acme-iris")]),
)
CONTROL.bad(
    "AKS hands out none",
    made(AKS_CLUSTER, {}),
    finding=(
        "oidcIssuerProfile.enabled: found nothing, expected true",
        "securityProfile.workloadIdentity.enabled: found nothing, expected true",
    ),
)
CONTROL.bad(
    "a role shared by two service accounts",
    association(),
    association("minilm"),
    finding=f"roleArn: found {role_arn('iris')}, {SHARED} acme/minilm",
)
CONTROL.bad(
    "a role shared by two annotations",
    service_account(role=role_arn("iris")),
    service_account("minilm", role=role_arn("iris")),
    finding=f'metadata.annotations["{ROLE_ANNOTATION}"]: found {role_arn("iris")}, {SHARED} acme/minilm',
)
CONTROL.bad(
    "a role shared by two namespaces",
    service_account(role=role_arn("iris")),
    service_account(namespace="zenith", role=role_arn("iris")),
    finding=f'metadata.annotations["{ROLE_ANNOTATION}"]: found {role_arn("iris")}, {SHARED} zenith/iris',
)
CONTROL.bad(
    "a role still to be made, shared",
    association(role=UNKNOWN, made_from=[named(ROLE, "iris")]),
    association("minilm", UNKNOWN, made_from=[named(ROLE, "iris")]),
    finding=f"roleArn: found an identity still to be made, {SHARED} acme/minilm",
)
CONTROL.bad(
    "a role still to be made, shared with an add-on that names it",
    association(role=UNKNOWN, made_from=[named(ROLE, "iris")]),
    made(
        ADDON,
        {
            "addonName": "vpc-cni",
            "podIdentityAssociations": [{"serviceAccount": "aws-node", "roleArn": role_arn("net")}],
        },
    ),
    made(ROLE, {"name": "net", "assumeRolePolicy": UNKNOWN}, name="iris"),
    finding=f"roleArn: found an identity still to be made, {SHARED} vpc-cni/aws-node",
)
CONTROL.bad(
    "an identity of Azure shared",
    federation(IRIS),
    federation("system:serviceaccount:acme:minilm"),
    finding=f"resourceName: found iris, {SHARED} system:serviceaccount:acme:minilm",
)
CONTROL.bad(
    "a client id shared",
    service_account(client="00000000-0000-4000-8000-000000000001"),
    service_account("minilm", client="00000000-0000-4000-8000-000000000001"),
    finding=(
        f'metadata.annotations["{CLIENT_ANNOTATION}"]: found 00000000-0000-4000-8000-000000000001, {SHARED} acme/minilm'
    ),
)
CONTROL.bad(
    "no role",
    association(role="iris"),
    finding="roleArn: found iris, expected the ARN of a role",
)
CONTROL.bad(
    "no client id",
    service_account(client="iris"),
    finding=f'metadata.annotations["{CLIENT_ANNOTATION}"]: found iris, expected the client id of a managed identity',
)
CONTROL.bad(
    "no identity",
    federation(IRIS, ""),
    finding='resourceName: found "", expected the name of a managed identity',
)
CONTROL.bad(
    "no service account",
    association(None),
    finding="serviceAccount: found nothing, expected a service account of its own",
)
CONTROL.bad(
    "the service account of whoever names none",
    association("default"),
    finding="serviceAccount: found default, expected a service account of its own",
)
CONTROL.bad(
    "the same, annotated",
    service_account("default", role=role_arn("iris")),
    finding="metadata.name: found default, expected a service account of its own",
)
CONTROL.bad(
    "the same, of Azure",
    federation("system:serviceaccount:acme:default"),
    finding="subject: found system:serviceaccount:acme:default, expected a service account of its own",
)
LOOSE: dict[str, dict[str, object] | None] = {
    "for every service account": None,
    "for all of one namespace": {"StringLike": {SUB: "system:serviceaccount:acme:*"}},
    "for all of one namespace, by equality": {"StringEquals": {SUB: "system:serviceaccount:acme:*"}},
    "for two": {"StringEquals": {SUB: [IRIS, "system:serviceaccount:acme:minilm"]}},
    "for whoever names none": {"StringEquals": {SUB: "system:serviceaccount:acme:default"}},
    "for whoever comes without a name": {"StringEqualsIfExists": {SUB: IRIS}},
    "for any of their names": {"ForAllValues:StringEquals": {SUB: IRIS}},
    "by another word": {"StringEquals": {SUB.replace("sub", "aud"): IRIS}},
    "for all but one": {"StringNotEquals": {SUB: IRIS}},
}
for label, condition in LOOSE.items():
    shown = "nothing" if condition is None else json.dumps(condition)
    CONTROL.bad(
        f"a role {label}",
        made(ROLE, {"assumeRolePolicy": document(trust(Condition=condition))}),
        finding=f"assumeRolePolicy.Statement[0].Condition: found {shown}, {NO_ACCOUNT}",
    )
CONTROL.bad(
    "a trust that is none",
    made(ROLE, {"assumeRolePolicy": "everyone"}),
    finding="assumeRolePolicy: found everyone, expected a policy document in JSON",
)
CONTROL.unknown(
    "AKS made elsewhere", made(AKS_CLUSTER, AKS_ON | {"oidcIssuerProfile": UNKNOWN}), at="oidcIssuerProfile"
)
CONTROL.unknown("trust made elsewhere", made(ROLE, {"assumeRolePolicy": UNKNOWN}), at="assumeRolePolicy")
CONTROL.unknown(
    "provider made elsewhere",
    made(ROLE, {"assumeRolePolicy": plain_document(trust(Principal={"Federated": UNKNOWN}))}),
    at="assumeRolePolicy.Statement[0].Principal.Federated",
)
CONTROL.unknown(
    "condition made elsewhere",
    made(ROLE, {"assumeRolePolicy": plain_document(trust(Condition={"StringEquals": UNKNOWN}))}),
    at="assumeRolePolicy.Statement[0].Condition",
)
CONTROL.unknown("account made elsewhere", association(UNKNOWN), at="serviceAccount")
CONTROL.unknown("role made elsewhere, beside another", association(role=UNKNOWN), association("minilm"), at="roleArn")
CONTROL.unknown(
    "a role shared with nobody knows whom",
    association(),
    association(UNKNOWN, account_from=[named(SERVICE_ACCOUNTS[0], "account-acme-iris")]),
    at="roleArn",
)
CONTROL.unknown("subject made elsewhere", federation(UNKNOWN), at="subject")
CONTROL.not_applicable("a service account without an identity", service_account())
CONTROL.not_applicable("an add-on without one", made(ADDON, {"addonName": "coredns"}))
CONTROL.not_applicable("a credential of a pipeline", federation("repo:acme/models:ref:refs/heads/main"))
CONTROL.not_applicable("a Deployment names a service account", deployment())
