"""Pools of EC2 machines for EKS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from components.node_pools.contract import startup_taints, taints
from components.node_pools.flows import pool_flows
from components.node_pools.gpu_aws import (
    BLOCK,
    ami_type,
    autoscaler_tags,
    gpu_fixed,
    node_labels_of,
    reserved,
    user_data,
)
from components.node_pools.names import aws_name
from components.node_pools.spec import NodeOs
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_aws.ec2 import LaunchTemplateBlockDeviceMappingArgsDict

    from components.node_pools.spec import NodePoolSpec

AMI_TYPES = {
    (NodeOs.AMAZON_LINUX_2023, "x86_64"): "AL2023_x86_64_STANDARD",
    (NodeOs.AMAZON_LINUX_2023, "arm64"): "AL2023_ARM_64_STANDARD",
    (NodeOs.BOTTLEROCKET, "x86_64"): "BOTTLEROCKET_x86_64",
    (NodeOs.BOTTLEROCKET, "arm64"): "BOTTLEROCKET_ARM_64",
}
"""Which image EKS keeps patched for each operating system and instruction set."""
FIRST_DISK = "/dev/xvda"
FIRST_DISK_OF_UBUNTU = "/dev/sda1"
SECOND_DISK = "/dev/xvdb"
BOTTLEROCKET_SYSTEM_GIB = 4
"""Bottlerocket's own disk, read-only; containers live on the second."""
TAGGED_AT_LAUNCH = ("instance", "volume", "network-interface")
"""What a machine brings with it; the tags of a node group reach none of these."""
CAPACITY_TYPES = {"reserved": "ON_DEMAND", "on_demand": "ON_DEMAND", "spot": "SPOT"}


class EksNodePool(pulumi.ComponentResource):
    """Machines of one kind in private subnets.

    Makes a launch template (session tokens only and one hop to the metadata service, disks under our key, no public
    address, tags on machine, disk and interface) and a managed node group that repairs its nodes and brings new ones
    before it drains old ones, or exchanges them one by one where no surge is asked for. Another size, disk, zone,
    operating system or tenant makes another node group first and removes the old one after, as do another GPU driver,
    layout of the cards, way of sharing or reservation; how many machines there are belongs to the cluster autoscaler,
    between the two bounds, which reads the time limit of a pool with GPUs from a tag of its scaling group.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html
    """

    pool: pulumi.Resource
    """The node group."""
    name: pulumi.Output[str]
    """Its name in the cloud."""
    data_flows: tuple[DataFlow, ...]
    """What the machines move on their own."""
    controls = ("RES-021",)
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: NodePoolSpec,
        *,
        cluster_name: pulumi.Input[str],
        role: pulumi.Input[str],
        subnets: pulumi.Input[Sequence[pulumi.Input[str]]],
        security_group: pulumi.Input[str],
        disk_key: pulumi.Input[str],
        after: Sequence[pulumi.Resource] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = pool_flows(spec)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:EksNodePool", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)
        self._name, self._spec = name, spec
        self._physical = aws_name(spec.pool, fixed(spec))

        template = self._make_template(security_group, disk_key, cluster_name)
        group = self._make_group(cluster_name, role, subnets, template, after)
        self._tell_the_autoscaler(group)
        self.pool = group
        self.name = group.node_group_name
        self.register_outputs({"name": self.name})

    def _make_group(
        self,
        cluster_name: pulumi.Input[str],
        role: pulumi.Input[str],
        subnets: pulumi.Input[Sequence[pulumi.Input[str]]],
        template: aws.ec2.LaunchTemplate,
        after: Sequence[pulumi.Resource],
    ) -> aws.eks.NodeGroup:
        spec, image = self._spec, image_type(self._spec)
        marks = (*taints(spec), *startup_taints(spec))
        return aws.eks.NodeGroup(
            f"{self._name}-nodes",
            cluster_name=cluster_name,
            node_group_name=self._physical,
            node_role_arn=role,
            subnet_ids=subnets,
            version=spec.kubernetes_version if image is not None else None,
            ami_type=image,
            capacity_type=capacity_type(spec),
            instance_types=list(spec.sizes),
            launch_template={"id": template.id, "version": template.latest_version.apply(str)},
            scaling_config={"min_size": spec.minimum, "max_size": spec.maximum, "desired_size": spec.minimum},
            update_config={"max_unavailable_percentage": spec.surge_percent, "update_strategy": "DEFAULT"}
            if spec.surge_percent
            else {"max_unavailable": 1, "update_strategy": "MINIMAL"},
            node_repair_config={"enabled": True},
            labels=node_labels_of(spec),
            taints=[{"key": taint.key, "value": taint.value, "effect": "NO_SCHEDULE"} for taint in marks],
            tags={**spec.placement.tags(), "Name": self._physical},
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=list(after), ignore_changes=["scalingConfig.desiredSize"]
            ),
        )

    def _make_template(
        self, security_group: pulumi.Input[str], disk_key: pulumi.Input[str], cluster_name: pulumi.Input[str]
    ) -> aws.ec2.LaunchTemplate:
        tags = {**self._spec.placement.tags(), "Name": self._physical}
        return aws.ec2.LaunchTemplate(
            f"{self._name}-template",
            name=self._physical,
            update_default_version=True,
            metadata_options={
                "http_endpoint": "enabled",
                "http_tokens": "required",
                "http_put_response_hop_limit": 1,
                "instance_metadata_tags": "disabled",
            },
            block_device_mappings=_disks(self._spec, disk_key),
            network_interfaces=[
                {
                    "device_index": 0,
                    "associate_public_ip_address": "false",
                    "delete_on_termination": "true",
                    "security_groups": [security_group],
                }
            ],
            tag_specifications=[{"resource_type": kind, "tags": tags} for kind in TAGGED_AT_LAUNCH],
            tags=tags,
            **self._for_gpus(cluster_name),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _for_gpus(self, cluster_name: pulumi.Input[str]) -> dict[str, Any]:
        """The parts of a launch template that only machines with GPUs have."""
        spec, gpu = self._spec, self._spec.gpu
        if gpu is None:
            return {}
        return reserved(gpu) | {"image_id": gpu.image_id, "user_data": user_data(spec, gpu, cluster_name)}

    def _tell_the_autoscaler(self, group: aws.eks.NodeGroup) -> None:
        """Tags of the scaling group that EKS makes, which those of the node group do not reach."""
        if self._spec.gpu is None:
            return
        scaling_group = group.resources.apply(lambda found: found[0].autoscaling_groups[0].name)
        for number, (key, value) in enumerate(autoscaler_tags(self._spec, self._spec.gpu).items()):
            aws.autoscaling.Tag(
                f"{self._name}-autoscaler-{number}",
                autoscaling_group_name=scaling_group,
                tag={"key": key, "value": value, "propagate_at_launch": False},
                opts=pulumi.ResourceOptions(parent=self),
            )


def fixed(spec: NodePoolSpec) -> dict[str, Any]:
    """Return what a node group can't change, or may not change under the pods of a tenant."""
    return {
        "amiType": image_type(spec),
        "capacityType": capacity_type(spec),
        "instanceTypes": spec.sizes,
        "diskGib": spec.disk_gib,
        "zones": spec.zones,
        "role": spec.role,
        "tenant": spec.tenant,
        **({} if spec.gpu is None else gpu_fixed(spec, spec.gpu)),
    }


def image_type(spec: NodePoolSpec) -> str | None:
    """Return which image EKS keeps for a pool; None for an image of one's own."""
    return AMI_TYPES[spec.os, spec.architecture] if spec.gpu is None else ami_type(spec.gpu)


def capacity_type(spec: NodePoolSpec) -> str:
    """Return how the machines of a pool are paid for, in the words of EKS."""
    reservation = None if spec.gpu is None else spec.gpu.reservation
    return BLOCK if reservation is not None and reservation.block else CAPACITY_TYPES[spec.capacity]


def _disks(spec: NodePoolSpec, key: pulumi.Input[str]) -> list[pulumi.Input[LaunchTemplateBlockDeviceMappingArgsDict]]:
    sizes = {FIRST_DISK: spec.disk_gib}
    if spec.os is NodeOs.BOTTLEROCKET:
        sizes = {FIRST_DISK: BOTTLEROCKET_SYSTEM_GIB, SECOND_DISK: spec.disk_gib}
    if spec.os is NodeOs.UBUNTU:
        sizes = {FIRST_DISK_OF_UBUNTU: spec.disk_gib}
    return [
        {
            "device_name": device,
            "ebs": {
                "encrypted": "true",
                "kms_key_id": key,
                "volume_type": "gp3",
                "volume_size": size,
                "delete_on_termination": "true",
            },
        }
        for device, size in sizes.items()
    ]
