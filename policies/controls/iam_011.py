"""IAM-011: the account or subscription itself refuses regions outside the country."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from falaj.catalog.providers import Provider
from policies.control import Control, Severity, Situated, Subject, situated
from policies.documents import Condition, Statement, is_document, is_everything, statements
from policies.examples.identity import (
    ATTACHMENT,
    AWS_PROVIDER,
    AZURE_PROVIDER,
    SERVICE_CONTROL,
    assignment,
    attachment,
    made,
    named,
    refusal_abroad,
    service_control_policy,
)
from policies.examples.kubernetes import service
from policies.geography.places import lies_in_aws_uae, lies_in_azure_uae, uae_regions
from policies.joins import companions, said_of
from policies.outcomes import NotApplicable, Outcome
from policies.resources import Resource, type_of
from policies.templates import is_absent, is_one_of
from policies.values import UNKNOWN

ASSIGNMENT = "azure-native:authorization:PolicyAssignment"
DEFINITION = "azure-native:authorization:PolicyDefinition"
LOCATIONS = "e56962a6-4747-49cd-b67b-bf8b01975c4c"
"""Azure's own policy `Allowed locations`, by the id that is the same everywhere."""
REGION = "aws:requestedregion"
EXCEPTIONS = "aws:principalarn"
ALL_BUT = ("ArnNotEquals", "ArnNotLike", "StringNotEquals", "StringNotLike")
NO_POLICY = f"a policy that refuses every region but {', '.join(uae_regions(Provider.AWS))}"
NO_ASSIGNMENT = "an assignment of `Allowed locations` to the subscription"

CONTROL = Control(
    id="IAM-011",
    title="The account or subscription itself refuses regions outside the country",
    harm="What no plan of ours shows, made by hand or by another tool, may lie abroad without anybody noticing.",
    severity=Severity.MEDIUM,
    applies_to=Subject(
        tokens=(f"{AWS_PROVIDER}*", f"{AZURE_PROVIDER}*", SERVICE_CONTROL, ASSIGNMENT),
        view=situated,
        stack_wide=True,
        beside=(ATTACHMENT,),
    ),
    reads=(
        f"{SERVICE_CONTROL}:id",
        f"{SERVICE_CONTROL}:type",
        f"{SERVICE_CONTROL}:content",
        "PolicyAttachment:policyId",
        "PolicyAssignment:policyDefinitionId",
        "PolicyAssignment:parameters.listOfAllowedLocations.value[*]",
        "PolicyAssignment:enforcementMode",
        "PolicyAssignment:notScopes",
        "PolicyAssignment:overrides",
        "PolicyAssignment:resourceSelectors",
    ),
    remedy=(
        "AWS: name the organisation's unit in the stack file, so that components.guardrails attaches its policy; "
        "Azure: assign `Allowed locations` to the subscription, for the regions of the country alone."
    ),
    note=(
        "Judged where a stack reaches a cloud; a tenant's stack stands in the account of its environment. A policy "
        "that a person attached by hand can't be seen in a plan, so such an account is told of."
    ),
)


@CONTROL.check
def refuses_regions_abroad(found: Situated) -> Iterator[Outcome]:
    """Find an account without the refusal, and a refusal with a hole in it."""
    kind = found.resource.type
    if kind == SERVICE_CONTROL:
        yield from is_without_holes(found)
    elif kind == ASSIGNMENT:
        yield from is_assigned_to_all(found.resource)
    elif found.plan.stack.tier is not None:
        yield NotApplicable("a tenant stands in the account of its environment")
    elif kind.startswith(AWS_PROVIDER):
        yield from has_one(found, SERVICE_CONTROL, "content", NO_POLICY)
    else:
        yield from has_one(found, ASSIGNMENT, "policyDefinitionId", NO_ASSIGNMENT)


def has_one(found: Situated, token: str, name: str, wanted: str) -> Iterator[Outcome]:
    """Find a provider in whose stack no resource of a type is the refusal, by what one of its properties says."""
    others = list(found.plan.of_type(token))
    answers = [is_refusal(each) for each in others]
    if True in answers:
        return
    if None in answers:
        other = others[answers.index(None)]
        yield from said_of(other, [other[name].undecided])
    else:
        yield replace(found["region"].finding(wanted), found="none in this stack")


def is_refusal(found: Resource) -> bool | None:
    """Tell whether a resource refuses regions, whichever they are; `None` when that is not known yet."""
    if found.type == SERVICE_CONTROL:
        if not (found["type"].known and found["content"].known):
            return None
        return is_service_control(found) and any(refuses(each) for each in statements(found["content"]))
    definition = found["policyDefinitionId"]
    origins = found.property_dependencies.get("policyDefinitionId", ())
    if not definition.known:
        return False if origins and all(type_of(urn) == DEFINITION for urn in origins) else None
    return str(definition.value).lower().endswith(f"/{LOCATIONS}")


def is_service_control(policy: Resource) -> bool:
    """Tell whether a policy of the organisation says what its accounts may do; that is so unless it says otherwise."""
    return policy["type"].value in (None, "SERVICE_CONTROL_POLICY")


def refuses(statement: Statement) -> bool:
    """Tell whether a statement refuses everything but some actions by the region that is asked for."""
    conditions = list(statement.conditions)
    return (
        statement.effect.value == "Deny"
        and any(is_everything(each.value) for each in statement.resources)
        and (
            statement.node["NotAction"].value is not None
            or any(is_everything(each.value) for each in statement.actions)
        )
        and any(is_about_regions(each) for each in conditions)
        and all(is_about_regions(each) or is_exception(each) for each in conditions)
    )


def is_about_regions(condition: Condition) -> bool:
    """Tell whether a condition holds for every region but some."""
    return condition.key == REGION and condition.operator.startswith("StringNot")


def is_exception(condition: Condition) -> bool:
    """Tell whether a condition leaves out some administrators."""
    return (
        condition.key == EXCEPTIONS and condition.operator[:6] in ("ArnNot", "String") and "Not" in condition.operator
    )


def is_without_holes(found: Situated) -> Iterator[Outcome]:
    """Find a region abroad that a refusal lets pass, and a refusal that binds nobody."""
    policy, content = found.resource, found["content"]
    if is_refusal(policy) is False:
        yield from is_document(content) if is_service_control(policy) else ()
        yield NotApplicable("refuses no regions")
        return
    yield from (each.undecided for each in (found["type"], content) if not each.known)
    for statement in filter(refuses, statements(content)):
        for condition in filter(is_about_regions, statement.conditions):
            for region in condition.values:
                yield from lies_in_aws_uae(region)
        for action in statement.not_actions:
            yield from action.must(lambda value: not is_everything(value), "the services that have no region")
    beside = companions(policy, found.plan, ATTACHMENT, "policyId")
    if not beside.certain and not beside.undecided:
        yield replace(
            content.finding("an attachment to a unit of the organisation"), found="a policy that binds nobody"
        )
    for other in beside.undecided if not beside.certain else ():
        yield from said_of(other, [other["policyId"].undecided])


def is_assigned_to_all(found: Resource) -> Iterator[Outcome]:
    """Find an assignment of `Allowed locations` that allows one abroad, or leaves something out."""
    answer = is_refusal(found)
    if answer is None:
        yield found["policyDefinitionId"].undecided
    elif not answer:
        yield NotApplicable("assigns another policy")
    else:
        locations = found["parameters"]["listOfAllowedLocations"]["value"]
        if not locations.value:
            yield locations.finding("the regions of the country")
        for location in locations.items():
            yield from lies_in_azure_uae(location)
        yield from is_one_of(found["enforcementMode"], (None, "Default"), "Default")
        for hole in ("notScopes", "overrides", "resourceSelectors"):
            yield from is_absent(found[hole])


AWS = made(AWS_PROVIDER, {"region": "me-central-1"})
AZURE = made(AZURE_PROVIDER, {"location": "uaenorth"})
TENANT = {"falaj:tenant": '{"tier": "enterprise"}'}
NONE = "region: found none in this stack, expected"
PLACE = "expected a region in the UAE: me-central-1"
CONTROL.good("a refusal of AWS", AWS, service_control_policy(refusal_abroad()), attachment())
CONTROL.good("itself, attached", service_control_policy(refusal_abroad()), attachment())
CONTROL.good(
    "itself, attached before it has an id",
    service_control_policy(refusal_abroad(), id=UNKNOWN),
    attachment(UNKNOWN, made_from=[named(SERVICE_CONTROL, "guardrails")]),
)
CONTROL.good(
    "itself, attached, beside what nobody knows",
    service_control_policy(refusal_abroad()),
    attachment(),
    attachment(UNKNOWN, name="other"),
)
CONTROL.good(
    "of every action, but for some administrators",
    service_control_policy(
        refusal_abroad(
            NotAction=None,
            Action="*",
            Condition={
                "StringNotEquals": {"aws:RequestedRegion": "me-central-1"},
                "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/OrganizationRole"},
            },
        )
    ),
    attachment(),
)
CONTROL.good("a refusal of Azure", AZURE, assignment())
CONTROL.good("itself, of Azure", assignment())
CONTROL.good("itself, without a word about being enforced", assignment(enforcementMode=None))
CONTROL.bad("AWS without one", AWS, finding=f"{NONE} {NO_POLICY}")
CONTROL.bad("Azure without one", AZURE, finding=f"{NONE} {NO_ASSIGNMENT}")
CONTROL.bad("Azure with another policy", AZURE, assignment("other"), finding=f"{NONE} {NO_ASSIGNMENT}")
CONTROL.bad(
    "Azure with a policy of its own",
    AZURE,
    assignment(UNKNOWN, made_from=[named(DEFINITION, "sizes")]),
    finding=f"{NONE} {NO_ASSIGNMENT}",
)
NO_REFUSAL: dict[str, dict[str, object]] = {
    "permission": {"Effect": "Allow"},
    "on one bucket": {"Resource": "arn:aws:s3:::acme"},
    "of one service": {"NotAction": None, "Action": "s3:*"},
    "everywhere": {"Condition": None},
    "at home": {"Condition": {"StringEquals": {"aws:RequestedRegion": ["me-central-1"]}}},
    "of another thing": {"Condition": {"StringNotEquals": {"aws:SourceVpc": ["vpc-1"]}}},
    "for some": {
        "Condition": {
            "StringNotEquals": {"aws:RequestedRegion": ["me-central-1"]},
            "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/intern"},
        }
    },
    "to some accounts": {
        "Condition": {
            "StringNotEquals": {"aws:RequestedRegion": ["me-central-1"], "aws:PrincipalAccount": "111122223333"}
        }
    },
}
for label, elements in NO_REFUSAL.items():
    CONTROL.bad(
        f"AWS with one {label}",
        AWS,
        service_control_policy(refusal_abroad(**elements)),
        attachment(),
        finding=f"{NONE} {NO_POLICY}",
    )
CONTROL.bad(
    "AWS with tags alone",
    AWS,
    service_control_policy(refusal_abroad(), type="TAG_POLICY"),
    finding=f"{NONE} {NO_POLICY}",
)
CONTROL.bad(
    "itself, with a region abroad",
    service_control_policy(
        refusal_abroad(Condition={"StringNotEquals": {"aws:RequestedRegion": ["me-central-1", "eu-west-1"]}})
    ),
    attachment(),
    finding=f'content.Statement[0].Condition.StringNotEquals["aws:RequestedRegion"][1]: found eu-west-1, {PLACE}',
)
CONTROL.bad(
    "itself, of nothing",
    service_control_policy(refusal_abroad(NotAction=["iam:*", "*"])),
    attachment(),
    finding="content.Statement[0].NotAction[1]: found *, expected the services that have no region",
)
CONTROL.bad(
    "itself, attached nowhere",
    service_control_policy(refusal_abroad()),
    finding="content: found a policy that binds nobody, expected an attachment to a unit of the organisation",
)
CONTROL.bad(
    "itself, no JSON",
    service_control_policy(content="Deny"),
    finding="content: found Deny, expected a policy document in JSON",
)
CONTROL.bad(
    "itself, of Azure, with a region abroad",
    assignment(parameters={"listOfAllowedLocations": {"value": ["UAE North", "westeurope"]}}),
    finding=(
        "parameters.listOfAllowedLocations.value[1]: found westeurope, "
        f"expected a location in the UAE: {', '.join(uae_regions(Provider.AZURE))}"
    ),
)
CONTROL.bad(
    "itself, of Azure, for no region",
    assignment(parameters=None),
    finding="parameters.listOfAllowedLocations.value: found nothing, expected the regions of the country",
)
CONTROL.bad(
    "itself, of Azure, as a wish",
    assignment(enforcementMode="DoNotEnforce"),
    finding="enforcementMode: found DoNotEnforce, expected Default",
)
HOLES: dict[str, tuple[Any, str]] = {
    "notScopes": (["/subscriptions/1/resourceGroups/play"], '["/subscriptions/1/resourceGroups/play"]'),
    "overrides": ([{"kind": "policyEffect", "value": "audit"}], '[{"kind": "policyEffect", "value": "audit"}]'),
    "resourceSelectors": ([{"name": "here"}], '[{"name": "here"}]'),
}
for hole, (value, shown) in HOLES.items():
    CONTROL.bad(
        f"itself, of Azure, but for {hole}",
        assignment(**{hole: value}),
        finding=f"{hole}: found {shown}, expected nothing",
    )
CONTROL.unknown("AWS, content made elsewhere", AWS, service_control_policy(content=UNKNOWN), at="content")
CONTROL.unknown("Azure, policy made elsewhere", AZURE, assignment(UNKNOWN), at="policyDefinitionId")
CONTROL.unknown("itself, content made elsewhere", service_control_policy(content=UNKNOWN), attachment(), at="content")
CONTROL.unknown(
    "itself, kind made elsewhere", service_control_policy(refusal_abroad(), type=UNKNOWN), attachment(), at="type"
)
CONTROL.unknown(
    "itself, attached to nobody knows what",
    service_control_policy(refusal_abroad()),
    attachment(UNKNOWN),
    at="policyId",
)
CONTROL.unknown("itself, of Azure, made elsewhere", assignment(UNKNOWN), at="policyDefinitionId")
CONTROL.unknown(
    "itself, of Azure, made from something else",
    assignment(UNKNOWN, made_from=[named(DEFINITION, "sizes"), named(ASSIGNMENT, "sizes")]),
    at="policyDefinitionId",
)
CONTROL.unknown("itself, of Azure, regions made elsewhere", assignment(parameters=UNKNOWN), at="parameters")
CONTROL.not_applicable("a tenant's stack", AWS, config=TENANT)
CONTROL.not_applicable("a policy about something else", service_control_policy(refusal_abroad(Condition=None)))
CONTROL.not_applicable("a policy about tags", service_control_policy(type="TAG_POLICY", content='{"tags": {}}'))
CONTROL.not_applicable("an assignment of another policy", assignment("other"))
CONTROL.not_applicable("a Service has no account", service())
