"""What writes to a store, and under which keys it keeps what it holds."""

from __future__ import annotations

import pytest

from policies.days import EXAMPLE_DAY
from policies.joins import Companions
from policies.observability.archives import LOGS, writers
from policies.ownership.store_keys import BUCKETS, KMS_KEY, encryptions_of
from policies.resources import Plan, Resource, resource
from policies.values import UNKNOWN

FLOW_LOG = "aws:ec2/flowLog:FlowLog"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"


def bucket(name: object, called: str = "archive", **properties: object) -> Resource:
    urn = f"urn:pulumi:stack::project::{BUCKETS[0]}::{called}"
    return resource(BUCKETS[0], {"bucket": name} | properties, urn=urn)


def flow_log(target: object, *origins: Resource) -> Resource:
    made_from = {"logDestination": [each.urn for each in origins]} if origins else {}
    return resource(FLOW_LOG, {"logDestination": target}, property_dependencies=made_from)


NAMED, UNNAMED, OTHER = bucket("acme-logs"), bucket(None), bucket(None, "other")


@pytest.mark.parametrize(
    ("store", "log", "writes"),
    [
        (NAMED, flow_log("arn:aws:s3:::acme-logs/vpc"), True),
        (NAMED, flow_log("arn:aws:s3:::ACME-LOGS"), True),
        (NAMED, flow_log("arn:aws:s3:::none"), False),
        (NAMED, flow_log(UNKNOWN), None),
        (NAMED, flow_log(UNKNOWN, OTHER), False),
        (NAMED, flow_log(None), False),
        (UNNAMED, flow_log(None), False),
        (UNNAMED, flow_log("arn:aws:s3:::acme-logs"), None),
        (UNNAMED, flow_log("arn:aws:s3:::acme-logs", OTHER), False),
        (UNNAMED, flow_log(UNKNOWN, UNNAMED), True),
        (bucket("none"), flow_log(None), False),
    ],
)
def test_a_log_goes_to_the_store_that_it_names_or_was_made_from(
    store: Resource, log: Resource, writes: bool | None
) -> None:
    found = writers(store, Plan(EXAMPLE_DAY, resources=(store, log)), LOGS)

    assert found == Companions((log,) if writes else (), (log,) if writes is None else ())


def test_a_key_is_known_by_its_id_as_well() -> None:
    rule = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY_ID}}
    store = bucket("models", serverSideEncryptionConfiguration={"rule": rule})
    key = resource(KMS_KEY, {"keyId": KEY_ID})

    (encryption,) = encryptions_of(store, Plan(EXAMPLE_DAY, resources=(store, key)))

    assert encryption.keys == (key,)
