"""RES-001: every AWS resource lies in the UAE and names no place outside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from falaj.catalog.global_services import global_service_of
from falaj.catalog.providers import Provider
from policies.control import Control, Severity, Subject, as_is
from policies.documents import document
from policies.examples.residency import ABROAD, AWS_PROVIDER, HOME, UAE_AWS, aws_provider, first, naming
from policies.geography.named_regions import region_named, texts
from policies.geography.places import lies_in_aws_uae, uae_regions
from policies.node import Node
from policies.outcomes import Finding, NotApplicable, Outcome, Undecided
from policies.resources import Resource, resource
from policies.tables import Judge, Table, by_table, if_set, reads_of
from policies.values import UNKNOWN

BUCKET = "aws:s3/bucket:Bucket"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
PEERING = "aws:ec2/vpcPeeringConnection:VpcPeeringConnection"
HERE: Judge = if_set(lies_in_aws_uae)
NAMED: Table = {
    AWS_PROVIDER: {"stsRegion": HERE},
    PEERING: {"peerRegion": HERE},
    "aws:ec2transitgateway/peeringAttachment:PeeringAttachment": {"peerRegion": HERE},
    ENDPOINT: {"serviceRegion": HERE},
    "aws:ec2/vpcEndpointService:VpcEndpointService": {"supportedRegions[]": HERE},
    "aws:cloudformation/stackInstances:StackInstances": {"regions[]": HERE},
    "aws:cloudformation/stackSetInstance:StackSetInstance": {"stackSetInstanceRegion": HERE},
    "aws:cognito/userPool:UserPool": {"smsConfiguration.snsRegion": HERE},
    "aws:ssmincidents/replicationSet:ReplicationSet": {"region[].name": HERE, "regions[].name": HERE},
    "aws:sesv2/multiRegionEndpoint:MultiRegionEndpoint": {"details.routesDetails.region": HERE},
}
"""Where resources name another region, to reach it or to be there too."""
TAGS = ("tags", "tagsAll", "defaultTags")
SWITCH, HEALTH_CHECK = "aws:account/region:Region", "aws:route53/healthCheck:HealthCheck"
TALKS_OF_REGIONS = (SWITCH, HEALTH_CHECK)
"""What switches a region of the account on or off, and what is asked from abroad whether it answers."""
IN_THE_UAE = f"a region in the UAE: {', '.join(uae_regions(Provider.AWS))}"
NOBODY_SAYS = "the resource or its provider has to name the region (aws:region in the stack file)"

CONTROL = Control(
    id="RES-001",
    title="Every AWS resource lies in the UAE and names no place outside it",
    harm="What lies in another region lies under another country's law, though nobody ever decided that.",
    severity=Severity.CRITICAL,
    applies_to=Subject(tokens=("aws:*", *NAMED), view=as_is),
    reads=(
        "region",
        *reads_of(NAMED),
        "VpcEndpoint:serviceName",
        "EventTarget:arn",
        "Subnet:availabilityZone",
        "Zone:vpcs[*].vpcRegion",
        f"{AWS_PROVIDER}:endpoints",
    ),
    remedy="Take region off the resource, or set it and the provider's to a region of `falaj catalog show regions`.",
    note=(
        "A resource has a region of its own since version 7 of the provider; without one, its provider's counts. "
        "Beyond the paths it reads, every text of a resource is looked at but its tags: a region, a zone, an ARN or a "
        "host of another region is a finding, so that forwarders and copies of services that no other control knows "
        "are found too. One that is not known in a preview is judged in the update. What only talks of regions, "
        "to switch one off or to be asked from there whether it answers, may name any. "
        "Services that the catalog lists as worldwide lie in no region; the controls it names watch them."
    ),
)


@CONTROL.check
def stays_in_the_uae(found: Resource) -> Iterator[Outcome]:
    """Find a resource outside the country, and any place outside it that a resource names."""
    service = global_service_of(found.type)
    if service is not None:
        watched = ", ".join(service.controls)
        yield NotApplicable(
            f"{service.title} lies in no region ({service.place}); {watched} says what of it is allowed"
        )
    else:
        yield from lies_in_the_uae(found)
    if found.type in NAMED:
        yield from by_table(NAMED, found)
    for text in texts_of(found):
        if region_named(text.value) not in (None, *uae_regions(Provider.AWS)):
            yield text.finding(IN_THE_UAE)


def lies_in_the_uae(found: Resource) -> Iterator[Outcome]:
    """Judge the region of a resource: its own, or else its provider's."""
    own = found["region"]
    # The one type whose region is a list names there the regions of its replicas.
    if own.value is not None and not isinstance(own.value, list):
        yield from lies_in_aws_uae(own)
        return
    home = found.provider["region"] if found.provider is not None else own
    if home.value is None or home is own:
        yield Undecided(own.path, missing=NOBODY_SAYS)
        return
    for outcome in lies_in_aws_uae(home):
        if isinstance(outcome, Finding):
            yield replace(outcome, found=f"{outcome.found}, its provider's")
        else:
            yield outcome


def texts_of(found: Resource) -> Iterator[Node]:
    """Yield every text in a resource that may name a place. A provider holds its lists as JSON."""
    for text in texts(found.root):
        if text.path.parts[0] not in TAGS and found.type not in TALKS_OF_REGIONS:
            yield from texts(document(text)) if found.type == AWS_PROVIDER else (text,)


CERTIFICATE = "aws:acm/certificate:Certificate"
SUBNET = "aws:ec2/subnet:Subnet"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
ZONE = "aws:route53/zone:Zone"
BUS_ABROAD = f"arn:aws:events:{ABROAD}:111122223333:event-bus/all"
POLICY = f'{{"Condition": {{"StringNotEquals": {{"aws:RequestedRegion": "{ABROAD}"}}}}}}'

for token, patterns in NAMED.items():
    for pattern in patterns:
        kind = token.rpartition(":")[2]
        CONTROL.good(f"{pattern} of {kind} at home", naming(token, pattern, HOME))
        CONTROL.bad(
            f"{pattern} of {kind} abroad",
            naming(token, pattern, ABROAD),
            finding=f"{first(pattern)}: found {ABROAD}, expected {UAE_AWS}",
        )
CONTROL.good("a region of its own, at home", resource(BUCKET, {"region": HOME, "tags": {"copyOf": ABROAD}}))
CONTROL.good("its provider's region", resource(BUCKET, {"bucket": "models"}, provider=aws_provider()))
CONTROL.good(
    "a policy that names a region to forbid it",
    resource(ENDPOINT, {"region": HOME, "vpcId": UNKNOWN, "policy": POLICY}),
)
CONTROL.good("a provider at home", aws_provider())
CONTROL.bad(
    "a region of its own, abroad, whatever its provider's",
    resource(BUCKET, {"region": ABROAD}, provider=aws_provider()),
    finding=f"region: found {ABROAD}, expected {UAE_AWS}",
)
CONTROL.bad(
    "its provider's region, abroad",
    resource(BUCKET, {}, provider=aws_provider(region="me-south-1")),
    finding=f"region: found me-south-1, its provider's, expected {UAE_AWS}",
)
CONTROL.bad(
    "a certificate for CloudFront",
    resource(CERTIFICATE, {"region": "us-east-1"}),
    finding=f"region: found us-east-1, expected {UAE_AWS}",
)
CONTROL.bad("a provider abroad", aws_provider(region=ABROAD), finding=f"region: found {ABROAD}, expected {UAE_AWS}")
CONTROL.bad(
    "a provider that signs in abroad",
    aws_provider(endpoints=f'[{{"sts": "https://sts.{ABROAD}.amazonaws.com"}}]'),
    finding=f"endpoints[0].sts: found https://sts.{ABROAD}.amazonaws.com, expected {UAE_AWS}",
)
CONTROL.bad(
    "a region without a name",
    resource(BUCKET, {"region": ""}),
    finding=f'region: found "", expected {UAE_AWS}',
)
CONTROL.bad(
    "events sent abroad",
    resource(TARGET, {"region": HOME, "arn": BUS_ABROAD}),
    finding=f"arn: found {BUS_ABROAD}, expected {UAE_AWS}",
)
CONTROL.bad(
    "a zone abroad",
    resource(SUBNET, {"region": HOME, "availabilityZone": f"{ABROAD}a"}),
    finding=f"availabilityZone: found {ABROAD}a, expected {UAE_AWS}",
)
CONTROL.bad(
    "a service abroad, reached from inside",
    resource(ENDPOINT, {"region": HOME, "serviceName": "com.amazonaws.vpce.us-east-1.vpce-svc-0a1b"}),
    finding=f"serviceName: found com.amazonaws.vpce.us-east-1.vpce-svc-0a1b, expected {UAE_AWS}",
)
CONTROL.bad(
    "a worldwide service that names a network abroad",
    resource(ZONE, {"vpcs": [{"vpcId": "vpc-1", "vpcRegion": ABROAD}]}),
    finding=f"vpcs[0].vpcRegion: found {ABROAD}, expected {UAE_AWS}",
)
CONTROL.unknown("a region made elsewhere", resource(BUCKET, {"region": UNKNOWN}), at="region")
CONTROL.unknown(
    "a provider's region made elsewhere", resource(BUCKET, {}, provider=aws_provider(region=UNKNOWN)), at="region"
)
CONTROL.unknown("a region to reach made elsewhere", naming(PEERING, "peerRegion", UNKNOWN), at="peerRegion")
CONTROL.unknown("nobody names a region", resource(BUCKET, {}), at="region")
CONTROL.unknown("a provider that names none", resource(BUCKET, {}, provider=aws_provider(region=None)), at="region")
CONTROL.unknown("a provider alone that names none", aws_provider(region=None), at="region")
CONTROL.not_applicable("roles belong to IAM, which is worldwide", resource("aws:iam/role:Role", {}))
CONTROL.not_applicable("a public zone of Route 53", resource(ZONE, {"name": "example.ae"}))
CONTROL.not_applicable("CloudFront is RES-010's", resource("aws:cloudfront/distribution:Distribution", {}))
CONTROL.not_applicable("a region switched off", resource(SWITCH, {"regionName": ABROAD, "enabled": False}))
CONTROL.not_applicable("asked from abroad whether it answers", resource(HEALTH_CHECK, {"regions": [ABROAD]}))
CONTROL.not_applicable("another cloud's", resource("azure-native:storage:StorageAccount", {"location": "westeurope"}))
