"""RES-018: state and secrets of stacks stay in the country, as far as a plan tells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from falaj.catalog.global_services import global_services
from falaj.catalog.providers import Provider
from falaj.catalog.tags import Stage
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.azure_residency import made
from policies.geography.places import region_of_arn, uae_regions
from policies.geography.whereabouts import STACK_REFERENCE
from policies.outcomes import Finding, NotApplicable, Outcome
from policies.path import Path
from policies.values import UNKNOWN

STACK = "pulumi:pulumi:Stack"
SERVICE = "pulumiservice:*"
OF_A_BUCKET = re.compile(r"organization/[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
NAMED_IN_FULL = "organization/PROJECT/STACK, which is how a backend of one's own names a stack"
ADDRESS = re.compile(
    r"(?P<scheme>https?|s3|gs|awskms|gcpkms)://(?:[^\s\"',/@]*@)?(?P<place>[^\s\"',?]*)"
    r"(?:\?(?:[^\s\"',]*&)?(?:region=(?P<region>[a-z0-9-]+))?[^\s\"',]*)?"
)
"""An address of a backend or a key, wherever it stands in a text; without what may be secret in it."""
FOREIGN = ("gs", "gcpkms")
"""Schemes of a provider without a region in the country."""
IN_AWS = ("s3", "awskms")
LOCAL = "local"

CONTROL = Control(
    id="RES-018",
    title="State and secrets of stacks stay in the country",
    harm="State holds every name, address and setting of the platform, in plain text unless marked as secret.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(STACK_REFERENCE, SERVICE, STACK), view=situated, stack_wide=True),
    reads=(f"{STACK_REFERENCE}:name",),
    remedy=(
        "Keep state in a bucket in me-central-1 or an account in uaenorth, and secrets under a key there; name other "
        "stacks as organization/PROJECT/STACK."
    ),
    note=(
        "A plan does not say where its own state is kept or what encrypts its secrets: `falaj preflight` judges the "
        "backend (PULUMI_BACKEND_URL, Pulumi.yaml, the last login) and secretsprovider of the stack file, and refuses "
        "Pulumi Cloud, disks, passphrases and places abroad. Seen here are references to other stacks, resources of "
        "Pulumi Cloud, and addresses of backends and keys in the configuration. Both spare stage dev and clusters of "
        "one's own."
    ),
)


@CONTROL.check
def kept_in_the_country(found: Situated) -> Iterator[Outcome]:
    """Find each sign of state or secrets abroad."""
    if found.plan.stack.stage == Stage.DEVELOPMENT or found.plan.stack.region == LOCAL:
        yield NotApplicable("development and clusters of one's own may keep their state anywhere")
    elif found.resource.type == STACK_REFERENCE:
        yield from found["name"].must(lambda name: isinstance(name, str) and OF_A_BUCKET.fullmatch(name), NAMED_IN_FULL)
    elif found.resource.type == STACK:
        yield from addresses_abroad(found.plan.config)
    else:
        yield Finding(Path() / "type", found.resource.type, "no resource of Pulumi Cloud")


def addresses_abroad(config: Mapping[str, str]) -> Iterator[Outcome]:
    """Find each address of a backend or a key in the configuration that lies abroad."""
    for key, text in config.items():
        for match in ADDRESS.finditer(text):
            if reason := why_abroad(match):
                # The rest of an address may hold a token.
                shown = f"{match['scheme']}://{match['place']}"
                yield Finding(Path() / "configuration" / key, f"{shown}, {reason}", "an address in the country")


def why_abroad(address: re.Match[str]) -> str | None:
    """Say why an address lies abroad; nothing for one that does not, or does not say."""
    scheme, place = address["scheme"], address["place"]
    if scheme in FOREIGN:
        return "of a provider without a region in the country"
    if scheme in IN_AWS:
        region = region_of_arn(place.lstrip("/")) or (address["region"] or "")
        return f"in {region}" if region and region not in uae_regions(Provider.AWS) else None
    host = f".{place.partition('/')[0].partition(':')[0]}"
    hosts = global_services()["pulumi-cloud"].hosts
    return "Pulumi Cloud" if host.endswith(tuple(f".{known}" for known in hosts)) else None


CONTROL.good("an environment of the platform", made(STACK_REFERENCE, name="organization/falaj/environment"))
CONTROL.good("an environment of another project", made(STACK_REFERENCE, name="organization/network/hub"))
CONTROL.good("a stack that names no address", made(STACK), config={"falaj:environment": '{"region": "uaenorth"}'})
CONTROL.good(
    "a stack that names places in the country",
    made(STACK),
    config={
        "acme:state": "s3://acme-state?region=me-central-1",
        "acme:key": "awskms:///arn:aws:kms:me-central-1:111122223333:key/1",
        "acme:models": "s3://acme-models/iris, https://git.acme.ae/pulumi.com, https://notpulumi.com and azblob://state?storage_account=acme",
    },
)
CONTROL.bad(
    "an environment of an organization at Pulumi Cloud",
    made(STACK_REFERENCE, name="acme/falaj/environment"),
    finding=f"name: found acme/falaj/environment, expected {NAMED_IN_FULL}",
)
CONTROL.bad(
    "an environment of who knows where",
    made(STACK_REFERENCE, name="environment"),
    finding=f"name: found environment, expected {NAMED_IN_FULL}",
)
CONTROL.bad(
    "a setting of Pulumi Cloud",
    made("pulumiservice:index:DeploymentSettings"),
    finding="type: found pulumiservice:index:DeploymentSettings, expected no resource of Pulumi Cloud",
)
ELSEWHERE = {
    "https://token@api.pulumi.com/acme": "https://api.pulumi.com/acme, Pulumi Cloud",
    "https://api.pulumi.com:443": "https://api.pulumi.com:443, Pulumi Cloud",
    "gs://acme-state?key=1": "gs://acme-state, of a provider without a region in the country",
    "gcpkms://projects/acme": "gcpkms://projects/acme, of a provider without a region in the country",
    "s3://acme-state?awssdk=v2&region=eu-west-1": "s3://acme-state, in eu-west-1",
    "awskms://alias/acme?region=eu-west-1": "awskms://alias/acme, in eu-west-1",
    "awskms:///arn:aws:kms:eu-west-1:111122223333:key/1": (
        "awskms:///arn:aws:kms:eu-west-1:111122223333:key/1, in eu-west-1"
    ),
}
for address, shown in ELSEWHERE.items():
    CONTROL.bad(
        f"a stack that names {address}",
        made(STACK),
        config={"acme:state": f'["{address}"]'},
        finding=f'configuration["acme:state"]: found {shown}, expected an address in the country',
    )
CONTROL.unknown("a stack named elsewhere", made(STACK_REFERENCE, name=UNKNOWN), at="name")
DEVELOPMENT = {"falaj:environment": '{"region": "uaenorth", "stage": "dev"}'}
CONTROL.not_applicable("development", made(STACK_REFERENCE, name="acme/falaj/dev"), config=DEVELOPMENT)
CONTROL.not_applicable(
    "a cluster of one's own",
    made(STACK),
    config={"falaj:environment": '{"region": "local", "stage": "prod"}', "acme:state": "gs://acme-state"},
)
CONTROL.not_applicable("what a provider makes", made("aws:s3/bucket:Bucket"))
