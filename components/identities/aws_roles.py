"""The IAM roles of an AWS environment: who may take on each, and what it may then do. Plain data."""

from __future__ import annotations

from dataclasses import dataclass

from components.identities.control_plane import control_plane
from components.identities.names import arn_here, names_of
from components.identities.pod_trust import trust_pods
from components.identities.policy import Statement, trust
from components.identities.service_roles import audit, backup, logs, restore
from components.identities.spec import Actor, IdentitiesSpec
from components.identities.workloads import disks, nodes, pod_network

SYSTEM_NAMESPACE = "kube-system"


@dataclass(frozen=True, slots=True)
class RoleDocuments:
    """The two documents of one role."""

    trust: Statement
    permissions: tuple[Statement, ...]
    description: str


def role_name(stack: str, actor: Actor) -> str:
    """Return a role's name, which no other stack of the account has."""
    return f"{stack}-{actor.replace('_', '-')}"


def aws_roles(spec: IdentitiesSpec) -> dict[Actor, RoleDocuments]:
    """Return the documents of every role.

    Registry and model store have none: ECR works by grants on the key, and S3 in the name of its caller.
    """
    names = names_of(spec.placement.stack)
    return {
        Actor.CONTROL_PLANE: RoleDocuments(
            _trust_service(spec, "eks", arn_here(spec, "eks", f"cluster/{names.cluster}")),
            control_plane(spec),
            "Control plane of the cluster: its machines and internal load balancers",
        ),
        Actor.NODES: RoleDocuments(
            _trust_machines(), nodes(spec), "Nodes of the cluster: registration and image pulls"
        ),
        Actor.POD_NETWORK: RoleDocuments(
            trust_pods(spec, SYSTEM_NAMESPACE, "aws-node"),
            pod_network(spec),
            "Addresses of pods on the nodes' network interfaces",
        ),
        Actor.DISKS: RoleDocuments(
            trust_pods(spec, SYSTEM_NAMESPACE, "ebs-csi-controller-sa"), disks(spec), "Volumes of pods"
        ),
        Actor.LOGS: RoleDocuments(
            _trust_service(spec, "vpc-flow-logs", arn_here(spec, "ec2", "vpc-flow-log/*")),
            logs(spec),
            "Flow logs of the network",
        ),
        Actor.AUDIT: RoleDocuments(
            _trust_if_it_says(spec, "cloudtrail", arn_here(spec, "cloudtrail", f"trail/{names.trail}")),
            audit(spec),
            "Audit trail, into its log group",
        ),
        Actor.BACKUP: RoleDocuments(
            _trust_if_it_says(spec, "backup", arn_here(spec, "backup", "*")), backup(spec), "Backups of model files"
        ),
        Actor.RESTORE: RoleDocuments(
            _trust_if_it_says(spec, "backup", arn_here(spec, "backup", "*")), restore(spec), "Restores that are tried"
        ),
    }


def _trust_service(spec: IdentitiesSpec, service: str, source: str) -> Statement:
    """A service of AWS, and only when it acts for our account and for that source.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    return trust(
        "ServiceForThisAccountAlone",
        f"{service}.amazonaws.com",
        {"StringEquals": {"aws:SourceAccount": spec.account}, "ArnLike": {"aws:SourceArn": source}},
    )


def _trust_if_it_says(spec: IdentitiesSpec, service: str, source: str) -> Statement:
    """A service that does not promise to name its source: refused where it names another account's.

    Only an administrator of this account can pass it the role at all: iam:PassRole does not cross accounts.
    """
    return trust(
        "ServiceForThisAccountAlone",
        f"{service}.amazonaws.com",
        {
            "StringEqualsIfExists": {"aws:SourceAccount": spec.account},
            "ArnLikeIfExists": {"aws:SourceArn": source},
        },
    )


def _trust_machines() -> Statement:
    """EC2, which names no source when it hands credentials to a machine; iam:PassRole decides to which."""
    return trust("MachinesThatWerePassedTheRole", "ec2.amazonaws.com", None)
