"""LOG-006: threat detection watches what it was set up for, and keeps its findings in the UAE."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.clusters import AKS, aks
from policies.examples.kubernetes import service
from policies.examples.linked import linked, other
from policies.examples.logs import WORKSPACE_ID, workspace
from policies.geography.whereabouts import STACK_REFERENCE, WORKSPACE, Vouched, reads_beside, refers_home
from policies.joins import Companions, companions, said_of
from policies.outcomes import Finding, NotApplicable, Outcome
from policies.resources import Plan, Resource, resource
from policies.templates import is_set, is_true
from policies.values import UNKNOWN

DETECTOR = "aws:guardduty/detector:Detector"
FEATURE = "aws:guardduty/detectorFeature:DetectorFeature"
WANTED = (("EKS_AUDIT_LOGS",), ("RUNTIME_MONITORING", "EKS_RUNTIME_MONITORING"))
"""The features that have to be on, each with what may stand for it."""
WORKSPACE_OF_DEFENDER = "logAnalyticsWorkspaceResourceId"


class DefenderWorkspaces(Vouched):
    """Workspaces of Defender that others keep in the UAE."""


CONTROL = Control(
    id="LOG-006",
    title="Threat detection watches clusters and keeps its findings in the UAE",
    harm="An intruder works unseen for weeks, or what was found about him is kept abroad.",
    severity=Severity.HIGH,
    applies_to=Subject(
        tokens=(DETECTOR, AKS), view=situated, stack_wide=True, beside=(FEATURE, WORKSPACE, STACK_REFERENCE)
    ),
    reads=(
        "Detector:enable",
        *(f"DetectorFeature:{name}" for name in ("detectorId", "name", "status")),
        "ManagedCluster:securityProfile.defender.securityMonitoring.enabled",
        f"ManagedCluster:securityProfile.defender.{WORKSPACE_OF_DEFENDER}",
        *reads_beside(WORKSPACE),
    ),
    remedy=(
        "GuardDuty: switch on EKS_AUDIT_LOGS and RUNTIME_MONITORING. "
        "Defender: set securityMonitoring.enabled and name a workspace in the UAE."
    ),
    note=(
        "Findings kept abroad stop a plan, so this control does; that there is a detector at all is only advised, and "
        "an account has one that another stack may make, so its absence is not a finding. Where a detector or Defender "
        "is set up, it has to watch."
    ),
    parameters=DefenderWorkspaces,
)


@CONTROL.check
def watches(found: Situated) -> Iterator[Outcome]:
    """Find threat detection that was set up and looks away, or keeps its findings abroad."""
    if found.resource.type == DETECTOR:
        yield from of_detector(found.resource, found.plan)
    elif found["securityProfile"]["defender"].value is None:
        yield NotApplicable("Defender is not set up by this stack")
    else:
        yield from of_defender(found.resource, found.plan)


def of_detector(detector: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge GuardDuty."""
    yield from detector["enable"].must(lambda value: value is not False, "true, or nothing")
    features = companions(detector, plan, FEATURE, "detectorId")
    for names in WANTED:
        yield from has_feature(detector, features, names)


def has_feature(detector: Resource, features: Companions, names: tuple[str, ...]) -> Iterator[Outcome]:
    """Find a feature that is missing or off."""
    answers = [(each, is_on(each, names)) for each in features.certain]
    if any(answer is True for _, answer in answers):
        return
    doubts = [(each, name) for each, answer in answers if answer is None for name in ("name", "status")]
    doubts += [(each, "detectorId") for each in features.undecided]
    if open_questions := [(each, each[name].undecided) for each, name in doubts if not each[name].known]:
        for each, question in open_questions:
            yield from said_of(each, [question])
    else:
        yield Finding(detector["id"].path, f"no feature {' or '.join(names)}", "one that is ENABLED")


def is_on(feature: Resource, names: tuple[str, ...]) -> bool | None:
    """Tell whether a feature is one of those and is on; `None` when that is not known yet."""
    name, status = feature["name"], feature["status"]
    if name.known and name.value not in names:
        return False
    if not name.known or not status.known:
        return None
    return status.value == "ENABLED"


def of_defender(cluster: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge Defender for Containers."""
    defender = cluster["securityProfile"]["defender"]
    home = defender[WORKSPACE_OF_DEFENDER]
    yield from is_true(defender["securityMonitoring"]["enabled"])
    if home.known:
        yield from is_set(home, "a workspace in the UAE")
    yield from refers_home(home, cluster, plan, (WORKSPACE,), plan.parameters(DefenderWorkspaces))


def detector(**properties: object) -> Resource:
    """Make a detector that AWS has not made yet."""
    return resource(DETECTOR, {"id": UNKNOWN} | properties)


def feature(name: object, status: object = "ENABLED", of: Resource | None = None) -> Resource:
    """Make a feature of the detector."""
    return linked(FEATURE, of or detector(), "detectorId", str(name), name=name, status=status)


def defended(place: object = UNKNOWN, *, by: Resource | None = None, enabled: object = True) -> Resource:
    """Make a cluster of AKS with Defender, whose workspace the program makes."""
    defender = {"securityMonitoring": {"enabled": enabled}, WORKSPACE_OF_DEFENDER: place}
    found = aks(securityProfile={"defender": defender})
    return replace(found, property_dependencies={"securityProfile": [by.urn]} if by else {})


BOTH = (feature("EKS_AUDIT_LOGS"), feature("RUNTIME_MONITORING"))
HERE, ABROAD = workspace(), workspace(location="westeurope")
CONTROL.good("GuardDuty with both features", detector(enable=True), *BOTH)
CONTROL.good("GuardDuty with the older feature", detector(), BOTH[0], feature("EKS_RUNTIME_MONITORING"))
CONTROL.good("Defender with a workspace of the program", defended(by=HERE), HERE)
RUNTIME = "id: found no feature RUNTIME_MONITORING or EKS_RUNTIME_MONITORING, expected one that is ENABLED"
AUDIT = "id: found no feature EKS_AUDIT_LOGS, expected one that is ENABLED"
CONTROL.bad("GuardDuty as AWS makes it", detector(), finding=(AUDIT, RUNTIME))
CONTROL.bad(
    "GuardDuty that is off",
    detector(enable=False),
    *BOTH,
    finding="enable: found false, expected true, or nothing",
)
CONTROL.bad("a feature that is off", detector(), BOTH[0], feature("RUNTIME_MONITORING", "DISABLED"), finding=RUNTIME)
CONTROL.bad(
    "features of another detector",
    detector(),
    BOTH[1],
    feature("EKS_AUDIT_LOGS", of=other(DETECTOR)),
    finding=AUDIT,
)
CONTROL.bad(
    "Defender that is off",
    defended(by=HERE, enabled=False),
    HERE,
    finding="securityProfile.defender.securityMonitoring.enabled: found false, expected true",
)
CONTROL.bad(
    "Defender without a workspace",
    defended(None),
    finding=f"securityProfile.defender.{WORKSPACE_OF_DEFENDER}: found nothing, expected a workspace in the UAE",
)
CONTROL.bad(
    "Defender with a workspace abroad",
    defended(by=ABROAD),
    ABROAD,
    finding="location: found westeurope, expected a location in the UAE: uaenorth, uaecentral",
)
CONTROL.good(
    "Defender with a workspace that the operator vouches for",
    defended(WORKSPACE_ID),
    parameters=DefenderWorkspaces(in_the_uae=(WORKSPACE_ID,)),
)
CONTROL.unknown("some feature", detector(), BOTH[0], feature(UNKNOWN), at="name")
CONTROL.unknown("on or off", detector(), BOTH[0], feature("RUNTIME_MONITORING", UNKNOWN), at="status")
CONTROL.unknown(
    "a feature of some detector", detector(), BOTH[0], resource(FEATURE, {"detectorId": UNKNOWN}), at="detectorId"
)
CONTROL.unknown(
    "a workspace of which nobody says where it lies",
    defended(WORKSPACE_ID),
    at=f"securityProfile.defender.{WORKSPACE_OF_DEFENDER}",
)
CONTROL.unknown("a workspace made elsewhere", defended(), at=f"securityProfile.defender.{WORKSPACE_OF_DEFENDER}")
CONTROL.not_applicable("AKS without Defender", aks())
CONTROL.not_applicable("a Service", service())
