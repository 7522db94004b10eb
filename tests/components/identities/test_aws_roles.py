from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.identities.aws_roles import aws_roles, role_name
from components.identities.names import bucket_arn, names_of
from components.identities.policy import Statement, document
from components.identities.spec import Actor, IdentitiesSpec
from components.model_store.spec import ROLE as MODEL_STORE
from components.model_store.spec import ModelStoreSpec, model_store_name
from falaj.catalog.regions import regions
from tests.components.identities.samples import ACCOUNT, ADDON_REGISTRY, AWS_STACK, aws_identities, placement

LONGEST_ROLE_NAME, LARGEST_INLINE_POLICY = 64, 10_240
"""Quotas of IAM: characters of a role's name, and of all its inline policies together."""
CLUSTER = f"arn:aws:eks:me-central-1:{ACCOUNT}:cluster/{AWS_STACK}"
BALANCING_ROLE = "aws-service-role/elasticloadbalancing.amazonaws.com/AWSServiceRoleForElasticLoadBalancing"
OWNED = {"StringEquals": {f"aws:ResourceTag/kubernetes.io/cluster/{AWS_STACK}": "owned"}}
IN_REGION = {"StringEquals": {"aws:RequestedRegion": "me-central-1"}}
WITHOUT_RESOURCES = {
    "cloudwatch:GetMetricData",
    "ecr:GetAuthorizationToken",
    "events:ListRules",
    "logs:DescribeLogGroups",
    "tag:GetResources",
}
"""Actions besides ec2:Describe… and elasticloadbalancing:Describe… that AWS lets nobody bind to a resource.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/, 2026-11-22
"""


def ec2(kind: str) -> str:
    return f"arn:aws:ec2:me-central-1:{ACCOUNT}:{kind}/*"


def balancing(resource: str) -> str:
    return f"arn:aws:elasticloadbalancing:me-central-1:{ACCOUNT}:{resource}"


def pods_of(service_account: str) -> Statement:
    return {
        "Sid": "OneServiceAccountOfTheCluster",
        "Effect": "Allow",
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Condition": {
            "StringEquals": {
                "aws:SourceAccount": ACCOUNT,
                "aws:RequestTag/eks-cluster-arn": CLUSTER,
                "aws:RequestTag/kubernetes-namespace": "kube-system",
                "aws:RequestTag/kubernetes-service-account": service_account,
            }
        },
    }


def service(name: str, condition: dict[str, Any] | None) -> Statement:
    sid = "MachinesThatWerePassedTheRole" if condition is None else "ServiceForThisAccountAlone"
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": ["sts:AssumeRole"],
        "Principal": {"Service": f"{name}.amazonaws.com"},
        **({} if condition is None else {"Condition": condition}),
    }


def statement(sid: str, actions: list[str], resources: list[str], condition: dict[str, Any] | None = None) -> Statement:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": actions,
        "Resource": resources,
        **({} if condition is None else {"Condition": condition}),
    }


WRITES = frozenset({"s3:PutObject", "s3:DeleteObject", "s3:CreateBucket"})


def permissions(actor: Actor) -> list[Statement]:
    return list(aws_roles(aws_identities())[actor].permissions)


def test_each_role_trusts_one_service_for_this_account_and_source() -> None:
    assert {actor: documents.trust for actor, documents in aws_roles(aws_identities()).items()} == {
        Actor.CONTROL_PLANE: service(
            "eks", {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": CLUSTER}}
        ),
        Actor.NODES: service("ec2", None),
        Actor.POD_NETWORK: pods_of("aws-node"),
        Actor.DISKS: pods_of("ebs-csi-controller-sa"),
        Actor.LOGS: service(
            "vpc-flow-logs",
            {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": ec2("vpc-flow-log")}},
        ),
        Actor.AUDIT: service(
            "cloudtrail",
            {
                "StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT},
                "ArnLikeIfExists": {
                    "aws:SourceArn": f"arn:aws:cloudtrail:me-central-1:{ACCOUNT}:trail/{AWS_STACK}-audit"
                },
            },
        ),
        Actor.BACKUP: service(
            "backup",
            {
                "StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT},
                "ArnLikeIfExists": {"aws:SourceArn": f"arn:aws:backup:me-central-1:{ACCOUNT}:*"},
            },
        ),
        Actor.RESTORE: service(
            "backup",
            {
                "StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT},
                "ArnLikeIfExists": {"aws:SourceArn": f"arn:aws:backup:me-central-1:{ACCOUNT}:*"},
            },
        ),
    }


def test_the_control_plane_sees_marks_its_machines_and_keeps_its_own_load_balancers() -> None:
    tag = f"kubernetes.io/cluster/{AWS_STACK}"
    marked = {f"aws:RequestTag/{tag}": "owned"}
    balancers, groups, listeners = (
        balancing(each) for each in ("loadbalancer/net/*/*", "targetgroup/*/*", "listener/net/*/*/*")
    )
    assert permissions(Actor.CONTROL_PLANE) == [
        statement(
            "SeeNetworkAndMachines",
            [
                "ec2:DescribeAccountAttributes",
                "ec2:DescribeAddresses",
                "ec2:DescribeAvailabilityZones",
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeInstanceTopology",
                "ec2:DescribeInstances",
                "ec2:DescribeInternetGateways",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeRouteTables",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
                "elasticloadbalancing:DescribeListeners",
                "elasticloadbalancing:DescribeLoadBalancerAttributes",
                "elasticloadbalancing:DescribeLoadBalancers",
                "elasticloadbalancing:DescribeTargetGroupAttributes",
                "elasticloadbalancing:DescribeTargetGroups",
                "elasticloadbalancing:DescribeTargetHealth",
            ],
            ["*"],
            IN_REGION,
        ),
        statement(
            "MarkItsMachines",
            ["ec2:CreateTags"],
            [ec2("instance")],
            {"ForAnyValue:StringEquals": {"aws:TagKeys": tag}},
        ),
        statement(
            "MakeItsLoadBalancers",
            ["elasticloadbalancing:CreateLoadBalancer"],
            [balancers],
            {"StringEquals": marked},
        ),
        statement(
            "MakeItsTargetGroups", ["elasticloadbalancing:CreateTargetGroup"], [groups], {"StringEquals": marked}
        ),
        statement(
            "MarkThemAsTheyAreMade",
            ["elasticloadbalancing:AddTags"],
            [balancers, groups, listeners],
            {
                "StringEquals": {
                    **marked,
                    "elasticloadbalancing:CreateAction": ["CreateLoadBalancer", "CreateTargetGroup", "CreateListener"],
                }
            },
        ),
        statement(
            "ChangeItsLoadBalancers",
            [
                "elasticloadbalancing:CreateListener",
                "elasticloadbalancing:DeleteLoadBalancer",
                "elasticloadbalancing:ModifyLoadBalancerAttributes",
            ],
            [balancers],
            OWNED,
        ),
        statement(
            "ChangeItsListeners",
            ["elasticloadbalancing:DeleteListener", "elasticloadbalancing:ModifyListener"],
            [listeners],
            OWNED,
        ),
        statement(
            "ChangeItsTargetGroups",
            [
                "elasticloadbalancing:DeleteTargetGroup",
                "elasticloadbalancing:DeregisterTargets",
                "elasticloadbalancing:ModifyTargetGroup",
                "elasticloadbalancing:ModifyTargetGroupAttributes",
                "elasticloadbalancing:RegisterTargets",
            ],
            [groups],
            OWNED,
        ),
        statement(
            "OpenItsNodesToItsLoadBalancers",
            ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"],
            [ec2("security-group")],
            OWNED,
        ),
        statement(
            "RemoveInterfacesThatPodsLeftBehind",
            ["ec2:DeleteNetworkInterface"],
            [ec2("network-interface")],
            {"StringEquals": {"aws:ResourceTag/eks:eni:owner": "amazon-vpc-cni"}},
        ),
        statement(
            "LetLoadBalancingHaveItsOwnRole",
            ["iam:CreateServiceLinkedRole"],
            [f"arn:aws:iam::{ACCOUNT}:role/{BALANCING_ROLE}"],
            {"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}},
        ),
    ]


def test_nodes_join_their_cluster_and_pull_its_images_and_no_more() -> None:
    repository = "arn:aws:ecr:me-central-1:{}:repository/{}"
    assert permissions(Actor.NODES) == [
        statement("SeeMachines", ["ec2:DescribeInstanceTypes", "ec2:DescribeInstances"], ["*"], IN_REGION),
        statement(
            "JoinTheClusterAndHandPodsTheirRoles",
            ["eks-auth:AssumeRoleForPodIdentity", "eks:DescribeCluster"],
            [CLUSTER],
        ),
        statement("SignInToRegistries", ["ecr:GetAuthorizationToken"], ["*"], IN_REGION),
        statement(
            "PullImages",
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            [
                repository.format(ACCOUNT, f"{AWS_STACK}/*"),
                repository.format(ADDON_REGISTRY, "amazon-k8s-cni"),
                repository.format(ADDON_REGISTRY, "amazon-k8s-cni-init"),
                repository.format(ADDON_REGISTRY, "amazon/aws-network-policy-agent"),
                repository.format(ADDON_REGISTRY, "eks/*"),
            ],
        ),
    ]


def test_where_nobody_says_otherwise_add_ons_come_from_the_regions_registry_by_the_catalog() -> None:
    pull = aws_roles(aws_identities(addon_registry=None))[Actor.NODES].permissions[-1]

    assert {resource.split(":")[4] for resource in resources_of(pull)} == {
        ACCOUNT,
        regions()["me-central-1"].image_account,
    }


def test_the_pod_network_changes_interfaces_of_its_own_cluster_alone() -> None:
    mine = {"StringEquals": {"aws:ResourceTag/cluster.k8s.amazonaws.com/name": AWS_STACK}}
    assert permissions(Actor.POD_NETWORK) == [
        statement(
            "SeeMachinesAndInterfaces",
            [
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeInstances",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeTags",
            ],
            ["*"],
            IN_REGION,
        ),
        statement("MarkInterfaces", ["ec2:CreateTags"], [ec2("network-interface")]),
        statement(
            "MakeMarkedInterfaces",
            ["ec2:CreateNetworkInterface"],
            [ec2("network-interface")],
            {"StringEquals": {"aws:RequestTag/cluster.k8s.amazonaws.com/name": AWS_STACK}},
        ),
        statement(
            "InItsSubnets",
            ["ec2:CreateNetworkInterface"],
            [ec2("subnet")],
            {"StringEquals": {"aws:ResourceTag/stack": AWS_STACK}},
        ),
        statement(
            "InItsGroups",
            ["ec2:CreateNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute"],
            [ec2("security-group")],
            OWNED,
        ),
        statement(
            "ChangeItsInterfaces",
            [
                "ec2:AssignPrivateIpAddresses",
                "ec2:AttachNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:DetachNetworkInterface",
                "ec2:ModifyNetworkInterfaceAttribute",
                "ec2:UnassignPrivateIpAddresses",
            ],
            [ec2("network-interface")],
            mine,
        ),
        statement(
            "OnItsMachines",
            ["ec2:AttachNetworkInterface", "ec2:DetachNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute"],
            [ec2("instance")],
            OWNED,
        ),
    ]


def test_the_volume_driver_makes_encrypted_volumes_and_keeps_those_it_made() -> None:
    marked = {"StringEquals": {"aws:ResourceTag/ebs.csi.aws.com/cluster": "true"}}
    assert permissions(Actor.DISKS) == [
        statement(
            "SeeMachinesAndVolumes",
            [
                "ec2:DescribeAvailabilityZones",
                "ec2:DescribeInstances",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeSnapshots",
                "ec2:DescribeTags",
                "ec2:DescribeVolumeStatus",
                "ec2:DescribeVolumes",
                "ec2:DescribeVolumesModifications",
            ],
            ["*"],
            IN_REGION,
        ),
        statement(
            "MakeMarkedVolumes",
            ["ec2:CreateVolume"],
            [ec2("volume")],
            {
                "StringEquals": {"aws:RequestTag/ebs.csi.aws.com/cluster": "true"},
                "Bool": {"ec2:Encrypted": "true"},
            },
        ),
        statement(
            "MarkVolumesAsTheyAreMade",
            ["ec2:CreateTags"],
            [ec2("volume")],
            {"StringEquals": {"ec2:CreateAction": "CreateVolume"}},
        ),
        statement(
            "KeepItsVolumes",
            ["ec2:AttachVolume", "ec2:DeleteVolume", "ec2:DetachVolume", "ec2:ModifyVolume"],
            [ec2("volume")],
            marked,
        ),
        statement(
            "AttachToItsMachines",
            ["ec2:AttachVolume", "ec2:DetachVolume"],
            [ec2("instance")],
            {"StringEquals": {"aws:ResourceTag/eks:cluster-name": AWS_STACK}},
        ),
    ]


def test_flow_logs_are_written_to_one_log_group() -> None:
    group = f"arn:aws:logs:me-central-1:{ACCOUNT}:log-group:/falaj/{AWS_STACK}/flow-logs"
    assert permissions(Actor.LOGS) == [
        statement(
            "WriteFlowLogs",
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            [group, f"{group}:*"],
        ),
        statement("FindTheLogGroup", ["logs:DescribeLogGroups"], ["*"], IN_REGION),
    ]


def test_the_audit_trail_is_written_to_one_log_group_in_streams_of_its_own() -> None:
    group = f"arn:aws:logs:me-central-1:{ACCOUNT}:log-group:/falaj/{AWS_STACK}/audit"
    assert permissions(Actor.AUDIT) == [
        statement(
            "WriteTheTrail",
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            [f"{group}:log-stream:{ACCOUNT}_CloudTrail_*"],
        )
    ]


def test_backups_read_the_model_stores_bucket_and_write_to_none() -> None:
    bucket = bucket_arn(aws_identities(), MODEL_STORE)
    own = {"StringEquals": {"aws:ResourceAccount": ACCOUNT}}
    granted = {each["Sid"]: each for each in permissions(Actor.BACKUP)}

    assert list(granted) == [
        "ReadTheBucket",
        "ReadObjects",
        "FollowChanges",
        "MarkRecoveryPoints",
        "PutCopiesIntoVaults",
        "FindAndMeasure",
    ]
    assert (granted["ReadTheBucket"]["Resource"], granted["ReadTheBucket"]["Condition"]) == ([bucket], own)
    assert granted["ReadObjects"] == statement(
        "ReadObjects",
        [
            "s3:GetObject",
            "s3:GetObjectAcl",
            "s3:GetObjectTagging",
            "s3:GetObjectVersion",
            "s3:GetObjectVersionAcl",
            "s3:GetObjectVersionTagging",
        ],
        [f"{bucket}/*"],
        own,
    )
    assert granted["FollowChanges"]["Resource"] == [f"arn:aws:events:me-central-1:{ACCOUNT}:rule/AwsBackupManagedRule*"]
    assert not [action for each in granted.values() for action in actions_of(each) if action in WRITES]


def test_a_restore_that_is_tried_writes_into_no_bucket_but_those_made_for_it() -> None:
    own = {"StringEquals": {"aws:ResourceAccount": ACCOUNT}}
    tried = "arn:aws:s3:::awsbackup-restore-test-*"

    bucket, objects = permissions(Actor.RESTORE)

    assert (bucket["Resource"], bucket["Condition"]) == ([tried], own)
    assert (objects["Resource"], objects["Condition"]) == ([f"{tried}/*"], own)
    assert "s3:CreateBucket" in actions_of(bucket)
    for other in set(Actor) & set(aws_roles(aws_identities())) - {Actor.RESTORE}:
        assert not [action for each in permissions(other) for action in actions_of(each) if action in WRITES]


def test_the_bucket_that_is_backed_up_is_the_model_stores_own() -> None:
    spec = aws_identities()
    store = ModelStoreSpec(placement=spec.placement, account=spec.account, immutable_days=30)

    assert bucket_arn(spec, MODEL_STORE) == f"arn:aws:s3:::{model_store_name(store)}"


@pytest.mark.parametrize("actor", [Actor.REGISTRY, Actor.MODEL_STORE])
def test_what_works_without_a_role_has_none(actor: Actor) -> None:
    assert actor not in aws_roles(aws_identities())


def test_nothing_is_allowed_on_everything_but_what_aws_binds_to_no_resource() -> None:
    for actor, each in all_statements():
        if each["Resource"] == ["*"]:
            assert each["Condition"] == IN_REGION, (actor, each["Sid"])
            assert {action for action in actions_of(each) if ":Describe" not in action} <= WITHOUT_RESOURCES
        else:
            assert "*" not in resources_of(each)


def test_no_role_may_change_roles_policies_or_keys() -> None:
    dangerous = {
        action for action in all_actions() if action.partition(":")[0] in {"iam", "kms", "sts", "organizations"}
    }

    assert dangerous == {"iam:CreateServiceLinkedRole"}


STACKS = st.from_regex(r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?", fullmatch=True)


@settings(deadline=None)
@given(STACKS, st.from_regex(r"\d{12}", fullmatch=True))
def test_every_role_fits_its_quotas_and_names_its_account_and_region(stack: str, account: str) -> None:
    spec = IdentitiesSpec(placement=placement(stack), account=account)

    accounts = {account, spec.addon_account, ""}
    for actor, documents in aws_roles(spec).items():
        assert len(role_name(stack, actor)) <= LONGEST_ROLE_NAME
        assert len(document(documents.permissions)) <= LARGEST_INLINE_POLICY
        for each in documents.permissions:
            for resource in resources_of(each):
                region, owner = ("*", account) if resource == "*" else resource.split(":")[3:5]
                assert (region in {"me-central-1", "*"}) or resource.startswith(("arn:aws:s3:::", "arn:aws:iam::"))
                assert owner in accounts
                assert owner or resource.startswith("arn:aws:s3:::")


def test_names_are_those_that_the_rest_of_the_environment_uses() -> None:
    names = names_of(AWS_STACK)

    assert (names.cluster, names.trail, names.flow_log_group) == (
        AWS_STACK,
        f"{AWS_STACK}-audit",
        f"/falaj/{AWS_STACK}/flow-logs",
    )
    assert names.log_groups == (f"/falaj/{AWS_STACK}/*", f"/aws/eks/{AWS_STACK}/*")


def all_statements() -> list[tuple[Actor, Statement]]:
    return [(actor, each) for actor, role in aws_roles(aws_identities()).items() for each in role.permissions]


def actions_of(each: Statement) -> list[str]:
    actions = each["Action"]
    assert isinstance(actions, list)
    return actions


def resources_of(each: Statement) -> list[str]:
    resources = each["Resource"]
    assert isinstance(resources, list)
    return resources


def all_actions() -> set[str]:
    found = {action for _, each in all_statements() for action in actions_of(each)}
    assert json.dumps(sorted(found)).count("*") == 0
    return found
