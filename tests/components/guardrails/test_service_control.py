from __future__ import annotations

import json
from typing import Any

from components.guardrails.service_control import LONGEST, service_control_policy
from tests.components.guardrails.test_spec import spec
from tests.components.network.networks import ACCOUNT


def statements(**changes: object) -> dict[str, dict[str, Any]]:
    return {each["Sid"]: each for each in service_control_policy(spec(**changes))["Statement"]}  # type: ignore[arg-type]  # fields of the spec


def test_other_regions_are_refused_but_for_what_has_none() -> None:
    elsewhere = statements()["RefuseOtherRegions"]

    assert elsewhere["Effect"] == "Deny"
    assert elsewhere["Condition"] == {"StringNotEquals": {"aws:RequestedRegion": ["me-central-1"]}}
    assert "Action" not in elsewhere
    assert {"iam:*", "sts:*", "organizations:*"} <= {*elsewhere["NotAction"]}


def test_services_that_end_tls_abroad_are_no_exception() -> None:
    exceptions = {action.partition(":")[0] for action in statements()["RefuseOtherRegions"]["NotAction"]}

    assert not exceptions & {"cloudfront", "globalaccelerator", "kms", "ec2", "ecr", "bedrock"}


def test_nobody_leaves_copies_abroad_or_stops_the_record() -> None:
    found = statements()

    assert "organizations:LeaveOrganization" in found["RefuseLeaving"]["Action"]
    assert "kms:ReplicateKey" in found["RefuseCopiesAbroad"]["Action"]
    assert found["RefuseKeysAbroad"]["Condition"] == {"Bool": {"kms:MultiRegion": "true"}}
    assert found["RefuseStoppingTheRecord"]["Action"] == ["cloudtrail:StopLogging"]


def test_public_doors_are_refused_to_the_account_where_there_is_no_way_out() -> None:
    doors = statements()["RefusePublicDoors"]

    assert doors["Condition"] == {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}
    assert "ec2:AllocateAddress" in doors["Action"]
    assert "RefusePublicDoors" not in statements(egress="firewall")


def test_machines_of_other_sizes_are_refused_where_sizes_are_named() -> None:
    sizes = statements(sizes=["m7i.2xlarge", "c7i.4xlarge"])["RefuseOtherSizes"]

    assert sizes["Resource"] == "arn:aws:ec2:*:*:instance/*"
    assert sizes["Condition"]["StringNotEquals"] == {"ec2:InstanceType": ["c7i.4xlarge", "m7i.2xlarge"]}
    assert "RefuseOtherSizes" not in statements()


def test_the_longest_policy_is_one_that_aws_takes() -> None:
    longest = service_control_policy(spec(sizes=[f"c7i-flex.{number}xlarge" for number in range(60)]))

    assert len(json.dumps(longest, separators=(",", ":"))) <= LONGEST
