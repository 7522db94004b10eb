"""A control as a policy of Pulumi's SDK."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from policies.control import Control
from policies.days import EXAMPLE_DAY
from policies.evaluator import judged
from policies.node import Node
from policies.resources import Plan, Resource
from policies.values import UNKNOWN


def plain(value: Any) -> object:  # noqa: ANN401 - the SDK's proxies
    """What is behind a proxy, which raises for what is not known."""
    if hasattr(value, "keys"):
        return {name: member(value, name) for name in value.keys()}  # noqa: SIM118 - a proxy
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [member(value, index) for index in range(len(value))]
    return value


def member(value: Any, key: object) -> object:  # noqa: ANN401 - the SDK's proxies
    """One member of a proxy."""
    try:
        return plain(value[key])
    except UnknownValueError:
        return UNKNOWN


def alone(control: Control[Any]) -> ResourceValidationPolicy:
    """A control of one resource."""

    def validate(arguments: ResourceValidationArgs, report: ReportViolation) -> None:
        if control.applies_to.holds(arguments.resource_type):
            properties = plain(arguments.props)
            found = Resource(arguments.resource_type, arguments.urn, Node(properties))
            for finding in judged(control, found, Plan(EXAMPLE_DAY)).findings:
                report(str(finding))

    return ResourceValidationPolicy(
        name=control.id, description=control.title, validate=validate, enforcement_level=EnforcementLevel.ADVISORY
    )


def together(control: Control[Any]) -> StackValidationPolicy:
    """A control that sees the whole stack."""

    def validate(arguments: StackValidationArgs, report: ReportViolation) -> None:
        resources = tuple(
            Resource(
                each.resource_type,
                each.urn,
                Node(plain(each.props)),
                {name: [origin.urn for origin in origins] for name, origins in each.property_dependencies.items()},
            )
            for each in arguments.resources
            if control.applies_to.needs(each.resource_type)
        )
        plan = Plan(EXAMPLE_DAY, resources=resources)
        for found in resources:
            if control.applies_to.holds(found.type):
                for finding in judged(control, found, plan).findings:
                    report(str(finding), found.urn)

    return StackValidationPolicy(
        name=control.id, description=control.title, validate=validate, enforcement_level=EnforcementLevel.ADVISORY
    )
