"""Calls of AWS's interfaces that somebody has to look at, as the audit trail records them. Plain data.

Groups follow section 4 of the CIS AWS Foundations Benchmark, as far as a trail of one region sees them: changes of
roles are recorded abroad. Which calls, and how many refusals are too many, is our decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

REFUSALS = 25
"""Refused calls in five minutes that are no typing error any more."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One kind of thing that should not happen without anybody's knowing."""

    says: str
    """What the alarm tells people."""
    pattern: str
    """Which records of the trail count, in CloudWatch's filter language."""
    threshold: int = 1
    """How many of them in five minutes raise the alarm."""


def _calls(service: str, *names: str) -> str:
    called = " || ".join(f"($.eventName = {name})" for name in sorted(names))
    return f'{{ ($.eventSource = "{service}.amazonaws.com") && ({called}) && ($.errorCode NOT EXISTS) }}'


WATCHED: Mapping[str, Watched] = {
    "root": Watched(
        "Somebody signed in as root of the account, or called as root.",
        '{ ($.userIdentity.type = "Root") && ($.userIdentity.invokedBy NOT EXISTS) '
        '&& ($.eventType != "AwsServiceEvent") }',
    ),
    "refusals": Watched(
        "Many calls were refused: somebody tries doors.",
        '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
        REFUSALS,
    ),
    "keys": Watched(
        "A key was disabled, no longer rotates, has another policy, or is to be removed.",
        _calls("kms", "DeleteAlias", "DisableKey", "DisableKeyRotation", "PutKeyPolicy", "ScheduleKeyDeletion"),
    ),
    "record": Watched(
        "The audit trail was stopped, changed or removed.",
        _calls("cloudtrail", "DeleteTrail", "PutEventSelectors", "StopLogging", "UpdateTrail"),
    ),
    "logs": Watched(
        "Logs were removed, are kept for less time, or are no longer encrypted with our key.",
        _calls(
            *("logs", "DeleteLogGroup", "DeleteLogStream", "DeleteMetricFilter", "DeleteRetentionPolicy"),
            *("DisassociateKmsKey", "PutRetentionPolicy"),
        ),
    ),
    "stores": Watched(
        "A bucket's policy, encryption, lock or block of public access was changed.",
        _calls(
            *("s3", "DeleteBucket", "DeleteBucketEncryption", "DeleteBucketPolicy", "DeleteBucketPublicAccessBlock"),
            *("PutBucketAcl", "PutBucketEncryption", "PutBucketLifecycle", "PutBucketObjectLockConfiguration"),
            *("PutBucketPolicy", "PutBucketPublicAccessBlock", "PutBucketReplication", "PutBucketVersioning"),
        ),
    ),
    "ways": Watched(
        "A way into or out of the network was opened.",
        _calls(
            *("ec2", "AcceptVpcPeeringConnection", "AttachInternetGateway", "AuthorizeSecurityGroupEgress"),
            *("AuthorizeSecurityGroupIngress", "CreateNatGateway", "CreateNetworkAclEntry", "CreateRoute"),
            *("CreateTransitGatewayVpcAttachment", "CreateVpcPeeringConnection", "DeleteFlowLogs"),
            *("ModifyVpcEndpoint", "ReplaceNetworkAclEntry", "ReplaceRoute"),
        ),
    ),
    "cluster": Watched(
        "Somebody was let into the cluster, or its API server, logs or encryption were changed.",
        _calls(
            *("eks", "AssociateAccessPolicy", "AssociateIdentityProviderConfig", "CreateAccessEntry"),
            *("CreatePodIdentityAssociation", "DeleteCluster", "UpdateAccessEntry", "UpdateClusterConfig"),
        ),
    ),
    "backups": Watched(
        "A backup, its vault, its lock or its plan was removed or changed.",
        _calls(
            *("backup", "DeleteBackupPlan", "DeleteBackupSelection", "DeleteBackupVault", "DeleteRecoveryPoint"),
            *("DeleteBackupVaultAccessPolicy", "DeleteBackupVaultLockConfiguration", "PutBackupVaultAccessPolicy"),
            *("UpdateBackupPlan", "UpdateRecoveryPointLifecycle"),
        ),
    ),
}
"""By the name that filter, metric and alarm have in common."""
