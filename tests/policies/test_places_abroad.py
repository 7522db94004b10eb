"""Controls of residency beyond their examples: what the SDKs offer, what operators may say, what is known to leak."""

from __future__ import annotations

import pytest

from falaj.catalog.global_services import global_services
from falaj.standin.library import resource_type
from falaj.standin.sdk import sdk
from policies.controls import named
from policies.controls.res_002 import NAMED
from policies.controls.res_004 import VouchedBuckets
from policies.evaluator import Verdict, evaluate
from policies.examples.azure_residency import made
from policies.examples.residency import ABROAD, HOME, arn, holding
from policies.geography.named_regions import region_named
from policies.geography.replicas import PairedBackups
from policies.parameters import Parameters
from policies.resources import Resource, resource
from policies.values import Secret
from tests.policies.test_controls import is_property

FOLLOW_THEIR_PROVIDER = {
    "aws:backup/globalSettings:GlobalSettings",
    "aws:bedrock/useCaseForModelAccess:UseCaseForModelAccess",
    "aws:chime/sdkvoiceGlobalSettings:SdkvoiceGlobalSettings",
    "aws:directconnect/gateway:Gateway",
    "aws:directconnect/hostedConnection:HostedConnection",
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
}
"""Types without a region of their own that lie in their provider's, or are a setting of the whole account."""
FOLLOWING_MODULES = ("aws:notifications/", "aws:rolesanywhere/")
CHOSEN_FOR_THEM = "aws:ecrpublic/"
"""Has a region to choose and only one to choose from."""


def verdict(control: str, *resources: Resource, given: Parameters | None = None) -> Verdict:
    results = evaluate(resources, controls=named(control), given={type(given): given} if given else None)
    return next(result.verdict for result in results if result.urn == resources[0].urn)


@pytest.mark.slow
def test_every_type_of_aws_without_a_region_is_a_global_services_or_follows_its_provider() -> None:
    worldwide = [row for row in global_services().values() if row.provider == "aws"]

    wrong = []
    for token in sdk("aws").resources:
        found = resource_type(token)
        if found is None or not token.startswith("aws:") or token.startswith((CHOSEN_FOR_THEM, *FOLLOWING_MODULES)):
            continue
        is_worldwide = any(row.makes(token) for row in worldwide)
        if ("region" in found.inputs) is (is_worldwide or token in FOLLOW_THEIR_PROVIDER):
            wrong.append(token)
    assert wrong == []


def test_every_type_of_a_global_service_exists_and_belongs_to_one_service() -> None:
    tokens = [*sdk("aws").resources, *sdk("azure-native").resources]
    rows = global_services().values()

    assert [each for row in rows for each in row.types if not any(t.startswith(each.rstrip("*")) for t in tokens)] == []
    assert [token for token in tokens if sum(row.makes(token) for row in rows) > 1] == []


def test_every_location_that_azure_resources_are_judged_by_exists() -> None:
    patterns = [(token, pattern.replace("[]", "[*]")) for token, rules in NAMED.items() for pattern in rules]

    assert [(token, pattern) for token, pattern in patterns if not is_property(token, pattern)] == []


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("eu-west-1", "eu-west-1"),
        ("us-gov-west-1", "us-gov-west-1"),
        ("us-isob-east-1", "us-isob-east-1"),
        ("eusc-de-east-1", "eusc-de-east-1"),
        ("ap-southeast-2b", "ap-southeast-2"),
        ("us-west-2-lax-1a", "us-west-2"),
        ("arn:aws:sns:eu-west-1:111122223333:alerts", "eu-west-1"),
        ("arn:aws:s3:::models", None),
        ("arn:aws:s3:::eu-west-1", None),
        ("arn:aws:logs:*:111122223333:*", None),
        ("https://sqs.eu-west-1.amazonaws.com/111122223333/jobs", "eu-west-1"),
        ("s3-us-west-2.amazonaws.com", "us-west-2"),
        ("111122223333.dkr.ecr.eu-west-1.amazonaws.com/iris:1", "eu-west-1"),
        ("com.amazonaws.vpce.us-east-1.vpce-svc-1", "us-east-1"),
        ("abc.lambda-url.eu-west-1.on.aws", "eu-west-1"),
        ("s3.eu-west-1.api.aws", "eu-west-1"),
        ("lambda.amazonaws.com", None),
        ("the copy in eu-west-1", None),
        ('{"Condition": {"aws:RequestedRegion": "eu-west-1"}, "x": "sts.amazonaws.com"}', None),
        ("models-eu-west-1", None),
        ("node-group-1", None),
        (Secret("eu-west-1"), "eu-west-1"),
        (7, None),
    ],
)
def test_a_region_is_read_from_texts_that_name_a_place_and_from_no_other(text: object, region: str | None) -> None:
    assert region_named(text) == region


def test_a_secret_that_names_a_place_abroad_is_found_and_not_told() -> None:
    subscription = resource(
        "aws:sns/topicSubscription:TopicSubscription",
        {"region": HOME, "endpoint": Secret(arn(ABROAD, "sqs", "jobs"))},
    )
    (result,) = evaluate([subscription], controls=named("RES-001"))

    assert [str(finding) for finding in result.findings] == [
        "endpoint: found [secret], expected a region in the UAE: me-central-1"
    ]


def test_a_bucket_that_the_operator_vouches_for_may_be_copied_to() -> None:
    copy = "arn:aws:s3:::archive"
    rule = made("aws:s3/bucketReplicationConfig:BucketReplicationConfig", **holding("rules[].destination.bucket", copy))

    assert verdict("RES-004", rule) is Verdict.UNKNOWN
    assert verdict("RES-004", rule, given=VouchedBuckets(in_the_uae=(copy,))) is Verdict.PASS


@pytest.mark.parametrize(
    ("location", "allowed", "expected"),
    [
        ("uaenorth", False, Verdict.FAIL),
        ("uaenorth", True, Verdict.PASS),
        ("UAE Central", True, Verdict.PASS),
        ("westeurope", True, Verdict.FAIL),
    ],
)
def test_backups_go_to_the_pair_where_the_operator_lets_them_and_the_pair_lies_here(
    location: str, allowed: bool, expected: Verdict
) -> None:
    postgres = made("azure-native:dbforpostgresql:Server", location=location, backup={"geoRedundantBackup": "Enabled"})
    cosmos = made("azure-native:cosmosdb:DatabaseAccount", location=location, locations=[])

    for server in (postgres, cosmos):
        assert verdict("RES-009", server, given=PairedBackups(in_country_pair=allowed)) is expected
