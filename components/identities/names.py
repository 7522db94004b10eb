"""Names that IAM roles and KMS keys are bound to: what bears them is made later, under these names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.cloud_names import global_name
from components.locked_storage.spec import LONGEST_BUCKET

if TYPE_CHECKING:
    from components.cloud_spec import CloudSpec

PARTITION = "aws"
"""The partition that me-central-1 lies in."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names of what an AWS environment makes after its roles and keys; * stands for any part."""

    cluster: str
    """The EKS cluster."""
    trail: str
    """The CloudTrail trail."""
    flow_log_group: str
    """Log group of the network's flow logs."""
    audit_log_group: str
    """Log group in which the trail can be searched."""
    log_groups: tuple[str, ...]
    """All log groups."""
    repositories: str
    """Repositories of images."""
    alarms: str
    """Alarms of CloudWatch."""


def names_of(stack: str) -> Names:
    """Return the names that a stack uses."""
    return Names(
        cluster=stack,
        trail=f"{stack}-audit",
        flow_log_group=f"/falaj/{stack}/flow-logs",
        audit_log_group=f"/falaj/{stack}/audit",
        log_groups=(f"/falaj/{stack}/*", f"/aws/eks/{stack}/*"),
        repositories=f"{stack}/*",
        alarms=f"alarm:{stack}-*",
    )


def bucket_arn(spec: CloudSpec, role: str) -> str:
    """Return the ARN of the environment's bucket of that role."""
    return arn("s3", "", "", global_name(spec.placement.stack, role, spec.account, longest=LONGEST_BUCKET))


def arn(service: str, region: str, account: str, resource: str) -> str:
    """Return an Amazon Resource Name. A service that knows no regions, or no accounts, takes an empty one."""
    return f"arn:{PARTITION}:{service}:{region}:{account}:{resource}"


def arn_here(spec: CloudSpec, service: str, resource: str) -> str:
    """Return the ARN of something in the environment's own account and region."""
    return arn(service, spec.placement.region, spec.account, resource)
