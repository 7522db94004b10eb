from __future__ import annotations

import json

import pytest

from components.registry.aws import AwsRegistry
from components.registry.spec import PullThrough, RegistrySpec
from falaj.catalog.tags import Stage
from tests.components.conftest import Run
from tests.components.locked_storage.samples import ACCOUNT, KEY, aws, only, protected, tags, untagged
from tests.fakes.golden import assert_golden

REPOSITORY = "aws:ecr/repository:Repository"
NODES = f"arn:aws:iam::{ACCOUNT}:role/aws-me-central-1-prod-nodes"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-me-central-1-prod-registry"
KUBERNETES = PullThrough(name="kubernetes", source="public.ecr.aws", target="k8s")
REFUSAL = {
    "Sid": "RefuseOtherAccounts",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "ecr:*",
    "Condition": {
        "StringNotEquals": {"aws:PrincipalAccount": ACCOUNT},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    },
}


def spec(stage: Stage = Stage.PRODUCTION) -> RegistrySpec:
    return RegistrySpec(**aws(stage), repositories=("falaj.local/traefik", "falaj.local/models/iris"))


def registry() -> None:
    AwsRegistry("registry", spec(), key=KEY, pullers=[NODES])


@pytest.mark.parametrize("preview", [False, True])
def test_equals_its_snapshot(run: Run, *, preview: bool) -> None:
    assert_golden("aws_registry", run(registry, preview=preview))


def test_a_repository_is_immutable_scanned_encrypted_and_protected(run: Run) -> None:
    repository = run(registry).of(REPOSITORY, "registry-falaj.local-traefik")

    assert repository.inputs == {
        "name": "aws-me-central-1-prod/falaj.local/traefik",
        "imageTagMutability": "IMMUTABLE",
        "imageScanningConfiguration": {"scanOnPush": True},
        "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": KEY}],
        "forceDelete": False,
        "tags": tags("aws-me-central-1-prod"),
    }
    assert repository.protect


def test_its_policy_lets_nodes_pull_and_refuses_other_accounts(run: Run) -> None:
    policies = [
        json.loads(each.inputs["policy"]) for each in run(registry).typed("aws:ecr/repositoryPolicy:RepositoryPolicy")
    ]

    expected = {
        "Version": "2012-10-17",
        "Statement": [
            REFUSAL,
            {
                "Sid": "LetPull",
                "Effect": "Allow",
                "Principal": {"AWS": [NODES]},
                "Action": ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            },
        ],
    }
    assert policies == [expected, expected]


def test_without_pullers_the_policy_only_refuses(run: Run) -> None:
    plan = run(lambda: AwsRegistry("registry", RegistrySpec(**aws(), repositories=("a/b",)), key=KEY))

    policy = only(plan, "aws:ecr/repositoryPolicy:RepositoryPolicy").inputs["policy"]
    assert json.loads(policy) == {"Version": "2012-10-17", "Statement": [REFUSAL]}


def test_nothing_replicates_and_nothing_is_removed_by_age(run: Run) -> None:
    types = {each.type for each in run(registry).resources.values() if each.custom}

    assert types == {REPOSITORY, "aws:ecr/repositoryPolicy:RepositoryPolicy"}


def test_what_is_fetched_through_is_kept_like_everything_else(run: Run) -> None:
    plan = run(lambda: AwsRegistry("registry", RegistrySpec(**aws(), mirrors=(KUBERNETES,)), key=KEY, mirror_role=ROLE))

    template = only(plan, "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate")
    policy = json.loads(template.inputs.pop("repositoryPolicy"))
    assert policy == {"Version": "2012-10-17", "Statement": [REFUSAL]}
    assert template.inputs == {
        "prefix": "aws-me-central-1-prod/k8s",
        "appliedFors": ["PULL_THROUGH_CACHE"],
        "description": "Images of public.ecr.aws, kept here",
        "customRoleArn": ROLE,
        "imageTagMutability": "IMMUTABLE",
        "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": KEY}],
        "resourceTags": tags("aws-me-central-1-prod"),
    }
    rule = only(plan, "aws:ecr/pullThroughCacheRule:PullThroughCacheRule")
    assert rule.inputs == {
        "ecrRepositoryPrefix": "aws-me-central-1-prod/k8s",
        "upstreamRegistryUrl": "public.ecr.aws",
    }
    assert template.urn in rule.dependencies


def test_a_mirror_without_a_role_is_refused(run: Run) -> None:
    with pytest.raises(ValueError, match=r"^mirrors need mirror_role: ECR encrypts and tags what it fetches in"):
        run(lambda: AwsRegistry("registry", RegistrySpec(**aws(), mirrors=(KUBERNETES,)), key=KEY))


def test_everything_is_tagged_and_development_is_not_protected(run: Run) -> None:
    plan = run(lambda: AwsRegistry("registry", spec(Stage.DEVELOPMENT), key=KEY))

    assert untagged(plan) == []
    assert protected(plan) == set()
