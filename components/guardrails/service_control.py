"""The service control policy of an AWS account. Pure: the policy as plain data.

It binds every identity of the account, administrators too, and none of AWS's own: machines that a group grows by itself
are started by AWS's role, so their sizes are judged in the plan and not here.

Sources: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_examples_general.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from components.network.spec import Egress

if TYPE_CHECKING:
    from components.guardrails.spec import GuardrailsSpec

LONGEST = 5120
"""The most characters AWS takes, spaces counted."""
WITHOUT_REGION = (
    *("account:*", "aws-portal:*", "billing:*", "budgets:*", "ce:*", "consolidatedbilling:*", "health:*"),
    *("iam:*", "invoicing:*", "organizations:*", "payments:*", "pricing:*", "route53:*", "s3:GetAccountPublic*"),
    *("s3:ListAllMyBuckets", "sso:*", "sts:*", "support:*", "tag:*", "tax:*", "trustedadvisor:*"),
)
"""What AWS answers from one place for all regions and no account can do without. CloudFront and Global Accelerator
are left out on purpose: they end TLS abroad."""
COPIES_ABROAD = (
    *("ecr:PutReplicationConfiguration", "kms:ReplicateKey", "kms:UpdatePrimaryRegion"),
    *("rds:StartDBInstanceAutomatedBackupsReplication", "s3:CreateMultiRegionAccessPoint"),
    *("s3:PutAccelerateConfiguration", "s3:PutReplicationConfiguration"),
    *("secretsmanager:ReplicateSecretToRegions", "elasticfilesystem:CreateReplicationConfiguration"),
)
PUBLIC_DOORS = (
    *("ec2:AllocateAddress", "ec2:AssociateAddress", "ec2:AttachInternetGateway", "ec2:CreateDefaultVpc"),
    *("ec2:CreateEgressOnlyInternetGateway", "ec2:CreateInternetGateway", "ec2:CreateNatGateway"),
)


def service_control_policy(spec: GuardrailsSpec) -> dict[str, Any]:
    """Return the policy: allowed regions, no leaving, no copies abroad, a record that runs, and what fits the stack."""
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": list(spec.allowed_regions)}}
    statements = [
        {**_deny("RefuseOtherRegions", condition=elsewhere), "NotAction": sorted(WITHOUT_REGION)},
        _deny("RefuseLeaving", "account:DisableRegion", "account:EnableRegion", "organizations:LeaveOrganization"),
        _deny("RefuseCopiesAbroad", *COPIES_ABROAD),
        _deny("RefuseKeysAbroad", "kms:CreateKey", condition={"Bool": {"kms:MultiRegion": "true"}}),
        _deny("RefuseStoppingTheRecord", "cloudtrail:StopLogging"),
    ]
    # One unit may hold several accounts: what depends on the stack binds its own account only.
    ours = {"StringEquals": {"aws:PrincipalAccount": spec.account}}
    if spec.egress is Egress.NONE:
        statements.append(_deny("RefusePublicDoors", *PUBLIC_DOORS, condition=ours))
    if spec.sizes:
        others = {**ours, "StringNotEquals": {"ec2:InstanceType": sorted(spec.sizes)}}
        machines = "arn:aws:ec2:*:*:instance/*"
        statements.append({**_deny("RefuseOtherSizes", "ec2:RunInstances", condition=others), "Resource": machines})
    return {"Version": "2012-10-17", "Statement": statements}


def _deny(sid: str, *actions: str, condition: dict[str, Any] | None = None) -> dict[str, Any]:
    what = {"Action": sorted(actions)} if actions else {}
    when = {} if condition is None else {"Condition": condition}
    return {"Sid": sid, "Effect": "Deny", **what, "Resource": "*", **when}
