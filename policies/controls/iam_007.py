"""IAM-007: nobody owns a subscription of Azure, or may change all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.identity import named, role_assignment, role_definition
from policies.examples.kubernetes import service
from policies.outcomes import Outcome
from policies.resources import Resource, type_of
from policies.values import UNKNOWN

ASSIGNMENT = "azure-native:authorization:RoleAssignment"
DEFINITION = "azure-native:authorization:RoleDefinition"
BROAD = {
    "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "User Access Administrator": "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "Role Based Access Control Administrator": "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
}
"""Built-in roles that may do everything, or give themselves the rest, by ids that are the same in every directory.

Source: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
"""
TOO_MUCH = re.compile(r"\*(/write)?|microsoft\.authorization/(\*|roleassignments/(\*|write)|\*/write)", re.IGNORECASE)
"""Actions of a role of one's own that are as much."""
NARROW = re.compile(r"/subscriptions/[^/]+/.+", re.IGNORECASE)
"""Scopes below a subscription; management groups and the root stand above it."""
ROLE = re.compile(r".*/roledefinitions/(?P<id>[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)

CONTROL = Control(
    id="IAM-007",
    title="Nobody owns a subscription of Azure, or may change all of it",
    harm="Whoever gets hold of one identity owns the subscription: its keys, its records and every tenant's models.",
    severity=Severity.CRITICAL,
    applies_to=Subject(tokens=(ASSIGNMENT, DEFINITION), view=as_is, stack_wide=True),
    reads=("RoleAssignment:roleDefinitionId", "RoleAssignment:scope", "RoleDefinition:permissions[*].actions[*]"),
    remedy="Assign a role of what is needed, on the resource or the resource group that it is needed for.",
    note=(
        "Wider than the wording: whoever may assign roles makes themselves an owner, so those roles count, and so do "
        "roles of one's own that say the same. Management groups and the root stand above subscriptions and count. A "
        "role that the same stack defines is judged where it is made. Whether a person or a service gets the role "
        "makes no difference."
    ),
)


@CONTROL.check
def gives_what_is_needed(found: Resource) -> Iterator[Outcome]:
    """Find each broad role on a whole subscription, and each role of one's own that is as broad."""
    if found.type == DEFINITION:
        for action in found.root.select("permissions[].actions[]"):
            yield from action.must(lambda value: TOO_MUCH.fullmatch(str(value)) is None, "the actions it needs")
        return
    role, scope = found["roleDefinitionId"], found["scope"]
    origins = found.property_dependencies.get("roleDefinitionId", ())
    is_of_this_stack = not role.known and bool(origins) and all(type_of(urn) == DEFINITION for urn in origins)
    is_broad = may_be_broad(role.value) if role.known else not is_of_this_stack
    is_wide = NARROW.fullmatch(str(scope.value)) is None
    if is_broad and is_wide:
        not_known = [each for each in (role, scope) if not each.known]
        yield not_known[0].undecided if not_known else role.finding("a role of what is needed, or a smaller scope")


def may_be_broad(role: object) -> bool:
    """Tell whether the id of a role is one of those that may do everything, or none at all."""
    match = ROLE.fullmatch(str(role))
    return match is None or match["id"].lower() in BROAD.values()


SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000001"
ROLES = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
GROUP = f"{SUBSCRIPTION}/resourceGroups/acme"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
SMALLER = "expected a role of what is needed, or a smaller scope"
CONTROL.good("reading a subscription", role_assignment(READER, SUBSCRIPTION))
CONTROL.good("owning one resource group", role_assignment(BROAD["Owner"], GROUP))
CONTROL.good("reading nobody knows what", role_assignment(READER, UNKNOWN))
CONTROL.good("nobody knows which role, on one resource group", role_assignment(UNKNOWN, GROUP))
CONTROL.good("a role of this stack", role_assignment(UNKNOWN, SUBSCRIPTION, made_from=[named(DEFINITION, "starter")]))
CONTROL.good("a role that starts machines", role_definition("Microsoft.Compute/virtualMachines/start/action"))
for name, identity in BROAD.items():
    CONTROL.bad(
        f"{name} of a subscription",
        role_assignment(identity, SUBSCRIPTION),
        finding=f"roleDefinitionId: found {ROLES}/{identity}, {SMALLER}",
    )
for scope in ("/", f"{SUBSCRIPTION.upper()}/", "/providers/Microsoft.Management/managementGroups/acme"):
    CONTROL.bad(
        f"owning {scope}",
        role_assignment(BROAD["Owner"].upper(), scope),
        finding=f"roleDefinitionId: found {ROLES}/{BROAD['Owner'].upper()}, {SMALLER}",
    )
CONTROL.bad(
    "a role that is none, nowhere",
    role_assignment("Reader", None),
    finding=f"roleDefinitionId: found {ROLES}/Reader, {SMALLER}",
)
for action in ("*", "*/write", "Microsoft.Authorization/*", "Microsoft.Authorization/roleAssignments/write"):
    CONTROL.bad(
        f"a role that may {action}",
        role_definition("Microsoft.Compute/*/read", action),
        finding=f"permissions[0].actions[1]: found {action}, expected the actions it needs",
    )
CONTROL.unknown("owning nobody knows what", role_assignment(BROAD["Owner"], UNKNOWN), at="scope")
CONTROL.unknown(
    "nobody knows which role, on a subscription", role_assignment(UNKNOWN, SUBSCRIPTION), at="roleDefinitionId"
)
CONTROL.unknown(
    "a role made from something else",
    role_assignment(UNKNOWN, SUBSCRIPTION, made_from=[named(DEFINITION, "starter"), named(ASSIGNMENT, "starter")]),
    at="roleDefinitionId",
)
CONTROL.unknown("actions made elsewhere", role_definition(UNKNOWN), at="permissions[0].actions[0]")
CONTROL.not_applicable("a Service owns nothing", service())
