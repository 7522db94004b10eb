"""IAM-006: nobody is given all of a cluster, and no role says everything."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.identity import binding, named, role
from policies.examples.kubernetes import deployment
from policies.expressions import texts
from policies.node import Node
from policies.outcomes import Outcome
from policies.resources import Resource, type_of
from policies.templates import is_one_of
from policies.values import UNKNOWN
from policies.workloads.service_accounts import SERVICE_ACCOUNTS

GROUP = "kubernetes:rbac.authorization.k8s.io/v1"
ROLES = tuple(f"{GROUP}:{kind}{patch}" for kind in ("ClusterRole", "Role") for patch in ("", "Patch"))
BINDINGS = tuple(f"{GROUP}:{kind}{patch}" for kind in ("ClusterRoleBinding", "RoleBinding") for patch in ("", "Patch"))
ALL_OF_THE_CLUSTER = "cluster-admin"
MANY = (
    *("system:anonymous", "system:authenticated", "system:masters", "system:serviceaccounts"),
    "system:unauthenticated",
)
"""Users and groups of the cluster itself that stand for everyone, every pod, or administrators."""
POWERS = ("*", "bind", "escalate", "impersonate")
"""Verbs that stand for all, or with which one gives oneself the rest."""

CONTROL = Control(
    id="IAM-006",
    title="Nobody is given all of a cluster, and no role says everything",
    harm="A workload that was taken over reads every tenant's secrets and starts what it likes on every node.",
    severity=Severity.CRITICAL,
    applies_to=Subject(tokens=(*ROLES, *BINDINGS), view=as_is, stack_wide=True),
    reads=(
        *(f"{token}:rules[*].{name}[*]" for token in ROLES for name in ("verbs", "resources")),
        *(f"{token}:roleRef.name" for token in BINDINGS),
        *(f"{token}:subjects[*].{name}" for token in BINDINGS for name in ("kind", "name")),
    ),
    remedy="Name verbs and resources in the role, and bind a role of what is needed to a service account of its own.",
    admits=(
        "object.kind == 'Role' ? (dyn(object).rules == null || dyn(object).rules.all(rule, "
        f"rule.verbs.all(verb, !(verb in {texts(POWERS)})) && "
        "rule.?resources.orValue([]).all(kind, !kind.startsWith('*')))) : "
        f"dyn(object).roleRef.name != '{ALL_OF_THE_CLUSTER}' && dyn(object).?subjects.orValue([]).all(subject, "
        f"subject.kind == 'ServiceAccount' ? subject.name != 'default' : !(subject.name in {texts(MANY)}))"
    ),
    only_in_a_plan=(
        "roles and bindings of the whole cluster, which lie in no namespace: add-ons of a cloud bring some that "
        "say everything."
    ),
    note=(
        "Stricter than the wording: platform namespaces are not exempt, because none of ours needs it. Verbs that give "
        "oneself more count as everything, everyone counts as too many, and the default service account as everyone. "
        "The role that a binding gets its name from is judged where it is made."
    ),
)


@CONTROL.check
def gives_what_is_needed(found: Resource) -> Iterator[Outcome]:
    """Find each rule that says everything, and each binding to everything or to everyone."""
    if found.type in ROLES:
        for rule in found["rules"].items():
            for verb in rule["verbs"].items():
                yield from verb.must(lambda value: value not in POWERS, "the verbs it needs")
            for kind in rule["resources"].items():
                yield from kind.must(lambda value: not str(value).startswith("*"), "the resources it needs")
        return
    if not will_be_named(found, "roleRef", ROLES):
        yield from found["roleRef"]["name"].must(
            lambda name: name and name != ALL_OF_THE_CLUSTER, "a role of what is needed"
        )
    for subject in found["subjects"].items():
        yield from is_one(subject, named_later=will_be_named(found, "subjects", SERVICE_ACCOUNTS))


def will_be_named(binding: Resource, name: str, tokens: tuple[str, ...]) -> bool:
    """Tell whether a property gets its names from what the same stack makes of these types alone."""
    origins = binding.property_dependencies.get(name, ())
    return not binding[name].known and bool(origins) and all(type_of(urn) in tokens for urn in origins)


def is_one(subject: Node, *, named_later: bool) -> Iterator[Outcome]:
    """Find a subject that stands for many."""
    kind, name = subject["kind"], subject["name"]
    if kind.value in ("Group", "User"):
        yield from name.must(lambda value: value and value not in MANY, "a user or group of your own")
    elif kind.value != "ServiceAccount":
        yield from is_one_of(kind, ("Group", "ServiceAccount", "User"))
    elif not named_later or name.value is not UNKNOWN:
        yield from name.must(lambda value: value and value != "default", "a service account of its own")


WIDE = "expected the verbs it needs"
CONTROL.good("reading endpoints", role())
CONTROL.good("in one namespace", role(token=ROLES[2]))
CONTROL.good("bound to a service account", binding())
CONTROL.good("bound to a group of people", binding({"kind": "Group", "name": "operators"}, token=BINDINGS[2]))
CONTROL.good(
    "names still to be given",
    binding(
        {"kind": "ServiceAccount", "name": UNKNOWN},
        to=UNKNOWN,
        made_from={
            "roleRef": [named(ROLES[0], "reader")],
            "subjects": [named(SERVICE_ACCOUNTS[0], "iris")],
        },
    ),
)
CONTROL.bad("every verb", role(verbs=["*"]), finding=f"rules[0].verbs[0]: found *, {WIDE}")
CONTROL.bad(
    "every resource, in one namespace",
    role(resources=["pods", "*"], token=ROLES[2]),
    finding="rules[0].resources[1]: found *, expected the resources it needs",
)
CONTROL.bad(
    "a part of every resource",
    role(resources=["*/scale"]),
    finding="rules[0].resources[0]: found */scale, expected the resources it needs",
)
for power in POWERS[1:]:
    CONTROL.bad(f"the verb {power}", role(verbs=["get", power]), finding=f"rules[0].verbs[1]: found {power}, {WIDE}")
CONTROL.bad("every verb by a patch", role(verbs=["*"], token=ROLES[1]), finding=f"rules[0].verbs[0]: found *, {WIDE}")
for token in BINDINGS:
    CONTROL.bad(
        f"all of it, by {token.rpartition(':')[2]}",
        binding(to=ALL_OF_THE_CLUSTER, token=token),
        finding="roleRef.name: found cluster-admin, expected a role of what is needed",
    )
for group in MANY:
    CONTROL.bad(
        f"bound to {group}",
        binding({"kind": "Group", "name": "operators"}, {"kind": "Group", "name": group}),
        finding=f"subjects[1].name: found {group}, expected a user or group of your own",
    )
CONTROL.bad(
    "bound to whoever names no service account",
    binding({"kind": "ServiceAccount", "name": "default"}),
    finding="subjects[0].name: found default, expected a service account of its own",
)
CONTROL.bad(
    "bound to a service account still to be named, and to whoever names none",
    binding(
        {"kind": "ServiceAccount", "name": UNKNOWN},
        {"kind": "ServiceAccount", "name": "default"},
        made_from={"subjects": [named(SERVICE_ACCOUNTS[0], "iris")]},
    ),
    finding="subjects[1].name: found default, expected a service account of its own",
)
CONTROL.bad(
    "bound to nobody knows what",
    binding({"kind": "Robot", "name": "iris"}, {"kind": "User"}, {"kind": "ServiceAccount", "name": ""}, to=None),
    finding=(
        "roleRef.name: found nothing, expected a role of what is needed",
        "subjects[0].kind: found Robot, expected Group or ServiceAccount or User",
        "subjects[1].name: found nothing, expected a user or group of your own",
        'subjects[2].name: found "", expected a service account of its own',
    ),
)
CONTROL.unknown("verbs made elsewhere", role(verbs=UNKNOWN), at="rules[0].verbs")
CONTROL.unknown("resources made elsewhere", role(resources=UNKNOWN), at="rules[0].resources")
CONTROL.unknown("role made elsewhere", binding(to=UNKNOWN), at="roleRef.name")
CONTROL.unknown(
    "role made from something else",
    binding(to=UNKNOWN, made_from={"roleRef": [named(ROLES[0], "reader"), named(SERVICE_ACCOUNTS[0], "iris")]}),
    at="roleRef.name",
)
CONTROL.unknown("subject made elsewhere", binding({"kind": UNKNOWN, "name": "iris"}), at="subjects[0].kind")
CONTROL.unknown(
    "service account made elsewhere", binding({"kind": "ServiceAccount", "name": UNKNOWN}), at="subjects[0].name"
)
CONTROL.unknown(
    "group made from a service account",
    binding({"kind": "Group", "name": UNKNOWN}, made_from={"subjects": [named(SERVICE_ACCOUNTS[0], "iris")]}),
    at="subjects[0].name",
)
CONTROL.not_applicable("a Deployment gives nothing", deployment())
