"""SUP-003: tags of a registry stay where they are."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Properties, Severity, Subject, as_is
from policies.examples.kubernetes import service
from policies.examples.platforms import AZURE_REGISTRY, ECR, azure_registry, ecr_repository
from policies.outcomes import NotApplicable, Outcome
from policies.resources import Resource, resource
from policies.templates import is_one_of
from policies.values import UNKNOWN
from policies.workloads.mending import members, put

TEMPLATE = "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate"
MUTABILITY, EXCLUSIONS = "imageTagMutability", "imageTagMutabilityExclusionFilters"
IMMUTABLE, WITH_EXCLUSION = "IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION"
NOT_EVERY_TAG = "a pattern that some tags don't fit"

CONTROL = Control(
    id="SUP-003",
    title="Tags of a registry stay where they are",
    harm="Whoever may push puts another image under the name that was reviewed, and nobody sees that it changed.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=(ECR, TEMPLATE, AZURE_REGISTRY), view=as_is),
    reads=tuple(
        f"{kind}:{path}"
        for kind in ("Repository", "RepositoryCreationTemplate")
        for path in (MUTABILITY, f"{EXCLUSIONS}[*].filter")
    ),
    remedy=f"Set {MUTABILITY} to {IMMUTABLE}.",
    note=(
        "Repositories that a pull-through rule makes get what their template says. Azure locks tags image by image, "
        "through the registry itself and not through its resource: a plan shows none of it (neither the retention nor "
        "the quarantine policy does it), so that SUP-001 alone stands against a tag that moves there."
    ),
)


@CONTROL.check
def keeps_its_tags(found: Resource) -> Iterator[Outcome]:
    """Find a repository whose tags can be moved, or a pattern that exempts all of them."""
    if found.type == AZURE_REGISTRY:
        yield NotApplicable("Azure locks tags image by image, which no plan shows; SUP-001 holds images to digests")
        return
    yield from is_one_of(found[MUTABILITY], (IMMUTABLE, WITH_EXCLUSION))
    for exclusion in found.root.select(f"{EXCLUSIONS}[].filter"):
        yield from exclusion.must(lambda pattern: not fits_every_tag(pattern), NOT_EVERY_TAG)


def fits_every_tag(pattern: object) -> bool:
    """Tell whether a pattern is nothing but wildcards."""
    return not str(pattern).strip("*")


@CONTROL.fix
def immutable(properties: Properties) -> Properties:
    """Let no tag move, where some may now that should not."""
    exempt = [each for each in members(properties, EXCLUSIONS) if fits_every_tag(each.get("filter"))]
    if properties.get(MUTABILITY) in (IMMUTABLE, WITH_EXCLUSION) and not exempt:
        return properties
    mended = {name: value for name, value in properties.items() if name != EXCLUSIONS}
    put(mended, MUTABILITY, IMMUTABLE)
    return mended


def template(**properties: object) -> Resource:
    """Make the template of repositories that a pull-through rule makes."""
    return resource(TEMPLATE, {"prefix": "mirror", "appliedFors": ["PULL_THROUGH_CACHE"], **properties})


def excluding(*patterns: object) -> dict[str, object]:
    """Describe tags that may move."""
    return {
        MUTABILITY: WITH_EXCLUSION,
        EXCLUSIONS: [{"filter": pattern, "filterType": "WILDCARD"} for pattern in patterns],
    }


EXPECTED = f"{IMMUTABLE} or {WITH_EXCLUSION}"

CONTROL.good("tags stay", ecr_repository())
CONTROL.good("all but those of branches stay", ecr_repository(**excluding("branch-*", "dev")))
CONTROL.good("tags stay in what is fetched through", template(imageTagMutability=IMMUTABLE))
CONTROL.bad(
    "left to the default",
    ecr_repository(imageTagMutability=None),
    finding=f"{MUTABILITY}: found nothing, expected {EXPECTED}",
)
CONTROL.bad(
    "tags move",
    ecr_repository(imageTagMutability="MUTABLE"),
    finding=f"{MUTABILITY}: found MUTABLE, expected {EXPECTED}",
)
CONTROL.bad(
    "tags move, but for some",
    template(imageTagMutability="MUTABLE_WITH_EXCLUSION"),
    finding=f"{MUTABILITY}: found MUTABLE_WITH_EXCLUSION, expected {EXPECTED}",
)
CONTROL.bad(
    "every tag is an exception",
    ecr_repository(**excluding("dev", "**")),
    finding=f"{EXCLUSIONS}[1].filter: found **, expected {NOT_EVERY_TAG}",
)
CONTROL.unknown("chosen elsewhere", ecr_repository(imageTagMutability=UNKNOWN), at=MUTABILITY)
CONTROL.unknown("exceptions from elsewhere", template(**excluding(UNKNOWN)), at=f"{EXCLUSIONS}[0].filter")
CONTROL.not_applicable("a registry of Azure", azure_registry())
CONTROL.not_applicable("a Service has no tags", service())
