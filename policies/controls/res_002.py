"""RES-002: every Azure resource lies in the UAE and names no place outside it."""

from __future__ import annotations

from collections.abc import Iterator

from falaj.catalog.global_services import Advice, global_service_of
from policies.control import Control, Severity, Subject, as_is
from policies.examples.residency import AZURE_PROVIDER, UAE_AZURE, azure, first, holding
from policies.geography.places import GLOBAL, lies_in_azure_uae, normalised
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome
from policies.resources import Resource, resource
from policies.tables import Judge, Table, by_table, if_set, reads_of
from policies.templates import is_absent, is_one_of
from policies.values import UNKNOWN

HERE: Judge = if_set(lies_in_azure_uae)
NAMED: Table = {
    "azure-native:aad:DomainService": {"replicaSets[].location": HERE},
    "azure-native:apimanagement:ApiManagementService": {"additionalLocations[].location": HERE},
    "azure-native:azurefleet:Fleet": {"additionalLocationsProfile.locationProfiles[].location": HERE},
    "azure-native:cognitiveservices:Account": {"properties.locations.regions[].name": HERE},
    "azure-native:compute:GalleryApplicationVersion": {"publishingProfile.targetRegions[].name": HERE},
    "azure-native:compute:GalleryImageVersion": {"publishingProfile.targetRegions[].name": HERE},
    "azure-native:compute:GalleryInVMAccessControlProfileVersion": {"targetLocations[].name": HERE},
    "azure-native:compute:GalleryScriptVersion": {"properties.publishingProfile.targetRegions[].name": HERE},
    "azure-native:dashboard:ManagedPrivateEndpoint": {"privateLinkResourceRegion": HERE},
    "azure-native:kusto:ManagedPrivateEndpoint": {"privateLinkResourceRegion": HERE},
    "azure-native:machinelearningservices:Compute": {"properties.computeLocation": HERE},
    "azure-native:machinelearningservices:Registry": {"regionDetails[].location": HERE},
    "azure-native:maps:Account": {"properties.locations[].locationName": HERE},
    "azure-native:network:FirewallPolicy": {"insights.logAnalyticsResources.workspaces[].region": HERE},
    "azure-native:network:FlowLog": {
        "flowAnalyticsConfiguration.networkWatcherFlowAnalyticsConfiguration.workspaceRegion": HERE,
    },
    "azure-native:recoveryservices:ReplicationFabric": {"properties.customDetails.location": HERE},
    "azure-native:recoveryservices:ReplicationProtectionContainerMapping": {
        "properties.providerSpecificInput.targetLocation": HERE,
    },
    "azure-native:search:SharedPrivateLinkResource": {"properties.resourceRegion": HERE},
    "azure-native:servicebus:Namespace": {"geoDataReplication.locations[].locationName": HERE},
    "azure-native:virtualmachineimages:VirtualMachineImageTemplate": {
        "distribute[].location": HERE,
        "distribute[].replicationRegions[]": HERE,
        "distribute[].targetRegions[].name": HERE,
    },
}
"""Where resources name another location, to reach it or to be there too, and no control of its own judges that."""
PUBLIC_CLOUD = "public"

CONTROL = Control(
    id="RES-002",
    title="Every Azure resource lies in the UAE and names no place outside it",
    harm="What lies in another region lies under another country's law, though nobody ever decided that.",
    severity=Severity.CRITICAL,
    applies_to=Subject(tokens=("azure-native:*", AZURE_PROVIDER), view=as_is),
    reads=("location", *reads_of(NAMED), "VirtualMachine:extendedLocation.name", f"{AZURE_PROVIDER}:environment"),
    remedy="Set location, and every other location that the resource names, to uaenorth or uaecentral.",
    note=(
        "Location global is left to the services that the catalog lists as worldwide and lets be known; an action "
        "group can have a region, so it is none of them. A resource without a location lies where what it belongs to "
        "lies: the provider writes the location into all others before they are judged. An extended location, at an "
        "edge or on hardware of one's own, may be anywhere, so it needs a waiver that says where it is. "
        "The clouds for other countries' governments and for China have no region in the UAE."
    ),
)


@CONTROL.check
def stays_in_the_uae(found: Resource) -> Iterator[Outcome]:
    """Find a resource outside the country, and any place outside it that a resource names."""
    if found.type == AZURE_PROVIDER:
        yield from is_one_of(found["environment"], (None, PUBLIC_CLOUD), f"{PUBLIC_CLOUD}, or nothing")
    elif found["location"].value is None:
        yield NotApplicable("has no location of its own")
    yield from lies_in_the_uae(found["location"], found.type)
    if found.type in NAMED:
        yield from by_table(NAMED, found)
    extended = found["extendedLocation"]["name"]
    if extended.value is not None:
        yield from is_absent(extended, "nothing: an extended location may be anywhere")


def lies_in_the_uae(location: Node, token: str) -> Iterator[Outcome]:
    """Judge where a resource lies; only some may lie everywhere."""
    service = global_service_of(token)
    if normalised(location.value) == GLOBAL and service is not None and service.advice is Advice.KNOW:
        yield NotApplicable(f"{service.title} lies in no region; whose data it is has to know of {service.processes}")
    elif location.value is not None:
        yield from lies_in_azure_uae(location)


ACCOUNT = "azure-native:storage:StorageAccount"
ACTION_GROUP = "azure-native:monitor:ActionGroup"
MACHINE = "azure-native:compute:VirtualMachine"
PRIVATE_ZONE = "azure-native:privatedns:PrivateZone"
ROLE = "azure-native:authorization:RoleAssignment"
TEMPLATE = "azure-native:virtualmachineimages:VirtualMachineImageTemplate"

for token, patterns in NAMED.items():
    for pattern in patterns:
        kind = token.partition(":")[2]
        CONTROL.good(f"{pattern} of {kind} at home", azure(token, **holding(pattern, "UAE Central")))
        CONTROL.bad(
            f"{pattern} of {kind} abroad",
            azure(token, **holding(pattern, "West Europe")),
            finding=f"{first(pattern)}: found West Europe, expected {UAE_AZURE}",
        )
CONTROL.good("in the north", azure(ACCOUNT))
CONTROL.good("in the middle, as people write it", azure(ACCOUNT, location="UAE Central"))
CONTROL.good("a provider at home", resource(AZURE_PROVIDER, {"location": "uaenorth", "environment": "public"}))
CONTROL.good("a provider without a location of its own", resource(AZURE_PROVIDER, {}))
CONTROL.bad(
    "abroad", azure(ACCOUNT, location="westeurope"), finding=f"location: found westeurope, expected {UAE_AZURE}"
)
CONTROL.bad("nowhere", azure(ACCOUNT, location=""), finding=f'location: found "", expected {UAE_AZURE}')
CONTROL.bad(
    "an action group that works anywhere",
    azure(ACTION_GROUP, location="Global"),
    finding=f"location: found Global, expected {UAE_AZURE}",
)
CONTROL.bad(
    "a service of the whole world abroad",
    azure(PRIVATE_ZONE, location="westeurope"),
    finding=f"location: found westeurope, expected {UAE_AZURE}",
)
CONTROL.bad(
    "a machine at an edge",
    azure(MACHINE, extendedLocation={"type": "EdgeZone", "name": "losangeles"}),
    finding="extendedLocation.name: found losangeles, expected nothing: an extended location may be anywhere",
)
CONTROL.bad(
    "a provider of another country's cloud",
    resource(AZURE_PROVIDER, {"environment": "usgovernment"}),
    finding="environment: found usgovernment, expected public, or nothing",
)
CONTROL.bad(
    "a provider whose resources lie abroad",
    resource(AZURE_PROVIDER, {"location": "northeurope"}),
    finding=f"location: found northeurope, expected {UAE_AZURE}",
)
CONTROL.unknown("a location made elsewhere", azure(ACCOUNT, location=UNKNOWN), at="location")
CONTROL.unknown("a cloud named elsewhere", resource(AZURE_PROVIDER, {"environment": UNKNOWN}), at="environment")
CONTROL.unknown(
    "copies to locations made elsewhere",
    azure(TEMPLATE, distribute=[{"replicationRegions": UNKNOWN}]),
    at="distribute[0].replicationRegions",
)
CONTROL.unknown("at an edge named elsewhere", azure(MACHINE, extendedLocation=UNKNOWN), at="extendedLocation")
CONTROL.not_applicable("a zone of the private network", azure(PRIVATE_ZONE, location="global"))
CONTROL.not_applicable("a role belongs to what it is assigned on", azure(ROLE, location=None))
CONTROL.not_applicable("another cloud's", resource("aws:s3/bucket:Bucket", {"region": "eu-west-1"}))
