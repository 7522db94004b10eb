"""LOG-002: the audit logs of AKS go to a workspace in the UAE."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.clusters import AKS, aks
from policies.examples.kubernetes import service
from policies.examples.linked import other
from policies.examples.logs import SETTING, WORKSPACE_ID, logs, setting, workspace
from policies.geography.whereabouts import STACK_REFERENCE, WORKSPACE, Vouched, reads_beside, refers_home
from policies.joins import Companions, companions, said_of
from policies.node import Node
from policies.outcomes import Finding, Outcome
from policies.resources import Resource, resource
from policies.values import UNKNOWN

EVERYTHING = "allLogs"
WANTED = (("kube-audit", "kube-audit-admin"), ("guard",), ("kube-apiserver",))
"""The categories that have to be sent, each with what may stand for it."""


class AuditWorkspaces(Vouched):
    """Workspaces of the audit log that others keep in the UAE."""


CONTROL = Control(
    id="LOG-002",
    title="The audit logs of AKS go to a workspace in the UAE",
    harm="Nobody can tell who read which secret, who opened a shell in a pod, or who was refused.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(AKS,), view=situated, stack_wide=True, beside=(SETTING, WORKSPACE, STACK_REFERENCE)),
    reads=(
        *(f"{SETTING}:{name}" for name in ("resourceUri", "workspaceId")),
        *(f"{SETTING}:logs[*].{name}" for name in ("category", "categoryGroup", "enabled")),
        *reads_beside(WORKSPACE),
    ),
    remedy="Give the cluster a diagnostic setting that sends the group allLogs to the workspace of the environment.",
    note=(
        "kube-audit-admin leaves out who only read, and stands for kube-audit all the same. Of the groups, only "
        "allLogs is sure to hold all three. Several settings may share the categories."
    ),
    parameters=AuditWorkspaces,
)


@CONTROL.check
def sends_audit_logs(cluster: Situated) -> Iterator[Outcome]:
    """Find each kind of record that is not sent, and a workspace abroad."""
    one, plan = cluster.resource, cluster.plan
    settings = companions(one, plan, SETTING, "resourceUri")
    sending = [each for each in settings.certain if each["workspaceId"].value is not None]
    for each in sending:
        judged = refers_home(each["workspaceId"], each, plan, (WORKSPACE,), plan.parameters(AuditWorkspaces))
        yield from said_of(each, judged)
    for categories in WANTED:
        yield from is_sent(categories, one, Companions(tuple(sending), settings.undecided))


def is_sent(categories: tuple[str, ...], cluster: Resource, settings: Companions) -> Iterator[Outcome]:
    """Find categories of which no setting sends any."""
    answers = [(each, log, sends(log, categories)) for each in settings.certain for log in each["logs"].items()]
    if any(answer is True for *_, answer in answers):
        return
    doubts = [(each, log) for each, log, answer in answers if answer is None]
    doubts += [(each, each["resourceUri"]) for each in settings.undecided]
    for each, node in doubts:
        yield from said_of(each, [node.undecided])
    if not doubts:
        found = f"no diagnostic setting for {' or '.join(categories)}"
        yield Finding(cluster["resourceName"].path, found, "one that sends it to a workspace")


def sends(log: Node, categories: tuple[str, ...]) -> bool | None:
    """Tell whether an entry of a setting sends one of the categories; `None` when that is not known yet."""
    if not log.known:
        return None
    named = log["categoryGroup"].value == EVERYTHING or log["category"].value in categories
    return named and log["enabled"].value is True


CONTROL.good("everything", aks(), setting(aks()), workspace())
CONTROL.good(
    "each by its name, in two settings",
    aks(),
    setting(aks(), logs=logs("kube-audit-admin", "guard")),
    setting(aks(), "second", logs=logs("kube-apiserver")),
    workspace(),
)
OF_CLUSTER = {"resourceUri": [aks().urn]}
GUARD = "resourceName: found no diagnostic setting for guard, expected one that sends it to a workspace"
API = GUARD.replace("guard", "kube-apiserver")
AUDIT = GUARD.replace("guard", "kube-audit or kube-audit-admin")
CONTROL.bad("nothing", aks(), finding=(AUDIT, GUARD, API))
CONTROL.bad("of another cluster", aks(), setting(other(AKS)), workspace(), finding=(AUDIT, GUARD, API))
CONTROL.bad("to a store alone", aks(), setting(aks(), workspaceId=None), finding=(AUDIT, GUARD, API))
CONTROL.bad(
    "some, one of them switched off",
    aks(),
    setting(aks(), logs=[*logs("kube-audit"), *logs("guard", enabled=False), *logs("cluster-autoscaler")]),
    workspace(),
    finding=(GUARD, API),
)
CONTROL.bad(
    "a group that nobody says the content of",
    aks(),
    setting(aks(), logs=[{"categoryGroup": "audit", "enabled": True}, *logs("kube-audit", "kube-apiserver")]),
    workspace(),
    finding=GUARD,
)
CONTROL.bad(
    "to a workspace abroad",
    aks(),
    setting(aks()),
    workspace(location="westeurope"),
    finding="location: found westeurope, expected a location in the UAE: uaenorth, uaecentral",
)
CONTROL.good(
    "to a workspace that the operator vouches for",
    aks(),
    setting(aks(), workspaceId="/acme/logs"),
    parameters=AuditWorkspaces(in_the_uae=("/acme/logs",)),
)
CONTROL.unknown(
    "to a workspace of which nobody says where it lies",
    aks(),
    replace(setting(aks(), workspaceId=WORKSPACE_ID), property_dependencies=OF_CLUSTER),
    at="workspaceId",
)
CONTROL.unknown(
    "to a workspace made elsewhere", aks(), replace(setting(aks()), property_dependencies=OF_CLUSTER), at="workspaceId"
)
CONTROL.unknown("of something", aks(), resource(SETTING, {"resourceUri": UNKNOWN}), at="resourceUri")
CONTROL.unknown(
    "some category, on or off",
    aks(),
    setting(aks(), logs=[*logs("kube-audit", "guard"), *logs(UNKNOWN), *logs("kube-apiserver", enabled=UNKNOWN)]),
    workspace(),
    at=("logs[2]", "logs[3]"),
)
CONTROL.not_applicable("a Service", service())
