"""Why some mutants of RES controls survive."""

from __future__ import annotations

from tests.policies.excuses.excuse import Excuse, each

JUDGED_BY_SUP_001 = "the image only tells whether ONNX Runtime is inside; SUP-001 judges it"
ANY_NAME = "any name will do"

RESOURCES: dict[str, tuple[Excuse, ...]] = {
    "RES-001": (
        Excuse(
            each("delete null", "stsRegion", "peerRegion", "serviceRegion", "supportedRegions", "regions")
            + each("delete null", "stackSetInstanceRegion", "snsRegion"),
            "without it, AWS takes the region of the resource",
        ),
        Excuse(
            each("unknown", "endpoints", "serviceName"),
            "a text that names no region yet; what this stack makes is judged itself",
        ),
        Excuse(
            each("delete null", "region"),
            "AWS refuses an endpoint that names no second region",
            "details.routesDetails.region of MultiRegionEndpoint at home",
        ),
        Excuse(
            each("delete null empty offend", "region"),
            "without replicas there is nothing but the region of its provider",
            "region[].name of ReplicationSet at home",
        ),
        Excuse(each("delete null", "name"), "AWS refuses a replica without the name of its region"),
    ),
    "RES-019": (
        Excuse(each("delete null empty upper cut strange", "image"), JUDGED_BY_SUP_001),
        Excuse(each("unknown", "image"), "telemetry is off, whatever the image"),
        Excuse(
            each("unknown offend second", "env"),
            "a container without ONNX Runtime needs no switch",
            "switched off in every container, beside one without the runtime",
        ),
    ),
    "RES-021": (
        Excuse(
            each("offend second", "encryption"),
            "what is too little for one flow is enough for another",
            "inside the cluster's own network",
        ),
        Excuse(each("upper cut strange", "source", "sink"), ANY_NAME),
        Excuse(
            each("unknown delete null upper cut empty offend second strange", "region"),
            "a global service has no region of its own; the catalog judges it by its key",
            "names of roles, to the one control plane that IAM has",
        ),
        Excuse(
            each("offend second", "region"),
            "onshore, for a company that is in no free zone",
            "a cluster of the operator's own, inside the UAE",
        ),
    ),
    "RES-022": (
        Excuse(
            each("delete null strange upper cut empty unknown", "channel", "source", "sink", "data_class"),
            "RES-021 judges every word of a flow, and what it doesn't know stays unknown there",
        ),
        Excuse(each("offend second", "data_class"), "less flows into the store, or out of another"),
    ),
}
LOGIC: dict[str, dict[str, str]] = {
    "RES-021": {
        "always: regions().get(region) if isinstance(region, str) else None": "no region has a key but text",
    },
}
