"""TAG-001: everything says whose it is, what for and where it is booked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from pydantic import Field

from falaj.catalog.data_flows import DataClass
from falaj.catalog.tags import SHARED, Stage, Tag
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import LABELS, deployment, metadata, namespace, service
from policies.examples.tags import TAGS, in_provider, tagged
from policies.expressions import label, whole
from policies.geography.places import UAE
from policies.outcomes import NotApplicable, Outcome
from policies.ownership.tagging import GROUP, can_be_tagged, tag_of
from policies.ownership.tenants import TENANT_NAME
from policies.parameters import Parameters
from policies.resources import Resource, resource
from policies.values import UNKNOWN
from policies.workloads.kinds import NAMESPACE
from policies.workloads.workload import MADE

OWNER = re.compile(r"[a-z0-9-]{2,40}")
COST_CENTRE = re.compile(r"[A-Za-z0-9-]{2,40}")
ASKED = (
    Tag.OWNER,
    Tag.ENVIRONMENT,
    Tag.STACK,
    Tag.COST_CENTRE,
    Tag.DATA_CLASSIFICATION,
    Tag.DATA_RESIDENCY,
    Tag.TENANT,
)
CLOUDS = ("aws:", "azure-native:")
TEAM = "a team, as 2 to 40 of a-z, 0-9 and -"


class Vocabulary(Parameters):
    """Words of the operator's own."""

    data_classes: tuple[str, ...] = Field(
        default=tuple(DataClass), min_length=1, description="What data-classification may say."
    )


CONTROL = Control(
    id="TAG-001",
    title="Everything says whose it is, what for and where it is booked",
    harm="When a model misbehaves at night, nobody knows whom to wake, and nobody answers for its data.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=(NAMESPACE, *MADE, *(f"{cloud}*" for cloud in CLOUDS)), view=situated),
    parameters=Vocabulary,
    reads=(
        'metadata.labels["falaj.dev/owner"]',
        'metadata.labels["app.kubernetes.io/managed-by"]',
        *(f"tags.{tag}" for tag in ASKED),
        f"{GROUP}:tags[*].key",
        f"{GROUP}:tags[*].value",
    ),
    remedy=(
        "Label objects with falaj.dev/owner and app.kubernetes.io/managed-by. Tag the clouds' resources, or let the "
        f"provider tag them, with {', '.join(ASKED)}."
    ),
    admits=(
        "object.kind != 'Namespace' && variables.made || "
        f"{label('falaj.dev/owner')}.matches({whole(OWNER.pattern)}) && "
        f"{label('app.kubernetes.io/managed-by')} != ''"
    ),
    only_in_a_plan="tags of the clouds' resources.",
    note=(
        "The stack's name is asked for as well: it leads from a bill to the program. Types that take no tags are told "
        "from the SDKs. Kubernetes books no cost, so its objects name their owner alone; TEN-001 asks for the tenant."
    ),
)


@CONTROL.check
def says_whose_it_is(found: Situated) -> Iterator[Outcome]:
    """Find each label or tag that is missing or says nothing."""
    held = found.resource
    if not held.type.startswith(CLOUDS):
        yield from names_its_owner(held)
    elif not can_be_tagged(held.type):
        yield NotApplicable("takes no tags")
    else:
        for tag, (allowed, expected) in vocabulary(found).items():
            yield from tag_of(held, tag.value).must(allowed, expected)


def names_its_owner(found: Resource) -> Iterator[Outcome]:
    """Find each ownership label that is missing or malformed."""
    labels = found["metadata"]["labels"]
    yield from labels["falaj.dev/owner"].must(matches(OWNER), TEAM)
    yield from labels["app.kubernetes.io/managed-by"].must(bool, "the tool that made it")


def vocabulary(found: Situated) -> dict[Tag, tuple[Callable[[object], object], str]]:
    """Return what each tag may say, and the same in words."""
    stage = found.plan.stack.stage
    stages = (stage,) if stage else tuple(Stage)
    stack = found.resource.urn.split(":")[2]
    classes = found.plan.parameters(Vocabulary).data_classes
    return {
        Tag.OWNER: (matches(OWNER), TEAM),
        Tag.ENVIRONMENT: (lambda said: said in stages, " or ".join(stages)),
        Tag.STACK: (lambda said: said == stack, f"{stack}, the stack that makes it"),
        Tag.COST_CENTRE: (matches(COST_CENTRE), "where it is booked, as 2 to 40 letters, digits and -"),
        Tag.DATA_CLASSIFICATION: (lambda said: said in classes, f"one of {', '.join(classes)}"),
        Tag.DATA_RESIDENCY: (lambda said: said == UAE, UAE),
        Tag.TENANT: (matches(TENANT_NAME), f"a tenant, or {SHARED}"),
    }


def matches(pattern: re.Pattern[str]) -> Callable[[object], object]:
    """Return what tells whether a value is text of a pattern."""
    return lambda said: isinstance(said, str) and pattern.fullmatch(said)


BUCKET, ACCOUNT = "aws:s3/bucket:Bucket", "azure-native:storage:StorageAccount"
DEV = {"falaj:environment": '{"stage": "dev"}'}
CONTROL.good("a labelled namespace", namespace())
CONTROL.good("a labelled Deployment", deployment())
CONTROL.good("a tagged bucket", tagged(BUCKET))
CONTROL.good("a tagged storage account, for development", tagged(ACCOUNT, environment="dev"), config=DEV)
CONTROL.good(
    "a group of machines, whose tags are a list",
    resource(
        GROUP,
        {
            "tags": [
                {"key": key, "value": value, "propagateAtLaunch": True} for key, value in TAGS.items() if key in ASKED
            ]
        },
    ),
)
CONTROL.good(
    "tags of the provider", in_provider(TAGS | {"owner": "other"}, resource(BUCKET, {"tags": {"owner": "risk"}}))
)
CONTROL.bad(
    "no labels",
    deployment(meta=metadata(labels=None)),
    finding=(
        'metadata.labels["falaj.dev/owner"]: found nothing, expected a team, as 2 to 40 of a-z, 0-9 and -',
        'metadata.labels["app.kubernetes.io/managed-by"]: found nothing, expected the tool that made it',
    ),
)
CONTROL.bad(
    "an owner that is no team",
    namespace(labels=LABELS | {"falaj.dev/owner": "Risk Team"}),
    finding='metadata.labels["falaj.dev/owner"]: found Risk Team, expected a team, as 2 to 40 of a-z, 0-9 and -',
)
NOTHING_SAID = (
    f"tags.owner: found nothing, expected {TEAM}",
    "tags.environment: found nothing, expected prod or dev or dr",
    "tags.stack: found nothing, expected stack, the stack that makes it",
    "tags.cost-centre: found nothing, expected where it is booked, as 2 to 40 letters, digits and -",
    f"tags.data-classification: found nothing, expected one of {', '.join(DataClass)}",
    "tags.data-residency: found nothing, expected AE",
    "tags.tenant: found nothing, expected a tenant, or shared",
)
CONTROL.bad("no tags", resource(BUCKET, {}), finding=NOTHING_SAID)
CONTROL.bad("a group without tags", resource(GROUP, {"tags": [{"key": "Name", "value": "cpu"}]}), finding=NOTHING_SAID)
CONTROL.bad("a provider without tags", in_provider(None, resource(BUCKET, {})), finding=NOTHING_SAID)
CONTROL.bad(
    "tags that say nothing",
    tagged(
        ACCOUNT,
        owner="Risk Team",
        environment="live",
        stack="other",
        **{"cost-centre": "", "data-classification": "secret", "data-residency": "DE", "tenant": "Acme Bank"},
    ),
    finding=(
        f"tags.owner: found Risk Team, expected {TEAM}",
        "tags.environment: found live, expected prod or dev or dr",
        "tags.stack: found other, expected stack, the stack that makes it",
        'tags.cost-centre: found "", expected where it is booked, as 2 to 40 letters, digits and -',
        f"tags.data-classification: found secret, expected one of {', '.join(DataClass)}",
        "tags.data-residency: found DE, expected AE",
        "tags.tenant: found Acme Bank, expected a tenant, or shared",
    ),
)
CONTROL.bad(
    "another stage than the stack's",
    tagged(BUCKET, environment="prod"),
    config=DEV,
    finding="tags.environment: found prod, expected dev",
)
CONTROL.good(
    "a class of data in the operator's own word",
    tagged(BUCKET, **{"data-classification": "secret-c2"}),
    parameters=Vocabulary(data_classes=("secret-c2",)),
)
CONTROL.unknown("labels made elsewhere", namespace(labels=UNKNOWN), at="metadata.labels")
CONTROL.unknown("tags made elsewhere", resource(BUCKET, {"tags": UNKNOWN}), at="tags")
CONTROL.unknown("an owner made elsewhere", tagged(ACCOUNT, owner=UNKNOWN), at="tags.owner")
CONTROL.not_applicable("a Service belongs to its workload", service())
CONTROL.not_applicable("a policy takes no tags", resource("aws:s3/bucketPolicy:BucketPolicy", {}))
CONTROL.not_applicable("nor does a container of blobs", resource("azure-native:storage:BlobContainer", {}))
