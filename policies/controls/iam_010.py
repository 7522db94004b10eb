"""IAM-010: pods and stacks sign in to AWS within the country."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from falaj.catalog.providers import Provider
from policies.control import Control, Severity, Subject, as_is
from policies.documents import document
from policies.examples.identity import AWS_PROVIDER, REGIONAL_ANNOTATION, made, role_arn, service_account
from policies.examples.kubernetes import container, cronjob, deployment, pod, service
from policies.expressions import annotation, texts
from policies.geography.named_regions import region_named
from policies.geography.places import lies_in_aws_uae, uae_regions
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome
from policies.resources import Resource
from policies.templates import is_one_of
from policies.values import UNKNOWN
from policies.workloads.service_accounts import ROLE_ANNOTATION, SERVICE_ACCOUNTS
from policies.workloads.workload import POD_SPEC_BY_TOKEN, Workload

ENDPOINTS = "AWS_STS_REGIONAL_ENDPOINTS"
REGION = "AWS_REGION"
REGIONS = (REGION, "AWS_DEFAULT_REGION")
SIGNS_IN = ("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI")
"""What a container is told that signs in to AWS."""
OF_THE_REGION = "an address that names a region in the UAE"
ABOUT_AWS = (ENDPOINTS, *REGIONS, *SIGNS_IN)

CONTROL = Control(
    id="IAM-010",
    title="Pods and stacks sign in to AWS within the country",
    harm="The older endpoint answers from the United States, knows who signs in, and its tokens fail in our region.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=(*POD_SPEC_BY_TOKEN, *SERVICE_ACCOUNTS, f"{AWS_PROVIDER}*"), view=as_is),
    reads=(
        "container.env",
        *(
            f'{token}:metadata.annotations["{annotation}"]'
            for token in SERVICE_ACCOUNTS
            for annotation in (ROLE_ANNOTATION, REGIONAL_ANNOTATION)
        ),
        f"{AWS_PROVIDER}:stsRegion",
        f"{AWS_PROVIDER}:endpoints",
    ),
    remedy=(
        f'Annotate a service account that has a role with {REGIONAL_ANNOTATION}: "true"; give a container that signs '
        f"in {ENDPOINTS}=regional and {REGION} of the country; leave stsRegion to the provider's region."
    ),
    admits=(
        f"object.kind == 'ServiceAccount' ? {annotation(ROLE_ANNOTATION)} == '' || "
        f"{annotation(REGIONAL_ANNOTATION)} == 'true' : variables.containers.all(c, [c.?env.orValue([])].all(env, "
        f"env.all(e, (!(e.name in {texts(REGIONS)}) || e.?value.orValue('') in {texts(uae_regions(Provider.AWS))}) && "
        f"(e.name != '{ENDPOINTS}' || e.?value.orValue('') == 'regional')) && "
        f"(!env.exists(e, e.name in {texts(SIGNS_IN)}) || "
        f"env.exists(e, e.name == '{ENDPOINTS}') && env.exists(e, e.name in {texts(REGIONS)}))))"
    ),
    only_in_a_plan="how a stack itself signs in.",
    note=(
        "A container is concerned when it is told something about AWS. What its service account or EKS Pod Identity "
        "adds can't be seen in its own plan; both say the region of the cluster. Newer libraries choose the endpoint "
        "of the region by themselves, older ones have to be told."
    ),
)


@CONTROL.check
def signs_in_at_home(found: Resource) -> Iterator[Outcome]:
    """Find each way to sign in that leads out of the country."""
    if found.type in POD_SPEC_BY_TOKEN:
        told = [each["env"] for each in Workload(found).containers if may_be_told(each["env"])]
        if not told:
            yield NotApplicable("no container is told anything about AWS")
        for env in told:
            yield from is_told_of_home(env)
    elif found.type in SERVICE_ACCOUNTS:
        annotations = found["metadata"]["annotations"]
        if annotations[ROLE_ANNOTATION].value is None:
            yield NotApplicable("has no role of AWS")
        else:
            yield from is_one_of(annotations[REGIONAL_ANNOTATION], ("true",))
    else:
        yield from provider_signs_in_at_home(found)


def provider_signs_in_at_home(provider: Resource) -> Iterator[Outcome]:
    """Judge where a stack signs in. A provider holds its lists as JSON."""
    if provider["stsRegion"].value is not None:
        yield from lies_in_aws_uae(provider["stsRegion"])
    for each in document(provider["endpoints"]).items():
        if each["sts"].value is not None:
            yield from each["sts"].must(
                lambda address: region_named(address) in uae_regions(Provider.AWS), OF_THE_REGION
            )


def may_be_told(env: Node) -> bool:
    """Tell whether a container is told something about AWS, or may turn out to be."""
    names = [entry["name"].value for entry in env.items()]
    return any(name is UNKNOWN or name in ABOUT_AWS for name in names)


def is_told_of_home(env: Node) -> Iterator[Outcome]:
    """Find what a container is told that leads abroad, and what it is not told although it signs in."""
    variables: dict[object, Node] = {}
    for entry in env.items():
        if not entry["name"].known:
            yield entry["name"].undecided
        variables[entry["name"].value] = entry["value"]
    for name in REGIONS:
        if name in variables:
            yield from lies_in_aws_uae(variables[name])
    if ENDPOINTS in variables:
        yield from is_one_of(variables[ENDPOINTS], ("regional",))
    if any(name in variables for name in SIGNS_IN):
        for wanted in ((ENDPOINTS,), REGIONS):
            if not any(name in variables for name in wanted):
                yield replace(env.finding(f"{next(iter(wanted))} too"), found="a way to sign in")


HOME = {"name": REGION, "value": "me-central-1"}
REGIONAL = {"name": ENDPOINTS, "value": "regional"}
TOKEN = {"name": SIGNS_IN[1], "value": "/var/run/secrets/token"}
PLACE = "expected a region in the UAE: me-central-1"
CONTROL.good("a container that signs in at home", deployment([container(env=[HOME, REGIONAL, TOKEN])]))
CONTROL.good(
    "one that is told of home in the older way, beside one that knows nothing of AWS",
    pod([container(env=[{"name": REGIONS[1], "value": "me-central-1"}]), container(env=None)]),
)
CONTROL.good("a service account with a role", service_account(role=role_arn("iris"), regional="true"))
CONTROL.good("a stack that signs in at home", made(AWS_PROVIDER, {"stsRegion": "me-central-1"}))
CONTROL.good(
    "a stack that signs in at home, by address",
    made(
        AWS_PROVIDER,
        {"endpoints": '[{"s3": "https://s3.amazonaws.com", "sts": "https://sts.me-central-1.amazonaws.com"}]'},
    ),
)
CONTROL.good(
    "a stack that names other addresses", made(AWS_PROVIDER, {"endpoints": '[{"s3": "https://s3.amazonaws.com"}]'})
)
CONTROL.good("a stack that signs in where it works", made(AWS_PROVIDER, {"region": "me-central-1"}))
CONTROL.bad(
    "a container that signs in and is told nothing",
    deployment([container(env=[TOKEN])]),
    finding=(
        f"spec.template.spec.containers[0].env: found a way to sign in, expected {ENDPOINTS} too",
        f"spec.template.spec.containers[0].env: found a way to sign in, expected {REGION} too",
    ),
)
CONTROL.bad(
    "a container told of the older endpoint",
    pod([container(env=[{"name": ENDPOINTS, "value": "legacy"}])]),
    finding="spec.containers[0].env[0].value: found legacy, expected regional",
)
for name in REGIONS:
    CONTROL.bad(
        f"an init container whose {name} is abroad",
        cronjob(initContainers=[container(env=[{"name": name, "value": "us-east-1"}])]),
        finding=f"spec.jobTemplate.spec.template.spec.initContainers[0].env[0].value: found us-east-1, {PLACE}",
    )
CONTROL.bad(
    "a region that only the cluster knows",
    pod([container(env=[{"name": REGION, "valueFrom": {"configMapKeyRef": {"name": "aws", "key": "region"}}}])]),
    finding=f"spec.containers[0].env[0].value: found nothing, {PLACE}",
)
CONTROL.bad(
    "a service account with a role, told nothing",
    service_account(role=role_arn("iris")),
    finding=f'metadata.annotations["{REGIONAL_ANNOTATION}"]: found nothing, expected true',
)
CONTROL.bad(
    "a service account with a role, told of the older endpoint",
    service_account(role=UNKNOWN, regional="false"),
    finding=f'metadata.annotations["{REGIONAL_ANNOTATION}"]: found false, expected true',
)
CONTROL.bad(
    "a stack that signs in abroad",
    made(AWS_PROVIDER, {"stsRegion": "us-east-1"}),
    finding=f"stsRegion: found us-east-1, {PLACE}",
)
for address in ("https://sts.amazonaws.com", "https://sts.us-east-1.amazonaws.com"):
    CONTROL.bad(
        f"a stack that signs in at {address}",
        made(AWS_PROVIDER, {"endpoints": f'[{{"sts": "{address}"}}]'}),
        finding=f"endpoints[0].sts: found {address}, expected {OF_THE_REGION}",
    )
CONTROL.unknown("addresses made elsewhere", made(AWS_PROVIDER, {"endpoints": UNKNOWN}), at="endpoints")
CONTROL.unknown("what it is told, made elsewhere", pod([container(env=UNKNOWN)]), at="spec.containers[0].env")
CONTROL.unknown(
    "a name made elsewhere",
    pod([container(env=[HOME, {"name": UNKNOWN, "value": "1"}])]),
    at="spec.containers[0].env[1].name",
)
CONTROL.unknown(
    "a region made elsewhere",
    pod([container(env=[{"name": REGION, "value": UNKNOWN}])]),
    at="spec.containers[0].env[0].value",
)
CONTROL.unknown("annotations made elsewhere", service_account(annotations=UNKNOWN), at="metadata.annotations")
CONTROL.unknown("where a stack signs in, made elsewhere", made(AWS_PROVIDER, {"stsRegion": UNKNOWN}), at="stsRegion")
CONTROL.not_applicable("a container that knows nothing of AWS", deployment())
CONTROL.not_applicable("a service account without a role", service_account())
CONTROL.not_applicable("a Service signs in nowhere", service())
