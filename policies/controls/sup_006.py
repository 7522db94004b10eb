"""SUP-006: registries fetch through from declared upstreams alone, and no workload runs what was fetched so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import Field

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import DIGEST, container, cronjob, deployment, service
from policies.joins import said_of
from policies.node import Node
from policies.outcomes import Outcome
from policies.parameters import Parameters
from policies.resources import resource
from policies.values import UNKNOWN
from policies.workloads.workload import WORKLOADS, Workload

ECR_RULE = "aws:ecr/pullThroughCacheRule:PullThroughCacheRule"
ACR_RULE = "azure-native:containerregistry:CacheRule"
SOURCE = {ECR_RULE: "upstreamRegistryUrl", ACR_RULE: "sourceRepository"}
TARGET = {ECR_RULE: "ecrRepositoryPrefix", ACR_RULE: "targetRepository"}
OF_THE_CLOUD = {
    ECR_RULE: re.compile(r"\d{12}\.dkr\.ecr\.[^/]+/(?P<repository>[^@:]+).*"),
    ACR_RULE: re.compile(r"[^/]+\.azurecr\.io/(?P<repository>[^@:]+).*"),
}
"""An image in a registry of the rule's cloud."""
WHOLE_REGISTRY = ("", "ROOT", "*")


class Upstreams(Parameters):
    """Where registries may fetch images from."""

    hosts: tuple[str, ...] = Field(
        default=("mcr.microsoft.com",),
        description="Registries elsewhere that were looked at; AKS without a way out starts from Microsoft's.",
    )


CONTROL = Control(
    id="SUP-006",
    title="Registries fetch through from declared upstreams alone, and no workload runs what was fetched so",
    harm="A pod that starts may pull what somebody else has just published, and stands still when they are down.",
    severity=Severity.LOW,
    applies_to=Subject(tokens=(ECR_RULE, ACR_RULE), view=situated, stack_wide=True, beside=WORKLOADS.tokens),
    reads=(
        *(f"{token.rpartition(':')[2]}:{place[token]}" for token in (ECR_RULE, ACR_RULE) for place in (SOURCE, TARGET)),
        "container.image",
        "pod.volumes[*].image.reference",
    ),
    remedy=(
        "List the upstream's host in parameter hosts, fetch under a prefix of its own, and push what workloads run "
        "into a repository beside it."
    ),
    parameters=Upstreams,
    note=(
        "Images come in and nothing goes out, so that residency is kept. Who pulls is judged by the workloads of the "
        "same stack; what AKS fetches for its own nodes is no workload of ours."
    ),
)


@CONTROL.check
def fetches_what_was_looked_at(rule: Situated) -> Iterator[Outcome]:
    """Find an upstream that nobody declared, a target that takes in everything, and each workload that pulls it."""
    token = rule.resource.type
    source, target = rule[SOURCE[token]], rule[TARGET[token]]
    hosts = rule.plan.parameters(Upstreams).hosts
    yield from source.must(
        lambda value: str(value).partition("/")[0] in hosts, "an upstream that parameter hosts lists"
    )
    of_its_own = list(target.must(lambda value: (value or "") not in WHOLE_REGISTRY, "a prefix of its own"))
    yield from of_its_own
    if not of_its_own:
        for workload in rule.plan.of_type(*WORKLOADS.tokens):
            for image in images(Workload(workload)):
                yield from said_of(workload, was_pushed(image, token, str(target.value)))


def images(workload: Workload) -> Iterator[Node]:
    """Yield the names of all images that a workload runs or mounts."""
    yield from (found["image"] for found in workload.containers)
    yield from workload.pod.select("volumes[].image.reference")


def was_pushed(image: Node, token: str, target: str) -> Iterator[Outcome]:
    """Find an image that the registry fetches when it is pulled."""
    whole = f"{target.rstrip('/')}/*" if token == ECR_RULE else target
    prefix, wildcard, _ = whole.partition("*")

    def is_fetched(value: object) -> bool:
        match = OF_THE_CLOUD[token].fullmatch(str(value))
        repository = match["repository"] if match else None
        return repository is not None and (repository.startswith(prefix) if wildcard else repository == prefix)

    yield from image.must(lambda value: not is_fetched(value), f"an image that was pushed, not one of {whole}")


IN_ECR, IN_ACR = "111122223333.dkr.ecr.me-central-1.amazonaws.com", "acmeuae.azurecr.io"
AKS_IMAGES = {"sourceRepository": "mcr.microsoft.com/*", "targetRepository": "aks-managed-repository/*"}
ONE_IMAGE = {"sourceRepository": "mcr.microsoft.com/dotnet/aspnet", "targetRepository": "aspnet"}
FROM_MICROSOFT = {"upstreamRegistryUrl": "mcr.microsoft.com", "ecrRepositoryPrefix": "fetched/microsoft"}
DECLARED = "an upstream that parameter hosts lists"
PUSHED = "expected an image that was pushed, not one of fetched/microsoft/*"
CONTROL.good("what AKS starts from", resource(ACR_RULE, AKS_IMAGES))
CONTROL.good(
    "beside workloads that run what was pushed",
    resource(ECR_RULE, FROM_MICROSOFT),
    deployment(
        [container(image=f"{IN_ECR}/fetched/microsoft-aspnet@{DIGEST}")],
        volumes=[{"name": "model", "image": {"reference": f"{IN_ACR}/fetched/microsoft/iris@{DIGEST}"}}],
    ),
)
CONTROL.good(
    "one image, beside another of the same name's beginning",
    resource(ACR_RULE, ONE_IMAGE),
    cronjob([container(image=f"{IN_ACR}/aspnet-slim:9@{DIGEST}"), container(image=f"{IN_ECR}/aspnet@{DIGEST}")]),
)
CONTROL.bad(
    "public registries that nobody declared",
    resource(ECR_RULE, {"upstreamRegistryUrl": "public.ecr.aws", "ecrRepositoryPrefix": "ROOT"}),
    finding=(
        f"upstreamRegistryUrl: found public.ecr.aws, expected {DECLARED}",
        "ecrRepositoryPrefix: found ROOT, expected a prefix of its own",
    ),
)
CONTROL.bad(
    "a host that begins like a declared one",
    resource(ACR_RULE, AKS_IMAGES | {"sourceRepository": "mcr.microsoft.com.example.org/*"}),
    finding=f"sourceRepository: found mcr.microsoft.com.example.org/*, expected {DECLARED}",
)
CONTROL.bad(
    "everything, from nowhere",
    resource(ACR_RULE, {"targetRepository": "*"}),
    cronjob([container(image=f"{IN_ACR}/falaj.local/fetch@{DIGEST}")]),
    finding=(
        f"sourceRepository: found nothing, expected {DECLARED}",
        "targetRepository: found *, expected a prefix of its own",
    ),
)
CONTROL.bad(
    "to nowhere",
    resource(ACR_RULE, {"sourceRepository": "mcr.microsoft.com/*"}),
    finding="targetRepository: found nothing, expected a prefix of its own",
)
CONTROL.bad(
    "a container and a volume of what was fetched",
    resource(ECR_RULE, FROM_MICROSOFT | {"ecrRepositoryPrefix": "fetched/microsoft/"}),
    deployment(
        [container(image=f"{IN_ECR}/fetched/microsoft/aspnet:9")],
        volumes=[{"name": "model", "image": {"reference": f"{IN_ECR}/fetched/microsoft/iris"}}],
    ),
    finding=(
        f"spec.template.spec.containers[0].image: found {IN_ECR}/fetched/microsoft/aspnet:9, {PUSHED}",
        f"spec.template.spec.volumes[0].image.reference: found {IN_ECR}/fetched/microsoft/iris, {PUSHED}",
    ),
)
CONTROL.bad(
    "a job that runs the one image",
    resource(ACR_RULE, ONE_IMAGE),
    cronjob([container(image=f"{IN_ACR}/aspnet:9")]),
    finding=(
        f"spec.jobTemplate.spec.template.spec.containers[0].image: found {IN_ACR}/aspnet:9, "
        "expected an image that was pushed, not one of aspnet"
    ),
)
CONTROL.good(
    "a registry that the operator has looked at",
    resource(ECR_RULE, {"upstreamRegistryUrl": "quay.example.ae", "ecrRepositoryPrefix": "fetched"}),
    parameters=Upstreams(hosts=("quay.example.ae",)),
)
CONTROL.unknown(
    "ends made elsewhere",
    resource(ECR_RULE, {"upstreamRegistryUrl": UNKNOWN, "ecrRepositoryPrefix": UNKNOWN}),
    at=("upstreamRegistryUrl", "ecrRepositoryPrefix"),
)
CONTROL.unknown(
    "beside an image made elsewhere",
    resource(ACR_RULE, AKS_IMAGES),
    deployment([container(image=UNKNOWN)]),
    at="spec.template.spec.containers[0].image",
)
CONTROL.not_applicable("a Service fetches nothing", service())
