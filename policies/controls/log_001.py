"""LOG-001: the control plane of EKS writes all its logs."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Properties, Severity, Subject, as_is
from policies.examples.clusters import AKS, EKS, LOGS, eks
from policies.outcomes import Outcome
from policies.resources import Resource, resource
from policies.values import UNKNOWN

CONTROL = Control(
    id="LOG-001",
    title="The control plane of EKS writes all its logs",
    harm="Nobody can tell who read which secret, who opened a shell in a pod, or who was refused.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(EKS,), view=as_is),
    reads=("enabledClusterLogTypes",),
    remedy=f"Set enabledClusterLogTypes to [{', '.join(LOGS)}].",
)


@CONTROL.check
def writes_all(cluster: Resource) -> Iterator[Outcome]:
    """Find a cluster that leaves out a kind of log."""
    yield from cluster["enabledClusterLogTypes"].must(
        lambda value: isinstance(value, list) and set(LOGS) <= set(value), ", ".join(LOGS)
    )


@CONTROL.fix
def writing_all(properties: Properties) -> Properties:
    """Add the kinds of log that are missing."""
    given = properties.get("enabledClusterLogTypes", [])
    return properties | {"enabledClusterLogTypes": [*given, *(kind for kind in LOGS if kind not in given)]}


ALL = ", ".join(LOGS)
CONTROL.good("all five", eks())
CONTROL.good("all five and more, in another order", eks(enabledClusterLogTypes=["news", *reversed(LOGS)]))
CONTROL.bad("none", eks(enabledClusterLogTypes=None), finding=f"enabledClusterLogTypes: found nothing, expected {ALL}")
CONTROL.bad(
    "some",
    eks(enabledClusterLogTypes=["audit", "api"]),
    finding=f'enabledClusterLogTypes: found ["audit", "api"], expected {ALL}',
)
CONTROL.unknown("decided elsewhere", eks(enabledClusterLogTypes=[*LOGS, UNKNOWN]), at="enabledClusterLogTypes")
CONTROL.not_applicable("another cloud's cluster", resource(AKS, {}))
