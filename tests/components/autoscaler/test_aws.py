"""The one identity that may change how many machines an EKS cluster has, by exact values."""

from __future__ import annotations

import json

from tests.components.autoscaler.examples import identity
from tests.components.cluster.examples import ACCOUNT, TAGS
from tests.components.conftest import Run

TAGGED = {**TAGS, "stack": "aws-me-central-1-prod", "ropa-id": "ropa-2026-014"}
NAME = "aws-me-central-1-prod-autoscaler"


def made(run: Run, token: str, name: str) -> dict[str, object]:
    inputs: dict[str, object] = run(program).of(token, name).inputs
    return inputs


def program() -> None:
    identity()


def test_only_the_autoscaler_of_this_cluster_may_take_the_role(run: Run) -> None:
    role = made(run, "aws:iam/role:Role", "autoscaler-role")

    assert json.loads(str(role["assumeRolePolicy"])) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OneServiceAccountOfTheCluster",
                "Effect": "Allow",
                "Action": ["sts:AssumeRole", "sts:TagSession"],
                "Principal": {"Service": "pods.eks.amazonaws.com"},
                "Condition": {
                    "StringEquals": {
                        "aws:SourceAccount": ACCOUNT,
                        "aws:RequestTag/eks-cluster-arn": (
                            f"arn:aws:eks:me-central-1:{ACCOUNT}:cluster/aws-me-central-1-prod"
                        ),
                        "aws:RequestTag/kubernetes-namespace": "falaj-autoscaler",
                        "aws:RequestTag/kubernetes-service-account": "cluster-autoscaler",
                    }
                },
            }
        ],
    }
    assert (role["name"], role["tags"]) == (NAME, TAGGED)


def test_the_role_changes_the_counts_of_this_clusters_pools_and_nothing_else(run: Run) -> None:
    policy = made(run, "aws:iam/rolePolicy:RolePolicy", "autoscaler-policy")["policy"]

    assert json.loads(str(policy))["Statement"] == [
        {
            "Sid": "Watch",
            "Effect": "Allow",
            "Action": [
                "autoscaling:DescribeAutoScalingGroups",
                "autoscaling:DescribeScalingActivities",
                "ec2:DescribeLaunchTemplateVersions",
            ],
            "Resource": ["*"],
            "Condition": {"StringEquals": {"aws:RequestedRegion": "me-central-1"}},
        },
        {
            "Sid": "SeePools",
            "Effect": "Allow",
            "Action": ["eks:DescribeNodegroup"],
            "Resource": [f"arn:aws:eks:me-central-1:{ACCOUNT}:nodegroup/aws-me-central-1-prod/*"],
        },
        {
            "Sid": "SetCounts",
            "Effect": "Allow",
            "Action": ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
            "Resource": [f"arn:aws:autoscaling:me-central-1:{ACCOUNT}:autoScalingGroup:*"],
            "Condition": {"StringEquals": {"aws:ResourceTag/k8s.io/cluster-autoscaler/aws-me-central-1-prod": "owned"}},
        },
    ]


def test_the_role_sheds_every_other_policy(run: Run) -> None:
    inline = made(run, "aws:iam/rolePoliciesExclusive:RolePoliciesExclusive", "autoscaler-no-other-policies")
    managed = made(
        run,
        "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
        "autoscaler-no-managed-policies",
    )

    assert inline == {"roleName": NAME, "policyNames": ["scaling"]}
    assert managed == {"roleName": NAME, "policyArns": []}


def test_the_autoscalers_service_account_has_the_role(run: Run) -> None:
    association = made(run, "aws:eks/podIdentityAssociation:PodIdentityAssociation", "autoscaler-association")

    assert (association["namespace"], association["serviceAccount"]) == ("falaj-autoscaler", "cluster-autoscaler")
    assert str(association["roleArn"]).endswith(f":role/{NAME}")
    assert (association["clusterName"], association["tags"]) == ("aws-me-central-1-prod", TAGGED)
