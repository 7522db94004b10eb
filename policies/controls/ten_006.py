"""TEN-006: nobody outside the account is granted anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from policies.control import Control, Severity, Situated, Subject, situated
from policies.documents import is_document, statements
from policies.examples.kubernetes import service, without_none
from policies.examples.pools import ON_AWS
from policies.node import Node
from policies.outcomes import Outcome
from policies.ownership.grants import Trusted, is_granted_to, lets_in, ours
from policies.resources import Resource, resource
from policies.tables import Table, by_table, one_of, reads_of
from policies.templates import is_absent, is_off
from policies.values import UNKNOWN

BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
ROLE = "aws:iam/role:Role"
GRANT = "aws:kms/grant:Grant"
IMAGE = "aws:ec2/amiLaunchPermission:AmiLaunchPermission"
ACCOUNT = "azure-native:storage:StorageAccount"
DELEGATION = "azure-native:managedservices:RegistrationDefinition"
DOCUMENTS = {
    BUCKET_POLICY: "policy",
    "aws:s3/bucket:Bucket": "policy",
    "aws:s3/bucketV2:BucketV2": "policy",
    "aws:s3control/accessPointPolicy:AccessPointPolicy": "policy",
    "aws:backup/vaultPolicy:VaultPolicy": "policy",
    "aws:dynamodb/resourcePolicy:ResourcePolicy": "policy",
    "aws:ecr/registryPolicy:RegistryPolicy": "policy",
    "aws:ecr/repositoryPolicy:RepositoryPolicy": "policy",
    "aws:efs/fileSystemPolicy:FileSystemPolicy": "policy",
    "aws:kms/key:Key": "policy",
    "aws:secretsmanager/secret:Secret": "policy",
    "aws:secretsmanager/secretPolicy:SecretPolicy": "policy",
    "aws:sns/topic:Topic": "policy",
    "aws:sns/topicPolicy:TopicPolicy": "policy",
    "aws:sqs/queue:Queue": "policy",
    "aws:sqs/queuePolicy:QueuePolicy": "policy",
    ROLE: "assumeRolePolicy",
}
"""Where each type keeps the policy document that says who may use it."""
GRANTEES = {
    GRANT: ("granteePrincipal", "retiringPrincipal"),
    IMAGE: ("accountId", "organizationArn", "organizationalUnitArn"),
    "aws:eks/accessEntry:AccessEntry": ("principalArn",),
    "aws:ec2/snapshotCreateVolumePermission:SnapshotCreateVolumePermission": ("accountId",),
    "aws:ram/principalAssociation:PrincipalAssociation": ("principal",),
}
"""Where a type names the one who is granted something."""
SWITCHES: Table = {
    ACCOUNT: {"allowCrossTenantReplication": is_off, "allowedCopyScope": one_of("AAD", "PrivateLink")},
    IMAGE: {"group": is_absent},
}

CONTROL = Control(
    id="TEN-006",
    title="Nobody outside the account is granted anything",
    harm="A model, or the key to it, belongs to another company as soon as one of its accounts may read it.",
    severity=Severity.CRITICAL,
    applies_to=Subject(tokens=tuple(dict.fromkeys((*DOCUMENTS, *GRANTEES, *SWITCHES, DELEGATION))), view=situated),
    parameters=Trusted,
    reads=(
        *(f"{token}:{name}" for token, name in DOCUMENTS.items()),
        *(f"{token}:{name}" for token, names in GRANTEES.items() for name in names),
        *reads_of(SWITCHES),
        "RegistrationDefinition:properties.managedByTenantId",
    ),
    remedy=(
        "Name principals of the provider's own account, switch off copies to other directories, or name who is trusted "
        "in this control's policy configuration."
    ),
    note=(
        "Everyone is let in only under a condition on the account that asks. Services belong to no account and are "
        "judged by the controls of identity. Trust in a role, shared images and delegation to another directory are "
        "grants, too."
    ),
)


@CONTROL.check
def stays_in_the_account(found: Situated) -> Iterator[Outcome]:
    """Find whoever is granted something and belongs to another account."""
    held, allowed = found.resource, ours(found.resource, found.plan)
    if held.type in DOCUMENTS and held[DOCUMENTS[held.type]].value is not None:
        yield from document_stays(held[DOCUMENTS[held.type]], allowed)
    for name in GRANTEES.get(held.type, ()):
        if held[name].value is not None:
            yield from is_granted_to(held[name], allowed)
    if held.type in SWITCHES:
        yield from by_table(SWITCHES, held)
    if held.type == DELEGATION:
        trusted = found.plan.parameters(Trusted).trusted
        directory = held["properties"]["managedByTenantId"]
        yield from directory.must(lambda name: name in trusted, "a directory that is trusted in the configuration")


def document_stays(node: Node, allowed: tuple[str, ...]) -> Iterator[Outcome]:
    """Judge the principals of every statement that allows something."""
    yield from is_document(node)
    for statement in statements(node):
        if not statement.allows:
            continue
        for principal in statement.principals:
            yield from lets_in(principal, statement, allowed)
        for principal in statement.excepted_principals:
            yield from principal.node.must(lambda _name: False, "a Principal: all others are strangers")


def document(principal: object, condition: object = None, **more: object) -> str:
    """Write a policy document of one statement."""
    made: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": "s3:GetObject",
        "Resource": "*",
        "Condition": condition,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [without_none(made | more)]})


def holding(token: str = BUCKET_POLICY, *, provider: Resource | None = ON_AWS, **properties: object) -> Resource:
    """Make a resource of a provider that works in one account."""
    return resource(token, properties, provider=provider)


OWN, FOREIGN = (f"arn:aws:iam::{account}:role/reader" for account in ("111122223333", "999988887777"))
OURS = "111122223333"
BY_ACCOUNT = {"StringEquals": {"aws:PrincipalAccount": OURS}}
SEALED = {"allowCrossTenantReplication": False, "allowedCopyScope": "PrivateLink"}
CONTROL.good("a role of the account", holding(policy=document({"AWS": [OWN, OURS]})))
CONTROL.good(
    "a plain document, for a service",
    holding("aws:sqs/queue:Queue", policy=json.loads(document({"Service": "sns.amazonaws.com"}))),
)
CONTROL.good("everyone in the account", holding("aws:kms/key:Key", policy=document({"AWS": "*"}, BY_ACCOUNT)))
CONTROL.good("everyone is refused", holding(policy=document("*", Effect="Deny")))
CONTROL.good("trust in the account", holding(ROLE, assumeRolePolicy=document({"AWS": OWN})))
CONTROL.good("a grant to a role of the account", holding(GRANT, granteePrincipal=OWN, retiringPrincipal=OWN))
CONTROL.good("an image for the account", holding(IMAGE, accountId=OURS))
CONTROL.good("a bucket without a policy", holding("aws:s3/bucket:Bucket"))
CONTROL.good("a storage account that keeps to itself", resource(ACCOUNT, SEALED))
CONTROL.bad(
    "a role of another account",
    holding(policy=document({"AWS": [OWN, FOREIGN]})),
    finding=f"policy.Statement[0].Principal.AWS[1]: found {FOREIGN}, expected one of {OURS}",
)
EVERYONE = f"policy.Statement[0].Principal: found *, expected principals of {OURS}, by name or by condition"
CONTROL.bad("everyone", holding(policy=document("*")), finding=EVERYONE)
REFUSED_AND_LET_IN = {"Statement": [{"Effect": "Deny", "Principal": "*"}, {"Effect": "Allow", "Principal": "*"}]}
CONTROL.bad(
    "everyone, after others are refused",
    holding(policy=json.dumps(REFUSED_AND_LET_IN)),
    finding=EVERYONE.replace("Statement[0]", "Statement[1]"),
)
CONTROL.bad(
    "everyone in another account",
    holding(policy=document("*", {"StringEquals": {"aws:PrincipalAccount": [OURS, "999988887777"]}})),
    finding=EVERYONE,
)
CONTROL.bad(
    "everyone who does not say whose they are",
    holding(policy=document("*", {"StringEqualsIfExists": {"aws:PrincipalAccount": OURS}})),
    finding=EVERYONE,
)
CONTROL.bad(
    "everyone of whom nothing is asked",
    holding(policy=document("*", {"ForAllValues:StringEquals": {"aws:PrincipalAccount": OURS}})),
    finding=EVERYONE,
)
CONTROL.bad(
    "everyone but another account, over TLS",
    holding(
        policy=document(
            "*", {"StringNotEquals": {"aws:PrincipalAccount": OURS}, "Bool": {"aws:SecureTransport": "true"}}
        )
    ),
    finding=EVERYONE,
)
CONTROL.bad(
    "all but one",
    holding(policy=document(None, NotPrincipal={"AWS": OWN})),
    finding=(f"policy.Statement[0].NotPrincipal.AWS: found {OWN}, expected a Principal: all others are strangers"),
)
CONTROL.bad(
    "a user of whom nobody knows the account",
    holding(policy=document({"CanonicalUser": "79a59df900b949e55d96a1e698fbaced"})),
    finding=(
        f"policy.Statement[0].Principal.CanonicalUser: found 79a59df900b949e55d96a1e698fbaced, expected one of {OURS}"
    ),
)
CONTROL.bad(
    "text that is no policy",
    holding(policy="{"),
    finding="policy: found {, expected a policy document in JSON",
)
CONTROL.bad(
    "trust in another account",
    holding(ROLE, assumeRolePolicy=document({"AWS": "999988887777"})),
    finding=f"assumeRolePolicy.Statement[0].Principal.AWS: found 999988887777, expected one of {OURS}",
)
CONTROL.bad(
    "a grant to another account",
    holding(GRANT, granteePrincipal=FOREIGN),
    finding=f"granteePrincipal: found {FOREIGN}, expected one of {OURS}",
)
CONTROL.bad(
    "an image for all",
    holding(IMAGE, group="all"),
    finding="group: found all, expected nothing",
)
CONTROL.bad(
    "a storage account that copies to anywhere",
    resource(ACCOUNT, {"allowCrossTenantReplication": True}),
    finding=(
        "allowCrossTenantReplication: found true, expected false, or nothing",
        "allowedCopyScope: found nothing, expected AAD or PrivateLink",
    ),
)
CONTROL.bad(
    "a subscription in the hands of another directory",
    resource(DELEGATION, {"properties": {"managedByTenantId": "00000000-0000-4000-8000-00000000000b"}}),
    finding=(
        "properties.managedByTenantId: found 00000000-0000-4000-8000-00000000000b, "
        "expected a directory that is trusted in the configuration"
    ),
)
CONTROL.good(
    "a role of an account that the operator trusts",
    holding(policy=document({"AWS": FOREIGN})),
    parameters=Trusted(trusted=("999988887777",)),
)
CONTROL.unknown("a policy made elsewhere", holding(policy=UNKNOWN), at="policy")
CONTROL.unknown("a grant to whom nobody knows", holding(GRANT, granteePrincipal=UNKNOWN), at="granteePrincipal")
CONTROL.unknown(
    "a condition made elsewhere",
    holding("aws:sqs/queue:Queue", policy={"Statement": [{"Effect": "Allow", "Principal": "*", "Condition": UNKNOWN}]}),
    at="policy.Statement[0].Condition",
)
CONTROL.unknown(
    "which account is our own",
    holding(provider=None, policy=document({"AWS": OWN})),
    at="policy.Statement[0].Principal.AWS",
)
CONTROL.unknown(
    "which account everyone is in",
    holding(provider=None, policy=document("*", BY_ACCOUNT)),
    at="policy.Statement[0].Principal",
)
CONTROL.not_applicable("a Service grants nothing", service())
