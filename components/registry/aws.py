"""Repositories of Amazon's container registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.registry.flows import registry_flows
from components.registry.spec import registry_host, registry_name, registry_prefix
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from components.manifests import Manifest
    from components.registry.spec import PullThrough, RegistrySpec

PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
"""What a node does to fetch an image by digest."""


class AwsRegistry(pulumi.ComponentResource):
    """One repository per image, in the account's registry of the region.

    Makes Repositories whose tags cannot be moved, encrypted with the key given and scanned at each push, with a policy
    that lets the pullers named fetch and refuses other accounts; and a pull-through rule with a template for each
    mirror. Makes no replication, because Amazon has one region in the country, and no rule that removes images by age,
    because an old image may still run.

    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html
    """

    host: pulumi.Output[str]
    """Where images are pulled from."""
    prefix: str
    """What the name of every image begins with."""
    repositories: dict[str, aws.ecr.Repository]
    """Repositories by name, without the first part."""
    data_flows: tuple[DataFlow, ...]
    """Images in, images out."""
    controls = ()
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: RegistrySpec,
        *,
        key: pulumi.Input[str],
        pullers: Sequence[pulumi.Input[str]] = (),
        mirror_role: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        if spec.mirrors and mirror_role is None:
            raise ValueError("mirrors need mirror_role: ECR encrypts and tags what it fetches in that role's name")
        self.data_flows = registry_flows(spec)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:AwsRegistry", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)
        self._name, self._spec, self._key = name, spec, key
        self._inside = pulumi.ResourceOptions(parent=self)
        self._policy = _policy(spec.account, pullers)
        self.prefix = registry_prefix(spec)
        self.repositories = {repository: self._make_repository(repository) for repository in spec.repositories}
        for mirror in spec.mirrors:
            self._fetch_through(mirror, mirror_role)
        self.host = pulumi.Output.from_input(registry_host(spec))
        self.register_outputs({"host": self.host, "prefix": self.prefix})

    def _make_repository(self, repository: str) -> aws.ecr.Repository:
        spec = self._spec
        called = f"{self._name}-{repository.replace('/', '-')}"
        made = aws.ecr.Repository(
            called,
            name=f"{registry_name(spec)}/{repository}",
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": self._key}],
            force_delete=False,
            tags=spec.placement.tags(),
            opts=pulumi.ResourceOptions(parent=self, protect=spec.placement.protected),
        )
        aws.ecr.RepositoryPolicy(
            f"{called}-policy",
            repository=made.name,
            policy=pulumi.Output.json_dumps(self._policy),
            opts=self._inside,
        )
        return made

    def _fetch_through(self, mirror: PullThrough, role: pulumi.Input[str] | None) -> None:
        target = f"{registry_name(self._spec)}/{mirror.target}"
        template = aws.ecr.RepositoryCreationTemplate(
            f"{self._name}-{mirror.name}-template",
            prefix=target,
            applied_fors=["PULL_THROUGH_CACHE"],
            description=f"Images of {mirror.source}, kept here",
            custom_role_arn=role,
            image_tag_mutability="IMMUTABLE",
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": self._key}],
            repository_policy=pulumi.Output.json_dumps(self._policy),
            resource_tags=self._spec.placement.tags(),
            opts=self._inside,
        )
        aws.ecr.PullThroughCacheRule(
            f"{self._name}-{mirror.name}",
            ecr_repository_prefix=target,
            upstream_registry_url=mirror.source,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[template]),
        )


def _policy(account: str, pullers: Sequence[pulumi.Input[str]]) -> Manifest:
    refusal = {
        "Sid": "RefuseOtherAccounts",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "ecr:*",
        "Condition": {
            "StringNotEquals": {"aws:PrincipalAccount": account},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        },
    }
    permission = {"Sid": "LetPull", "Effect": "Allow", "Principal": {"AWS": list(pullers)}, "Action": PULL}
    return {"Version": "2012-10-17", "Statement": [refusal, permission] if pullers else [refusal]}
