"""RES-013: images lie in the UAE, wherever a registry copies, builds or hands them out."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.azure_residency import ABROAD, HOME, IN_THE_UAE, made
from policies.examples.kubernetes import without_none
from policies.geography.places import lies_in_azure_uae
from policies.outcomes import Outcome
from policies.resources import Resource, resource
from policies.tables import Table, by_table, one_of, reads_of, refused
from policies.templates import is_true
from policies.values import UNKNOWN

REGISTRY = "azure-native:containerregistry:Registry"
REPLICATION = "azure-native:containerregistry:Replication"
BUILDERS = tuple(f"azure-native:containerregistry:{kind}" for kind in ("AgentPool", "Task", "TaskRun"))
CONNECTED = "azure-native:containerregistry:ConnectedRegistry"
EXPORT = "azure-native:containerregistry:ExportPipeline"
NO_COPY = "no copy of images at a place that the registry does not say"

TABLE: Table = {
    REGISTRY: {
        "location": lies_in_azure_uae,
        "sku.name": one_of("Premium"),
        "dataEndpointEnabled": is_true,
        "policies.exportPolicy.status": one_of("disabled"),
    },
    REPLICATION: {"location": lies_in_azure_uae},
    **{token: {"location": lies_in_azure_uae} for token in BUILDERS},
    CONNECTED: {"mode": refused(NO_COPY)},
    EXPORT: {"target.uri": refused(NO_COPY)},
}

CONTROL = Control(
    id="RES-013",
    title="Images lie in the UAE, wherever a registry copies, builds or hands them out",
    harm="Models travel inside images: a replica abroad is a copy of every model, kept up to date.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=tuple(TABLE), view=as_is),
    reads=reads_of(TABLE),
    remedy=(
        "Keep registry, replicas and builds in uaenorth or uaecentral; make the registry Premium, switch "
        "dataEndpointEnabled on and policies.exportPolicy off."
    ),
    note=(
        "Only a Premium registry has data endpoints of its own region; without them layers come from a host shared by "
        "all. Wider than asked: exports, connected registries and the places where images are built. Whether a "
        "build may reach the internet (agentPoolName) is a matter of its network, not of where it lies."
    ),
)


@CONTROL.check
def images_stay(found: Resource) -> Iterator[Outcome]:
    """Find each place abroad, or that nobody names, where images of a registry lie."""
    yield from by_table(TABLE, found)


def registry(**properties: object) -> Resource:
    """Make a registry that keeps its images to itself."""
    kept = {
        "location": HOME,
        "sku": {"name": "Premium"},
        "dataEndpointEnabled": True,
        "policies": {"exportPolicy": {"status": "disabled"}},
    }
    return resource(REGISTRY, without_none(kept | properties))


CONTROL.good("a registry of the region", registry())
CONTROL.good("a replica in the other region", made(REPLICATION, location="UAE Central"))
CONTROL.good("builds in the region", made(BUILDERS[1], location=HOME))
CONTROL.bad("abroad", registry(location=ABROAD), finding=f"location: found {ABROAD}, expected {IN_THE_UAE}")
CONTROL.bad(
    "layers from a shared host",
    registry(sku={"name": "Standard"}, dataEndpointEnabled=False),
    finding=("sku.name: found Standard, expected Premium", "dataEndpointEnabled: found false, expected true"),
)
CONTROL.bad(
    "images may be taken to any registry",
    registry(policies=None),
    finding="policies.exportPolicy.status: found nothing, expected disabled",
)
CONTROL.bad(
    "a replica abroad", made(REPLICATION, location=ABROAD), finding=f"location: found {ABROAD}, expected {IN_THE_UAE}"
)
for builder in BUILDERS:
    CONTROL.bad(
        f"built abroad, {builder}",
        made(builder, location=ABROAD),
        finding=f"location: found {ABROAD}, expected {IN_THE_UAE}",
    )
CONTROL.bad(
    "a copy on a site of who knows where",
    made(CONNECTED, mode="ReadOnly"),
    finding=f"mode: found ReadOnly, expected {NO_COPY}",
)
CONTROL.bad(
    "a copy in a storage account of who knows where",
    made(EXPORT, target={"uri": "https://acme.blob.core.windows.net/images"}),
    finding=f"target.uri: found https://acme.blob.core.windows.net/images, expected {NO_COPY}",
)
CONTROL.unknown("a place made elsewhere", made(REPLICATION, location=UNKNOWN), at="location")
CONTROL.unknown("a switch made elsewhere", registry(dataEndpointEnabled=UNKNOWN), at="dataEndpointEnabled")
CONTROL.not_applicable("a rule that fetches images", made("azure-native:containerregistry:CacheRule"))
