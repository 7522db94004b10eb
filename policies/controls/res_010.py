"""RES-010: nothing is served from points of presence outside the country."""

from __future__ import annotations

from collections.abc import Iterator

from falaj.catalog.global_services import Advice, GlobalService, global_service_of, global_services
from policies.control import Control, Severity, Subject, as_is
from policies.node import Node
from policies.outcomes import Finding, Outcome
from policies.path import Path
from policies.resources import Resource, resource
from policies.tables import Table, by_table, reads_of
from policies.templates import is_absent, is_one_of
from policies.values import UNKNOWN


def is_regional(kind: Node) -> Iterator[Outcome]:
    """Find an interface that is reached through CloudFront, as each is that says nothing else."""
    yield from is_one_of(kind, ("REGIONAL", "PRIVATE"), "REGIONAL or PRIVATE")


def is_no_distribution(origin: Node) -> Iterator[Outcome]:
    """Find a distribution of Lightsail, whatever it is made of."""
    yield Finding(origin.path, "a distribution all over the world", "a load balancer of the region")


def is_under_its_own_name(certificate: Node) -> Iterator[Outcome]:
    """Find sign-in pages under a name of one's own, which CloudFront serves."""
    yield from is_absent(certificate, "nothing: CloudFront serves a domain of one's own")


THIS = "RES-010"
TYPE = Path() / "type"
"""What a resource is, where its being there is the finding."""
FORBIDDEN = [
    service
    for service in global_services().values()
    if service.provider == "aws" and service.advice is Advice.FORBID and THIS in service.controls
]
API, DOMAIN_NAME = "aws:apigateway/restApi:RestApi", "aws:apigateway/domainName:DomainName"
SIGN_IN = "aws:cognito/userPoolDomain:UserPoolDomain"
LIGHTSAIL = "aws:lightsail/distribution:Distribution"
RULES: Table = {
    API: {"endpointConfiguration.types": is_regional},
    DOMAIN_NAME: {"endpointConfiguration.types": is_regional},
    SIGN_IN: {"certificateArn": is_under_its_own_name},
    LIGHTSAIL: {"origin": is_no_distribution},
}

CONTROL = Control(
    id=THIS,
    title="Nothing is served from points of presence outside the country",
    harm="Requests are opened, and answers kept, in whatever country their sender happens to be.",
    severity=Severity.CRITICAL,
    applies_to=Subject(tokens=(*RULES, *(token for service in FORBIDDEN for token in service.types)), view=as_is),
    reads=reads_of(RULES),
    remedy="Take it out, and let clients reach the gateway of the region; an API becomes REGIONAL or PRIVATE.",
    note=(
        "Which services of AWS are forbidden, the catalog says; each of their resources is a finding, disabled or not. "
        "REST APIs, domains of sign-in pages and distributions of Lightsail stand behind CloudFront as well. Where "
        "data must not leave the country in any case, the profile says that no waiver counts (residency_waivable)."
    ),
)


@CONTROL.check
def is_served_here(found: Resource) -> Iterator[Outcome]:
    """Find what stands outside the country between clients and the platform."""
    service = global_service_of(found.type)
    if service is not None:
        yield Finding(TYPE, service.title, service.instead)
    else:
        yield from by_table(RULES, found)


def forbidden(service: GlobalService) -> str:
    """Return the finding on any resource of a service."""
    return f"type: found {service.title}, expected {service.instead}"


CLOUDFRONT, ACCELERATOR = "aws:cloudfront/distribution:Distribution", "aws:globalaccelerator/accelerator:Accelerator"

for token in (API, DOMAIN_NAME):
    kind = token.rpartition(":")[2]
    for allowed in ("REGIONAL", "PRIVATE"):
        CONTROL.good(f"{kind} that is {allowed}", resource(token, {"endpointConfiguration": {"types": allowed}}))
    CONTROL.bad(
        f"{kind} at the edge",
        resource(token, {"endpointConfiguration": {"types": "EDGE"}}),
        finding="endpointConfiguration.types: found EDGE, expected REGIONAL or PRIVATE",
    )
    CONTROL.bad(
        f"{kind} that says nothing, so at the edge",
        resource(token, {}),
        finding="endpointConfiguration.types: found nothing, expected REGIONAL or PRIVATE",
    )
    CONTROL.unknown(
        f"{kind} decided elsewhere",
        resource(token, {"endpointConfiguration": {"types": UNKNOWN}}),
        at="endpointConfiguration.types",
    )
for token, key in (
    (CLOUDFRONT, "aws-cloudfront"),
    ("aws:cloudfront/keyValueStore:KeyValueStore", "aws-cloudfront"),
    (ACCELERATOR, "aws-global-accelerator"),
    ("aws:ecrpublic/repository:Repository", "aws-ecr-public"),
    ("aws:waf/webAcl:WebAcl", "aws-waf-cloudfront"),
):
    CONTROL.bad(token.partition(":")[2], resource(token, {"enabled": False}), finding=forbidden(global_services()[key]))
CONTROL.good("sign-in pages under AWS's own name", resource(SIGN_IN, {"domain": "acme"}))
CONTROL.bad(
    "sign-in pages under one's own name",
    resource(
        SIGN_IN, {"domain": "sign-in.example.ae", "certificateArn": "arn:aws:acm:us-east-1:111122223333:certificate/1"}
    ),
    finding=(
        "certificateArn: found arn:aws:acm:us-east-1:111122223333:certificate/1, "
        "expected nothing: CloudFront serves a domain of one's own"
    ),
)
CONTROL.bad(
    "a distribution of Lightsail",
    resource(LIGHTSAIL, {"origin": {"name": "web", "regionName": "me-central-1"}}),
    finding="origin: found a distribution all over the world, expected a load balancer of the region",
)
CONTROL.unknown("a certificate made elsewhere", resource(SIGN_IN, {"certificateArn": UNKNOWN}), at="certificateArn")
CONTROL.not_applicable("an HTTP API lies in its region", resource("aws:apigatewayv2/api:Api", {"protocolType": "HTTP"}))
CONTROL.not_applicable("roles are known to be worldwide", resource("aws:iam/role:Role", {}))
CONTROL.not_applicable("a load balancer of the region", resource("aws:lb/loadBalancer:LoadBalancer", {}))
