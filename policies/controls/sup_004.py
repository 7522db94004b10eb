"""SUP-004: images are scanned for known weaknesses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

from pydantic import Field

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import service
from policies.examples.platforms import AZURE_REGISTRY, ECR, azure_registry, ecr_repository
from policies.joins import said_of
from policies.node import Node
from policies.outcomes import Finding, NotApplicable, Outcome
from policies.parameters import Parameters
from policies.resources import Resource, resource
from policies.templates import is_one_of, is_true
from policies.values import UNKNOWN

SCANNING = "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration"
PRICING = "azure-native:security:Pricing"
BY_ITSELF = ("SCAN_ON_PUSH", "CONTINUOUS_SCAN")
PLANS = ("Containers", "ContainerRegistry")
STANDARD = "Standard"
EVERY = "every repository"
"""A name that no repository can have, so that no filter fits it but one for every name."""
NO_PLAN = "no plan of Defender for containers"
RULE_EXPECTED = f"one with the filter * and scanFrequency {' or '.join(BY_ITSELF)}"


class Scanners(Parameters):
    """Who scans images, where this stack does not say."""

    defender_elsewhere: bool = Field(
        default=False,
        description="Another stack, or the organisation, keeps Defender's plan for containers on the subscription.",
    )


CONTROL = Control(
    id="SUP-004",
    title="Images are scanned for known weaknesses when they arrive",
    harm="An image with a hole that everybody knows goes into service, and nobody who runs it is told.",
    severity=Severity.HIGH,
    applies_to=Subject(
        tokens=(ECR, SCANNING, PRICING, AZURE_REGISTRY), view=situated, stack_wide=True, beside=(SCANNING, PRICING)
    ),
    reads=(
        "Repository:imageScanningConfiguration.scanOnPush",
        "Repository:name",
        "RegistryScanningConfiguration:rules[*].scanFrequency",
        "RegistryScanningConfiguration:rules[*].repositoryFilters[*].filter",
        "Pricing:pricingName",
        "Pricing:pricingTier",
    ),
    remedy=(
        "AWS: set imageScanningConfiguration.scanOnPush to true, or cover * in the registry's scanning configuration. "
        "Azure: make a security Pricing named Containers in tier Standard."
    ),
    parameters=Scanners,
    note=(
        "The scanning configuration of an AWS registry takes the place of what its repositories say. On Azure the "
        "plan belongs to the subscription, which may be another stack's business: `defender_elsewhere` says so."
    ),
)


@CONTROL.check
def is_scanned(found: Situated) -> Iterator[Outcome]:
    """Find images that nobody looks into."""
    yield from JUDGED_BY[found.resource.type](found)


def repository_is_scanned(found: Situated) -> Iterator[Outcome]:
    """Judge a repository: by its own word, or by the registry's rules where there are any."""
    configurations = list(found.plan.of_type(SCANNING))
    if not configurations:
        yield from is_true(found["imageScanningConfiguration"]["scanOnPush"])
    for each in configurations:
        yield from said_of(each, covers(each["rules"], found["name"]))


def configuration_scans_all(found: Situated) -> Iterator[Outcome]:
    """Judge the rules of a registry on AWS, which leave out every repository that they don't name."""
    yield from covers(found["rules"], Node(EVERY))


def covers(rules: Node, name: Node) -> Iterator[Outcome]:
    """Find that no rule scans a repository of this name by itself."""
    own = str(name.value) if isinstance(name.value, str) else EVERY
    not_known: list[Node] = []
    for rule in rules.items():
        frequency = rule["scanFrequency"]
        fitting = [
            each for each in rule.select("repositoryFilters[].filter") if not each.known or fits(each.value, own)
        ]
        if frequency.value in BY_ITSELF and any(each.known for each in fitting):
            return
        if frequency.value in (*BY_ITSELF, UNKNOWN):
            not_known += [each for each in (frequency, *fitting) if fitting and not each.known]
    if not (not_known or name.known):
        not_known = [name]
    if not_known:
        yield from (each.undecided for each in not_known)
    else:
        yield Finding(rules.path, f"none for {own}", RULE_EXPECTED)


def fits(pattern: object, name: str) -> bool:
    """Tell whether a filter means a repository: one without a wildcard means all names that hold it."""
    text = str(pattern)
    return fnmatchcase(name, text) if "*" in text else text != "" and text in name


def plan_is_paid(found: Situated) -> Iterator[Outcome]:
    """Judge a plan of Defender, where it is one for images."""
    name = found["pricingName"]
    if not name.known:
        yield name.undecided
    elif name.value in PLANS:
        yield from is_one_of(found["pricingTier"], (STANDARD,))
    else:
        yield NotApplicable("a plan for something else than images")


def registry_is_scanned(found: Situated) -> Iterator[Outcome]:
    """Judge a registry of Azure by the plans that the stack makes."""
    if found.plan.parameters(Scanners).defender_elsewhere:
        yield NotApplicable("the operator says that Defender's plan is kept elsewhere")
        return
    parts = [(each, each["pricingName"]) for each in found.plan.of_type(PRICING)]
    if any(name.value in PLANS for _, name in parts):
        return
    not_known: list[Outcome] = [replace(name.undecided, urn=each.urn) for each, name in parts if not name.known]
    missing = Finding(found["registryName"].path, NO_PLAN, "one named Containers, or `defender_elsewhere`")
    yield from not_known or [missing]


JUDGED_BY = {
    ECR: repository_is_scanned,
    SCANNING: configuration_scans_all,
    PRICING: plan_is_paid,
    AZURE_REGISTRY: registry_is_scanned,
}


def scanning(*rules: object) -> Resource:
    """Make the scanning configuration of a registry on AWS."""
    return resource(SCANNING, {"scanType": "ENHANCED", "rules": list(rules)})


def rule(*filters: object, frequency: object = "SCAN_ON_PUSH") -> dict[str, object]:
    """Describe a rule of it."""
    named = [{"filter": each, "filterType": "WILDCARD"} for each in filters]
    return {"scanFrequency": frequency, "repositoryFilters": named}


def defender(name: object = "Containers", tier: object = "Standard") -> Resource:
    """Make a plan of Defender."""
    return resource(PRICING, {"pricingName": name, "pricingTier": tier})


ON_PUSH = "imageScanningConfiguration.scanOnPush"
MANUAL = rule("*", frequency="MANUAL")
NO_REGISTRY_PLAN = f"registryName: found {NO_PLAN}, expected one named Containers, or `defender_elsewhere`"

CONTROL.good("by its own word", ecr_repository())
CONTROL.good("by the registry", ecr_repository(imageScanningConfiguration=None), scanning(MANUAL, rule("*")))
CONTROL.good("by a rule for it", ecr_repository(), scanning(rule("other", "acme/*", frequency="CONTINUOUS_SCAN")))
CONTROL.good("by a part of its name", ecr_repository(), scanning(rule("onnx"), rule(UNKNOWN)))
CONTROL.good("whatever its name", ecr_repository(name=UNKNOWN), scanning(rule("*")))
CONTROL.good("every repository", scanning(rule("acme"), rule("*")))
CONTROL.good("Defender for containers", defender())
CONTROL.good("Defender for registries, as it was sold before", defender("ContainerRegistry"))
CONTROL.good("a registry under Defender", azure_registry(), defender("VirtualMachines"), defender())
CONTROL.bad(
    "left to the default",
    ecr_repository(imageScanningConfiguration=None),
    finding=f"{ON_PUSH}: found nothing, expected true",
)
CONTROL.bad(
    "switched off",
    ecr_repository(imageScanningConfiguration={"scanOnPush": False}),
    finding=f"{ON_PUSH}: found false, expected true",
)
CONTROL.bad(
    "the registry leaves it out",
    ecr_repository(),
    scanning(rule("zenith/*"), MANUAL, rule(UNKNOWN, frequency="MANUAL"), rule("zenith", frequency=UNKNOWN)),
    finding=f"rules: found none for acme/onnxruntime, expected {RULE_EXPECTED}",
)
CONTROL.bad(
    "some repositories",
    scanning(rule("acme/*")),
    finding=f"rules: found none for every repository, expected {RULE_EXPECTED}",
)
CONTROL.bad("no rules", scanning(), finding=f"rules: found none for every repository, expected {RULE_EXPECTED}")
CONTROL.bad("Defender for nothing", defender(tier="Free"), finding="pricingTier: found Free, expected Standard")
CONTROL.bad("a registry without Defender", azure_registry(), finding=NO_REGISTRY_PLAN)
CONTROL.bad("a registry under another plan", azure_registry(), defender("KeyVaults"), finding=NO_REGISTRY_PLAN)
CONTROL.unknown("chosen elsewhere", ecr_repository(imageScanningConfiguration=UNKNOWN), at="imageScanningConfiguration")
CONTROL.unknown("some name", ecr_repository(name=UNKNOWN), scanning(rule("acme/*", "known")), at="name")
CONTROL.unknown("some rule", ecr_repository(), scanning(rule("acme/*", frequency=UNKNOWN)), at="rules[0].scanFrequency")
CONTROL.unknown("for some", scanning(rule(UNKNOWN)), at="rules[0].repositoryFilters[0].filter")
CONTROL.unknown("some plan", defender(UNKNOWN), at="pricingName")
CONTROL.unknown("under some plan", azure_registry(), defender(UNKNOWN), at="pricingName")
CONTROL.not_applicable(
    "a registry whose scanner another stack keeps",
    azure_registry(),
    parameters=Scanners(defender_elsewhere=True),
)
CONTROL.not_applicable("Defender for machines", defender("VirtualMachines", "Free"))
CONTROL.not_applicable("a Service has no image", service())
