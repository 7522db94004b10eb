"""RES-003: a region that Azure opens on request is used only where the stack names the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator

from falaj.catalog.providers import Provider
from falaj.catalog.regions import Access, regions
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.residency import azure
from policies.geography.places import normalised
from policies.outcomes import NotApplicable, Outcome
from policies.resources import resource
from policies.stack import ACCESS_GRANT, BLOCKS
from policies.values import UNKNOWN

ENVIRONMENT, TENANT = BLOCKS
RESTRICTED = tuple(
    key for key, region in regions().items() if region.provider is Provider.AZURE and region.access is Access.RESTRICTED
)
EXPECTED = f"a region open to everyone, or Azure's answer in {ENVIRONMENT} access_grant"

CONTROL = Control(
    id="RES-003",
    title="A region that Azure opens on request is used only where the stack names the answer",
    harm="On the day of the disaster the second site refuses every machine, because nobody had asked to be let in.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=("azure-native:*",), view=situated),
    reads=("location",),
    remedy=(
        f"Ask Azure for access to the region and name its answer in the stack file: access_grant in {ENVIRONMENT}, "
        f"or {ACCESS_GRANT} in a stack of another kind; or choose another region."
    ),
    note=(
        "Which regions are opened on request, the catalog says. A tenant's stack lies where its environment lies, "
        "whose own stack names the answer. That the region has no zones is BDR-001's."
    ),
)


@CONTROL.check
def was_let_in(found: Situated) -> Iterator[Outcome]:
    """Find a resource in a region that nobody is known to have been let into."""
    location = found["location"]
    if location.value is None:
        yield NotApplicable("has no location of its own")
    elif TENANT in found.plan.config:
        yield NotApplicable("the stack of the environment names the answer")
    elif not found.plan.stack.access_grant:
        yield from location.must(lambda value: normalised(value) not in RESTRICTED, EXPECTED)


ACCOUNT = "azure-native:storage:StorageAccount"
VAULT = "azure-native:keyvault:Vault"
GRANTED = {ENVIRONMENT: json.dumps({"region": "uaecentral", "stage": "dr", "access_grant": "azure-request-0001"})}
NOT_GRANTED = {ENVIRONMENT: json.dumps({"region": "uaecentral", "stage": "dr"})}

CONTROL.good("a region open to everyone", azure(ACCOUNT))
CONTROL.good("a region open to everyone, as people write it", azure(VAULT, location="UAE North"))
CONTROL.good("an environment in an open region", azure(VAULT), config=NOT_GRANTED)
CONTROL.good("an environment that was let in", azure(ACCOUNT, location="uaecentral"), config=GRANTED)
CONTROL.good(
    "a stack of another kind that was let in", azure(ACCOUNT, location="uaecentral"), config={ACCESS_GRANT: "7"}
)
CONTROL.bad(
    "nobody asked",
    azure(ACCOUNT, location="uaecentral"),
    finding=f"location: found uaecentral, expected {EXPECTED}",
)
CONTROL.bad(
    "an environment that nobody let in",
    azure(VAULT, location="UAE Central"),
    config=NOT_GRANTED,
    finding=f"location: found UAE Central, expected {EXPECTED}",
)
CONTROL.bad(
    "nobody asked, as others write it",
    azure(VAULT, location="UAECentral"),
    finding=f"location: found UAECentral, expected {EXPECTED}",
)
CONTROL.bad(
    "an answer that is empty",
    azure(ACCOUNT, location="uaecentral"),
    config={ACCESS_GRANT: ""},
    finding=f"location: found uaecentral, expected {EXPECTED}",
)
CONTROL.unknown("a location made elsewhere", azure(ACCOUNT, location=UNKNOWN), at="location")
CONTROL.not_applicable(
    "a tenant of an environment there",
    azure(ACCOUNT, location="uaecentral"),
    config={TENANT: '{"region": "uaecentral"}'},
)
CONTROL.not_applicable(
    "a role belongs to what it is assigned on", azure("azure-native:authorization:RoleAssignment", location=None)
)
CONTROL.not_applicable("another cloud's", resource("aws:s3/bucket:Bucket", {"region": "me-central-1"}))
