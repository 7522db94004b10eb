"""IAM-001: no policy of AWS makes an administrator."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from policies.control import Control, Severity, Subject, as_is
from policies.documents import Statement, is_document, is_everything, statements
from policies.examples.identity import POLICY, allow, made, named
from policies.examples.kubernetes import service
from policies.examples.transport import document, plain_document
from policies.node import Node
from policies.outcomes import Outcome
from policies.resources import Resource, type_of
from policies.values import UNKNOWN
from policies.workloads.service_accounts import ROLE

DOCUMENTS = {
    POLICY: "policy",
    ROLE: "inlinePolicies[].policy",
    "aws:iam/rolePolicy:RolePolicy": "policy",
    "aws:iam/userPolicy:UserPolicy": "policy",
    "aws:iam/groupPolicy:GroupPolicy": "policy",
    "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": "inlinePolicy",
}
"""Where each type keeps what its bearer may do."""
ATTACHMENTS = {
    ROLE: "managedPolicyArns[]",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "policyArn",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": "policyArn",
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": "policyArn",
    "aws:iam/policyAttachment:PolicyAttachment": "policyArn",
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive": "policyArns[]",
    "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive": "policyArns[]",
    "aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive": "policyArns[]",
    "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment": "managedPolicyArn",
}
"""Where each type names policies that are made elsewhere."""
ADMINISTRATORS = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")
"""Policies of AWS that allow everything, everything but people, and making oneself an administrator."""
POLICY_ARN = re.compile(r"arn:aws[a-z-]*:iam::(aws|\d{12}):policy/(.+/)?(?P<name>[^/]+)")
PARTS = ("Effect", "Action", "NotAction", "Resource", "NotResource")

CONTROL = Control(
    id="IAM-001",
    title="No policy of AWS makes an administrator",
    harm="Whoever gets hold of one role owns the account: its keys, its records and every tenant's models.",
    severity=Severity.CRITICAL,
    applies_to=Subject(tokens=tuple(dict.fromkeys((*DOCUMENTS, *ATTACHMENTS))), view=as_is, stack_wide=True),
    reads=tuple(
        f"{token}:{path}".replace("[]", "[*]") for paths in (DOCUMENTS, ATTACHMENTS) for token, path in paths.items()
    )
    + tuple(f"{POLICY}:policy.Statement[*].{part}" for part in PARTS),
    remedy=(
        "Name the actions and the resources that are needed; leave AdministratorAccess and its like to people who sign "
        "in through the organisation."
    ),
    note=(
        "Wider than the wording: users, groups, permission sets and policies inside a role count too, so does "
        "everything but some actions, and so does iam:* on everything, with which one makes oneself an administrator. "
        "A condition does not make an administrator less of one. An attached policy of the same stack is judged where "
        "it is made."
    ),
)


@CONTROL.check
def makes_no_administrator(found: Resource) -> Iterator[Outcome]:
    """Find each statement that allows everything, and each policy of AWS that does."""
    for policy in said_by(found, DOCUMENTS):
        yield from is_document(policy)
        for statement in statements(policy):
            yield from is_narrow(statement)
    for arn in said_by(found, ATTACHMENTS):
        yield from arn.must(is_narrow_policy, "the ARN of a policy of what is needed")


def said_by(found: Resource, places: Mapping[str, str]) -> Iterator[Node]:
    """Yield what the program says in a place of a resource.

    Leaves out what AWS fills in after it has made a role, and ARNs that policies of the same stack will get.
    """
    place = places.get(found.type, "")
    origins = found.property_dependencies.get(place.partition("[")[0], ())
    is_filled_in = found.type == ROLE and not origins
    is_of_this_stack = places is ATTACHMENTS and origins and all(type_of(urn) == POLICY for urn in origins)
    for value in found.root.select(place) if place else ():
        if value.value is not UNKNOWN or not (is_of_this_stack or (is_filled_in and value.source is not None)):
            yield value


def is_narrow_policy(arn: object) -> bool:
    """Tell whether an ARN names a policy that is none of those of an administrator."""
    found = POLICY_ARN.fullmatch(arn) if isinstance(arn, str) else None
    return found is not None and found["name"] not in ADMINISTRATORS


def is_narrow(statement: Statement) -> Iterator[Outcome]:
    """Find each action of a statement that, with its resources, is as much as an administrator may do."""
    if not statement.allows:
        return
    reach = [each for each in statement.resources if may_be_everything(each)]
    reach += [each for each in [statement.node["NotResource"]] if each.value is not None]
    wide = [each for each in statement.actions if may_be_everything(each) or is_all_of_iam(each)]
    wide += [each for each in [statement.node["NotAction"]] if each.value is not None]
    # One that is known to be everything decides, whatever the others turn out to be.
    if not reach:
        return
    resource = next((each for each in reach if each.known), reach[0])
    for action in wide:
        not_known = [each for each in (statement.effect, action, resource) if not each.known]
        yield not_known[0].undecided if not_known else action.finding("the actions it needs, or the resources")


def may_be_everything(node: Node) -> bool:
    """Tell whether a pattern stands for everything, or may turn out to."""
    return node.value is UNKNOWN or is_everything(node.value)


def is_all_of_iam(node: Node) -> bool:
    """Tell whether a pattern stands for everything that can be done to identities."""
    return isinstance(node.value, str) and node.value.lower() == "iam:*"


NARROW = "expected the ARN of a policy of what is needed"
TOO_MUCH = "expected the actions it needs, or the resources"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
CONTROL.good("reading some objects", made(POLICY, {"policy": document(allow())}))
CONTROL.good(
    "everything refused", made(POLICY, {"policy": plain_document(allow(Effect="Deny", Action="*", Resource="*"))})
)
CONTROL.good(
    "everything with one key",
    made(POLICY, {"policy": plain_document(allow(Action=["*"], Resource=["arn:aws:kms:*:1:key/1"]))}),
)
CONTROL.good(
    "looking at everything", made(POLICY, {"policy": plain_document(allow(Action="ec2:Describe*", Resource="*"))})
)
CONTROL.good(
    "an action that is not known, on one bucket",
    made(POLICY, {"policy": plain_document(allow(Action=UNKNOWN))}),
)
for token, place in DOCUMENTS.items():
    if place != "inlinePolicies[].policy":
        CONTROL.good(f"{token.rpartition(':')[2]} of little", made(token, {place: document(allow())}))
        CONTROL.bad(
            f"{token.rpartition(':')[2]} of everything",
            made(token, {place: document(allow(Action="*", Resource="*"))}),
            finding=f"{place}.Statement[0].Action: found *, {TOO_MUCH}",
        )
for token, place in ATTACHMENTS.items():
    name, _, is_list = place.partition("[")
    CONTROL.good(f"{token.rpartition(':')[2]}: reading", made(token, {name: [READ_ONLY] if is_list else READ_ONLY}))
    CONTROL.bad(
        f"{token.rpartition(':')[2]}: an administrator",
        made(token, {name: [READ_ONLY, ADMINISTRATOR] if is_list else ADMINISTRATOR}),
        finding=f"{name}{'[1]' if is_list else ''}: found {ADMINISTRATOR}, {NARROW}",
    )
CONTROL.good(
    "attached: a policy of the stack",
    made(ATTACHMENT, {"policyArn": UNKNOWN}, made_from={"policyArn": [named(POLICY, "models")]}),
)
CONTROL.good(
    "a role with a policy inside", made(ROLE, {"inlinePolicies": [{"name": "least", "policy": document(allow())}]})
)
CONTROL.good(
    "a role whose lists AWS will fill in", made(ROLE, {"inlinePolicies": UNKNOWN, "managedPolicyArns": UNKNOWN})
)
CONTROL.bad(
    "a role with everything inside",
    made(ROLE, {"inlinePolicies": [{"name": "all", "policy": document(allow(Action=["*"], Resource=["*"]))}]}),
    finding=f"inlinePolicies[0].policy.Statement[0].Action[0]: found *, {TOO_MUCH}",
)
NEARLY: dict[str, tuple[dict[str, object], str]] = {
    "everything but people": ({"Action": None, "NotAction": ["iam:*"], "Resource": "*"}, 'NotAction: found ["iam:*"]'),
    "everything but one bucket": (
        {"Action": "*", "Resource": None, "NotResource": "arn:aws:s3:::acme-audit"},
        "Action: found *",
    ),
    "all of IAM": ({"Action": "IAM:*", "Resource": "*"}, "Action: found IAM:*"),
    "every service, spelt out": ({"Action": "*:*", "Resource": "arn:aws:*"}, "Action: found *:*"),
    "under a condition": (
        {"Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
        "Action: found *",
    ),
    "one resource known, the other not": ({"Action": "*", "Resource": [UNKNOWN, "*"]}, "Action: found *"),
}
for label, (elements, found) in NEARLY.items():
    CONTROL.bad(
        label,
        made(POLICY, {"policy": plain_document(allow(), allow(**elements))}),
        finding=f"policy.Statement[1].{found}, {TOO_MUCH}",
    )
for policy in ADMINISTRATORS[1:]:
    CONTROL.bad(
        f"attached: {policy}",
        made(ATTACHMENT, {"policyArn": f"arn:aws:iam::aws:policy/{policy}"}),
        finding=f"policyArn: found arn:aws:iam::aws:policy/{policy}, {NARROW}",
    )
CONTROL.bad("attached: nothing", made(ATTACHMENT, {}), finding=f"policyArn: found nothing, {NARROW}")
CONTROL.bad("no JSON", made(POLICY, {"policy": "*"}), finding="policy: found *, expected a policy document in JSON")
CONTROL.unknown("policy made elsewhere", made(POLICY, {"policy": UNKNOWN}), at="policy")
CONTROL.unknown(
    "effect made elsewhere",
    made(POLICY, {"policy": plain_document(allow(Effect=UNKNOWN, Action="*", Resource="*"))}),
    at="policy.Statement[0].Effect",
)
CONTROL.unknown(
    "action made elsewhere",
    made(POLICY, {"policy": plain_document(allow(Action=[UNKNOWN], Resource="*"))}),
    at="policy.Statement[0].Action[0]",
)
CONTROL.unknown(
    "resource made elsewhere",
    made(POLICY, {"policy": plain_document(allow(Action="*", Resource=UNKNOWN))}),
    at="policy.Statement[0].Resource",
)
CONTROL.unknown("attached: nobody knows what", made(ATTACHMENT, {"policyArn": UNKNOWN}), at="policyArn")
CONTROL.unknown(
    "attached: half of it of the stack",
    made(ATTACHMENT, {"policyArn": UNKNOWN}, made_from={"policyArn": [named(POLICY, "models"), named(ROLE, "models")]}),
    at="policyArn",
)
CONTROL.unknown(
    "a role with a policy made from another resource",
    made(ROLE, {"managedPolicyArns": UNKNOWN}, made_from={"managedPolicyArns": [named(ROLE, "other")]}),
    at="managedPolicyArns",
)
CONTROL.not_applicable("a Service may do nothing", service())
