"""Resources of both clouds, by the place they name, for the examples of controls of residency."""

from __future__ import annotations

from policies.control import Properties
from policies.resources import Resource, resource

HOME = "me-central-1"
ABROAD = "eu-west-1"
HOME_AZURE = "uaenorth"
AWS_PROVIDER = "pulumi:providers:aws"
AZURE_PROVIDER = "pulumi:providers:azure-native"
UAE_AWS = "a region in the UAE: me-central-1"
UAE_AZURE = "a location in the UAE: uaenorth, uaecentral"


def aws_provider(**properties: object) -> Resource:
    """Return a provider of AWS, at home unless told otherwise."""
    return resource(AWS_PROVIDER, {"region": HOME} | properties, urn=f"urn:pulumi:stack::project::{AWS_PROVIDER}::aws")


def holding(pattern: str, value: object) -> Properties:
    """Return properties that hold a value where a pattern such as ``rules[].region`` leads."""
    head, _, rest = pattern.partition(".")
    inner = holding(rest, value) if rest else value
    return {head.removesuffix("[]"): [inner] if head.endswith("[]") else inner}


def first(pattern: str) -> str:
    """Return the path of the first value that a pattern leads to."""
    return pattern.replace("[]", "[0]")


def arn(region: str, service: str = "rds", name: str = "db:primary") -> str:
    """Return the ARN of something in a region."""
    return f"arn:aws:{service}:{region}:111122223333:{name}"


def naming(token: str, pattern: str, value: object) -> Resource:
    """Return a resource of AWS at home that holds a value where a pattern leads."""
    properties = holding(pattern, value)
    return aws_provider(**properties) if token == AWS_PROVIDER else resource(token, properties, provider=aws_provider())


def azure(token: str, **properties: object) -> Resource:
    """Return a resource of Azure at home, unless told otherwise; `None` leaves a property out."""
    told = {"location": HOME_AZURE} | properties
    return resource(token, {name: value for name, value in told.items() if value is not None})
