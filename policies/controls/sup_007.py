"""SUP-007: AKS clusters start from a registry of your own and have no way out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.kubernetes import service
from policies.examples.platforms import AKS, AZURE_REGISTRY, REGISTRY_ID, aks_cluster, azure_registry
from policies.outcomes import Outcome
from policies.resources import Resource, resource, type_of
from policies.templates import is_one_of
from policies.values import UNKNOWN

CACHE = "Cache"
NO_WAY_OUT = ("none", "block")
REGISTRY = re.compile(r"/.+/providers/Microsoft\.ContainerRegistry/registries/[^/]+", re.IGNORECASE)
PROFILE = "bootstrapProfile"

CONTROL = Control(
    id="SUP-007",
    title="AKS clusters start from a registry of your own and have no way out",
    harm="Every new node waits for images from a registry on the internet, and the way to it is open to others too.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=(AKS,), view=as_is),
    reads=(f"{PROFILE}.artifactSource", f"{PROFILE}.containerRegistryId", "networkProfile.outboundType"),
    remedy=(
        f"Set {PROFILE} to artifactSource {CACHE} with containerRegistryId, and networkProfile.outboundType to "
        f"{' or '.join(NO_WAY_OUT)}, as components.cluster does without egress."
    ),
    note=(
        "Without containerRegistryId, Azure makes a registry that no other control of the stack sees: it has to be "
        "your own. Stricter than RES-020, which also takes routes of your own. AWS keeps the images that EKS starts "
        "from in each region."
    ),
)


@CONTROL.check
def starts_at_home(cluster: Resource) -> Iterator[Outcome]:
    """Find a cluster that fetches its first images from the internet, or that could."""
    yield from is_one_of(cluster[PROFILE]["artifactSource"], (CACHE,))
    yield from has_own_registry(cluster)
    yield from is_one_of(cluster["networkProfile"]["outboundType"], NO_WAY_OUT)


def has_own_registry(cluster: Resource) -> Iterator[Outcome]:
    """Find a cluster that names no registry; one made beside it counts before its id is known."""
    registry = cluster[PROFILE]["containerRegistryId"]
    made_here = any(type_of(urn) == AZURE_REGISTRY for urn in cluster.property_dependencies.get(PROFILE, ()))
    if registry.known or not made_here:
        yield from registry.must(
            lambda value: isinstance(value, str) and REGISTRY.fullmatch(value), "the id of a registry of your own"
        )


MADE_BESIDE = resource(
    AKS,
    {
        PROFILE: {"artifactSource": CACHE, "containerRegistryId": UNKNOWN},
        "networkProfile": {"outboundType": "block"},
    },
    property_dependencies={PROFILE: [azure_registry().urn]},
)
CONTROL.good("from a registry that stands already", aks_cluster())
CONTROL.good("from a registry made beside it", MADE_BESIDE)
CONTROL.bad(
    "as Azure makes it",
    aks_cluster(bootstrapProfile=None, networkProfile=None),
    finding=(
        "bootstrapProfile.artifactSource: found nothing, expected Cache",
        "bootstrapProfile.containerRegistryId: found nothing, expected the id of a registry of your own",
        "networkProfile.outboundType: found nothing, expected none or block",
    ),
)
CONTROL.bad(
    "straight from Microsoft's registry",
    aks_cluster(bootstrapProfile={"artifactSource": "Direct", "containerRegistryId": REGISTRY_ID}),
    finding="bootstrapProfile.artifactSource: found Direct, expected Cache",
)
CONTROL.bad(
    "from a registry of Azure's making",
    aks_cluster(bootstrapProfile={"artifactSource": CACHE}),
    finding="bootstrapProfile.containerRegistryId: found nothing, expected the id of a registry of your own",
)
CONTROL.bad(
    "out through a firewall",
    aks_cluster(networkProfile={"outboundType": "userDefinedRouting"}),
    finding="networkProfile.outboundType: found userDefinedRouting, expected none or block",
)
CONTROL.unknown(
    "from a registry made elsewhere",
    aks_cluster(bootstrapProfile={"artifactSource": CACHE, "containerRegistryId": UNKNOWN}),
    at="bootstrapProfile.containerRegistryId",
)
CONTROL.unknown(
    "from an id made of something else",
    resource(
        AKS,
        {
            PROFILE: {"artifactSource": CACHE, "containerRegistryId": UNKNOWN},
            "networkProfile": {"outboundType": UNKNOWN},
        },
        property_dependencies={PROFILE: ["urn:pulumi:stack::project::random:index/randomId:RandomId::registry"]},
    ),
    at=("bootstrapProfile.containerRegistryId", "networkProfile.outboundType"),
)
CONTROL.not_applicable("a Service starts nothing", service())
