from __future__ import annotations

import pytest

from falaj.catalog.tags import Stage
from policies.capacity.machines import sizes_of
from policies.capacity.pools import pools_of
from policies.days import EXAMPLE_DAY
from policies.examples.pools import AWS_ZONES, ON_AWS, agent_pool, eks, launch_template, node_group, subnet, subnets
from policies.examples.tenants import LIMITS, limits, room
from policies.geography.homes import home_of
from policies.geography.zones import span_of
from policies.ownership.store_keys import BUCKETS, CONFIGURATIONS, KMS_KEY, encryptions_of
from policies.ownership.tenants import members
from policies.resources import Plan, Resource, resource
from policies.stages import stage_of
from policies.values import UNKNOWN

KEY_ARN = "arn:aws:kms:me-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def plan(*resources: Resource) -> Plan:
    return Plan(EXAMPLE_DAY, resources=resources)


def only(found: Resource) -> list[object]:
    (pool,) = pools_of(found)
    return [pool.least.value, None if pool.most is None else pool.most.value]


def test_the_bounds_of_a_pool_are_those_that_its_cloud_goes_by() -> None:
    assert only(node_group()) == [2, 6]
    assert only(agent_pool()) == [2, 6]
    assert only(agent_pool(enableAutoScaling=False, count=3)) == [3, None]
    assert only(agent_pool(enableAutoScaling=UNKNOWN, count=3))[0] is UNKNOWN


def test_a_pool_without_a_size_takes_that_of_its_own_template() -> None:
    made_from = {"launchTemplate": [launch_template().urn]}
    template = launch_template(instanceType="g5.xlarge")
    own, strange = node_group(instanceTypes=None, made_from=made_from), node_group(instanceTypes=None)
    named = node_group(made_from=made_from, instanceTypes=["m7i.large"])

    found = [
        [size.value for pool in pools_of(each) for size in sizes_of(pool, plan(template))]
        for each in (own, strange, named)
    ]

    assert found == [["g5.xlarge"], [], ["m7i.large"]]
    assert [*sizes_of(next(pools_of(own)), plan(launch_template()))] == []


def test_ids_of_other_stacks_count_beside_the_subnets_of_this_one() -> None:
    (made,) = subnets(AWS_ZONES[0])
    ids = [["subnet-1", "subnet-2"], [UNKNOWN, "subnet-2"], [UNKNOWN, UNKNOWN, UNKNOWN], ["subnet-1"]]

    spans = [span_of(eks(ids=each)["vpcConfig"]["subnetIds"], [made.urn], plan(made)) for each in ids]

    assert [(span.elsewhere, span.most, len(span.undecided)) for span in spans] == [
        (1, 2, 0),
        (1, 2, 0),
        (0, 3, 1),
        (0, 1, 0),
    ]


def test_a_subnet_without_a_zone_is_one_that_may_lie_anywhere() -> None:
    known, unsaid, unknown = (
        subnet("mec1-az1"),
        subnet("b", availabilityZoneId=None),
        subnet("c", availabilityZoneId=UNKNOWN),
    )
    made = (known, unsaid, unknown)

    span = span_of(eks(inside=made)["vpcConfig"]["subnetIds"], [each.urn for each in made], plan(*made))

    assert (span.zones, len(span.undecided)) == (("mec1-az1",), 2)


def test_the_subnets_of_another_cluster_span_nothing_for_this_one() -> None:
    made = subnets(*AWS_ZONES)
    cluster = eks(inside=made[:1])
    ids = cluster["vpcConfig"]["subnetIds"]

    span = span_of(ids, [made[0].urn], plan(*made))

    assert (span.zones, span.elsewhere, span.most, span.undecided) == (("mec1-az1",), 0, 1, ())
    assert span_of(eks(ids=UNKNOWN)["vpcConfig"]["subnetIds"], [], plan(*made)).most is None


def test_a_list_of_one_subnet_spans_one_zone_whatever_it_was_made_from() -> None:
    made = subnets(*AWS_ZONES)
    ids = eks(ids=["subnet-1"])["vpcConfig"]["subnetIds"]

    span = span_of(ids, [each.urn for each in made], plan(*made))

    assert span.within(home_of(eks(provider=ON_AWS), plan()), AWS_ZONES) == 1


@pytest.mark.parametrize(
    ("region", "said"),
    [
        (None, "configuration.region: not known, the resource, its provider or the stack has to name the region"),
        ("me-middle-9", "region: not known, no region of the catalog is named me-middle-9"),
        (UNKNOWN, "region: not known yet"),
    ],
)
def test_a_region_nobody_knows_is_told_in_words(region: object, said: str) -> None:
    home = home_of(eks(provider=None, region=region), plan())

    assert (str(home.undecided), home.region) == (said, None)


def test_a_stage_that_is_not_known_is_none() -> None:
    assert stage_of(resource("aws:s3/bucket:Bucket", {"tags": UNKNOWN}), plan()) is None
    assert stage_of(resource("aws:s3/bucket:Bucket", {"tags": {"environment": "dr"}}), plan()) is Stage.RECOVERY


def test_what_two_namespaces_made_may_lie_in_either() -> None:
    one, two = room(), resource(room().type, {}, urn=f"{room().urn}-2")
    bounds = limits(inside=UNKNOWN, made_from=[one, two])

    assert [each.undecided for each in (members(one, plan(bounds), LIMITS),)] == [(bounds,)]
    assert members(one, plan(limits(inside=UNKNOWN, made_from=[two])), LIMITS).undecided == ()
    assert members(room(name=None), plan(limits()), LIMITS).certain == ()


def bucket_and_key(arn: object) -> tuple[Resource, Resource]:
    default = {"applyServerSideEncryptionByDefault": {"kmsMasterKeyId": KEY_ARN}}
    bucket = resource(BUCKETS[0], {"bucket": "acme", "serverSideEncryptionConfiguration": {"rule": default}})
    return bucket, resource(KMS_KEY, {"arn": arn})


@pytest.mark.parametrize(("arn", "keys"), [(KEY_ARN, 1), (f"{KEY_ARN}0", 0), (UNKNOWN, 0)])
def test_a_store_has_the_keys_that_it_names_and_no_other(arn: object, keys: int) -> None:
    bucket, key = bucket_and_key(arn)

    assert [len(each.keys) for each in encryptions_of(bucket, plan(key))] == [keys]


def test_what_speaks_of_a_bucket_outranks_what_the_bucket_says() -> None:
    bucket, key = bucket_and_key(KEY_ARN)
    rule = {"applyServerSideEncryptionByDefault": {"kmsMasterKeyId": "alias/other"}}
    spoken = resource(CONFIGURATIONS[0], {"bucket": "acme", "rules": [rule]})

    (found,) = encryptions_of(bucket, plan(key, spoken))

    assert (found.holder, found.keys) == (spoken, ())
