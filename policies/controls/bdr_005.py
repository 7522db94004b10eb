"""BDR-005: what holds state, and clusters, are protected from being deleted."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import service
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome
from policies.path import Path
from policies.resources import resource
from policies.stages import is_thrown_away
from policies.tables import Table, by_table, reads_of
from policies.templates import is_off, is_true
from policies.values import UNKNOWN

EKS = "aws:eks/cluster:Cluster"
DATABASE = "aws:rds/instance:Instance"
TABLE = "aws:dynamodb/table:Table"
BUCKET = "aws:s3/bucket:Bucket"
BALANCERS = ("aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer")
SWITCHES: Table = {
    EKS: {"deletionProtection": is_true},
    DATABASE: {"deletionProtection": is_true},
    "aws:rds/cluster:Cluster": {"deletionProtection": is_true},
    TABLE: {"deletionProtectionEnabled": is_true},
    **{balancer: {"enableDeletionProtection": is_true} for balancer in BALANCERS},
    BUCKET: {"forceDestroy": is_off},
    "aws:s3/bucketV2:BucketV2": {"forceDestroy": is_off},
    "aws:backup/vault:Vault": {"forceDestroy": is_off},
    "aws:ecr/repository:Repository": {"forceDelete": is_off},
}
"""What the cloud itself asks before it deletes."""
KEPT_BY_THE_PROGRAM = (
    "aws:cloudtrail/trail:Trail",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:ec2/vpc:Vpc",
    "aws:efs/fileSystem:FileSystem",
    "aws:kms/key:Key",
    "azure-native:containerregistry:Registry",
    "azure-native:containerservice:ManagedCluster",
    "azure-native:cosmosdb:DatabaseAccount",
    "azure-native:dataprotection:BackupVault",
    "azure-native:keyvault:Key",
    "azure-native:keyvault:Vault",
    "azure-native:network:VirtualNetwork",
    "azure-native:operationalinsights:Workspace",
    "azure-native:recoveryservices:Vault",
    "azure-native:resources:ResourceGroup",
    "azure-native:storage:StorageAccount",
)
"""What holds state, or takes with it what does, and has no switch of the cloud's own."""

CONTROL = Control(
    id="BDR-005",
    title="What holds state, and clusters, are protected from being deleted",
    harm="One renamed resource, or one `destroy` in the wrong stack, and a customer's data and keys are gone.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(*SWITCHES, *KEPT_BY_THE_PROGRAM), view=situated),
    reads=("tags.environment", *reads_of(SWITCHES)),
    remedy=(
        "Make the resource with the option protect, switch on its deletion protection, and leave out forceDestroy and "
        "forceDelete."
    ),
    note=(
        "Azure has no such switches and AWS not everywhere, so the option of the program is asked for as well, of all "
        "but load balancers, which hold nothing. Stage dev may be thrown away."
    ),
)


@CONTROL.check
def is_protected(found: Situated) -> Iterator[Outcome]:
    """Find what the program, or the cloud, would delete without asking."""
    held = found.resource
    if is_thrown_away(held, found.plan):
        yield NotApplicable("is there for development")
        return
    if held.type in SWITCHES:
        yield from by_table(SWITCHES, held)
    if held.type not in BALANCERS:
        yield from is_true(Node(held.protected, Path() / "protect"))


PROTECTED_DATABASE = resource(DATABASE, {"deletionProtection": True}, protected=True)
PROD = {"falaj:environment": '{"stage": "prod"}'}
RECOVERY = {"falaj:environment": '{"stage": "dr"}'}
CONTROL.good("a cluster", resource(EKS, {"deletionProtection": True}, protected=True))
CONTROL.good("a database", PROTECTED_DATABASE)
CONTROL.good("a database in production, whatever its tag", PROTECTED_DATABASE, config=PROD)
CONTROL.good("databases", resource("aws:rds/cluster:Cluster", {"deletionProtection": True}, protected=True))
CONTROL.good("a table", resource(TABLE, {"deletionProtectionEnabled": True}, protected=True))
CONTROL.good("a load balancer", resource(BALANCERS[0], {"enableDeletionProtection": True}))
CONTROL.good("a bucket", resource(BUCKET, {"forceDestroy": False, "tags": {"environment": "dr"}}, protected=True))
CONTROL.good("a bucket of the second type", resource("aws:s3/bucketV2:BucketV2", {}, protected=True))
CONTROL.good("a vault of backups", resource("aws:backup/vault:Vault", {"forceDestroy": False}, protected=True))
CONTROL.good("a registry", resource("aws:ecr/repository:Repository", {}, protected=True))
CONTROL.good("a key", resource("aws:kms/key:Key", {}, protected=True), config=RECOVERY)
CONTROL.bad(
    "a cluster that nothing protects",
    resource(EKS, {}),
    finding=("deletionProtection: found nothing, expected true", "protect: found false, expected true"),
)
CONTROL.bad(
    "a table without",
    resource(TABLE, {"deletionProtectionEnabled": False}, protected=True),
    finding="deletionProtectionEnabled: found false, expected true",
)
CONTROL.bad(
    "a load balancer without",
    resource(BALANCERS[1], {}),
    finding="enableDeletionProtection: found nothing, expected true",
)
CONTROL.bad(
    "a bucket that goes with all it holds",
    resource(BUCKET, {"forceDestroy": True, "tags": {"environment": "prod"}}),
    finding=("forceDestroy: found true, expected false, or nothing", "protect: found false, expected true"),
)
CONTROL.bad(
    "a registry that goes with its images",
    resource("aws:ecr/repository:Repository", {"forceDelete": True}, protected=True),
    finding="forceDelete: found true, expected false, or nothing",
)
CONTROL.bad(
    "a storage account of production that says it is none",
    resource("azure-native:storage:StorageAccount", {"tags": {"environment": "dev"}}),
    config=PROD,
    finding="protect: found false, expected true",
)
CONTROL.unknown(
    "decided elsewhere",
    resource(DATABASE, {"deletionProtection": UNKNOWN}, protected=True),
    at="deletionProtection",
)
CONTROL.not_applicable("for development", resource(BUCKET, {"tags": {"environment": "dev"}}))
CONTROL.not_applicable("in development", resource(EKS, {}), config={"falaj:environment": '{"stage": "dev"}'})
CONTROL.not_applicable("a Service holds nothing", service())
