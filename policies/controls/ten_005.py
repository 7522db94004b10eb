"""TEN-005: production is kept apart from everything else."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from falaj.catalog.tags import Stage, Tag
from policies.capacity.pools import AKS, EKS
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import service
from policies.examples.pools import aks, eks, urn
from policies.joins import said_of
from policies.outcomes import NotApplicable, Outcome, Undecided
from policies.ownership.accounts import works_in_one_account
from policies.parameters import Parameters
from policies.path import Path
from policies.resources import Plan, Resource, resource
from policies.stages import stage_in, stage_of
from policies.templates import is_one_of
from policies.values import UNKNOWN

STACK_REFERENCE = "pulumi:pulumi:StackReference"
ENVIRONMENT = Tag.ENVIRONMENT.value


class Accounts(Parameters):
    """Where production runs."""

    production: tuple[str, ...] = Field(
        default=(), description="Accounts and subscriptions that hold production and recovery, and nothing else."
    )


CONTROL = Control(
    id="TEN-005",
    title="Production is kept apart from everything else",
    harm="A mistake in a test environment reaches customers' data, with the rights that a test environment gives away.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(EKS, AKS, STACK_REFERENCE), view=situated, stack_wide=True),
    parameters=Accounts,
    reads=(f"{EKS}:tags.{ENVIRONMENT}", f"ManagedCluster:tags.{ENVIRONMENT}", "StackReference:name"),
    remedy=(
        f"Tag the cluster with its stage as {ENVIRONMENT}, give its provider the one account or subscription it works "
        "in, and read outputs of stacks of the same stage alone."
    ),
    note=(
        "One plan shows one account: name those of production in this control's policy configuration, and every stack "
        "is held to them. What another stack is for is told from its name."
    ),
)


@CONTROL.check
def is_apart(found: Situated) -> Iterator[Outcome]:
    """Find a cluster of no stage, in any account, and a stack that reads what another stage makes."""
    held, plan = found.resource, found.plan
    if held.type == STACK_REFERENCE:
        yield from reads_its_own_stage(held, plan)
        return
    tag, stage = held["tags"][ENVIRONMENT], plan.stack.stage
    yield from is_one_of(tag, (stage,) if stage else tuple(Stage))
    if held.provider is None:
        yield Undecided(Path() / "provider", "the plan has to show the provider of the cluster")
    else:
        production = plan.parameters(Accounts).production
        yield from said_of(held.provider, works_in_one_account(held.provider, stage_of(held, plan), production))


def reads_its_own_stage(reference: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge the stack whose outputs are read."""
    own = plan.stack.stage or stage_in(reference.urn.split(":")[2])
    if own is None:
        yield NotApplicable("nothing says what the stack is for")
        return
    allowed = [each for each in Stage if (each is Stage.DEVELOPMENT) is (own == Stage.DEVELOPMENT)]
    yield from reference["name"].must(
        lambda name: bool(name) and stage_in(name) in (None, *allowed), f"a stack for {' or '.join(allowed)}"
    )


def reference(name: object, stack: str = "acme-prod") -> Resource:
    """Make what reads the outputs of another stack."""
    return resource(STACK_REFERENCE, {"name": name}, urn=urn(STACK_REFERENCE, "other").replace(":stack:", f":{stack}:"))


def as_stage(stage: str) -> dict[str, str]:
    """Describe an environment."""
    return {"falaj:environment": f'{{"stage": "{stage}"}}'}


PROD_TAG, DEV_TAG = {ENVIRONMENT: "prod"}, {ENVIRONMENT: "dev"}
MANY = resource("pulumi:providers:aws", {"allowedAccountIds": '["111122223333", "444455556666"]'})
NOT_KNOWN = resource("pulumi:providers:azure-native", {"subscriptionId": UNKNOWN})
NO_SUBSCRIPTION = resource("pulumi:providers:azure-native", {"location": "uaenorth"})
CONTROL.good("a cluster of production", eks(tags=PROD_TAG), config=as_stage("prod"))
CONTROL.good("a cluster of AKS that says what it is for", aks(tags=DEV_TAG))
CONTROL.good("a cluster of AKS for recovery", aks(tags={ENVIRONMENT: "dr"}), config=as_stage("dr"))
CONTROL.good("outputs of production", reference("organization/falaj/aws-prod"), config=as_stage("dr"))
CONTROL.good("outputs of production, for a tenant of it", reference("organization/falaj/azure-live"))
CONTROL.good("outputs of a stack that says nothing", reference("organization/falaj/network"))
CONTROL.good("outputs for development", reference("acme/falaj/aws-dev", "iris-test"))
CONTROL.bad(
    "a cluster of another stage",
    eks(tags=DEV_TAG),
    config=as_stage("prod"),
    finding=f"tags.{ENVIRONMENT}: found dev, expected prod",
)
CONTROL.bad(
    "a cluster for nothing, in two accounts",
    eks(provider=MANY),
    finding=(
        f"tags.{ENVIRONMENT}: found nothing, expected prod or dev or dr",
        'allowedAccountIds: found ["111122223333", "444455556666"], expected the one account it works in',
    ),
)
CONTROL.bad(
    "a cluster in whatever subscription is signed in to",
    aks(provider=NO_SUBSCRIPTION, tags=PROD_TAG),
    finding="subscriptionId: found nothing, expected the one account it works in",
)
CONTROL.bad(
    "outputs for development, in production",
    reference("organization/falaj/aws-me-central-1-dev"),
    finding="name: found organization/falaj/aws-me-central-1-dev, expected a stack for prod or dr",
)
CONTROL.bad(
    "outputs of production, in development",
    reference("organization/falaj/aws-prod"),
    config=as_stage("dev"),
    finding="name: found organization/falaj/aws-prod, expected a stack for dev",
)
CONTROL.bad(
    "a cluster for development, in the account of production",
    eks(tags=DEV_TAG),
    parameters=Accounts(production=("111122223333",)),
    finding="allowedAccountIds: found 111122223333, expected one account that holds no production",
)
CONTROL.unknown("a stage made elsewhere", eks(tags=UNKNOWN), at="tags")
CONTROL.unknown("a subscription made elsewhere", aks(provider=NOT_KNOWN, tags=PROD_TAG), at="subscriptionId")
CONTROL.unknown("a provider that is not shown", eks(provider=None, tags=PROD_TAG), at="provider")
CONTROL.unknown("a stack made elsewhere", reference(UNKNOWN), at="name")
CONTROL.not_applicable("a stack of no stage", reference("organization/falaj/aws-dev", "acme"))
CONTROL.not_applicable("a Service is no environment", service())
