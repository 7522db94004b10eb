"""Why some mutants of TAG controls survive."""

from __future__ import annotations

from tests.policies.excuses.excuse import Excuse, each

ANY_NAME = "any name will do"
ANY_TEXT = "unknown delete null strange upper cut empty"
JUDGED_APART = "any budget will do for the cluster; the budget itself is judged apart"

RESOURCES: dict[str, tuple[Excuse, ...]] = {
    "TAG-001": (
        Excuse(each("cut strange", "falaj.dev/owner", "owner", "tenant"), ANY_NAME),
        Excuse(each("upper cut strange", "app.kubernetes.io/managed-by", "cost-centre"), ANY_NAME),
        Excuse(each("upper cut strange", "value"), ANY_NAME, "a group of machines, whose tags are a list"),
        Excuse(each("delete null", "owner"), "the provider names one", "tags of the provider"),
        Excuse(each("offend", "environment"), "the provider says it, whatever is left out", "tags of the provider"),
    ),
    "TAG-002": (
        Excuse(each("strange upper cut", "ropa-id"), "an entry may have any id"),
        Excuse(each("unknown offend", "ropa-id"), "no data about persons, so no entry is asked for"),
        Excuse(
            each("delete null strange upper cut empty", "data-classification"),
            "another class, or none; TAG-001 judges it",
        ),
        Excuse(each("offend", "personal-data"), "no data about persons, as its class allows"),
    ),
    "TAG-003": (
        Excuse(each("unknown strange cut empty", "budgetType"), "what it bounds matters to a cluster alone"),
        Excuse(each("delete null", "budgetType"), "AWS and Pulumi refuse a budget of no type"),
        Excuse(
            (*each("unknown", "limitAmount", "plannedLimits", "autoAdjustData"), *each("offend", "limitAmount")),
            "the limit moves, or the budget is judged apart",
        ),
        Excuse(each("cut", "limitAmount"), "another amount"),
        Excuse(each("unknown", "subscriberSnsTopicArns", "subscriberEmailAddresses"), "somebody else is told"),
        Excuse(each("more less", "amount"), "another amount"),
        Excuse(each(ANY_TEXT, "name", "resourceName"), "any budget will do for the cluster"),
        Excuse(
            (
                *each("unknown delete null empty", "limitAmount", "subscriberEmailAddresses"),
                *each("strange", "limitAmount"),
            ),
            JUDGED_APART,
            "a cluster and its budget",
        ),
        Excuse(
            each("unknown delete null offend", "amount", "notifications"),
            JUDGED_APART,
            "a cluster of Azure and its budget",
        ),
    ),
    "TAG-004": (
        Excuse(
            each("delete null", "instanceTypes", "instanceType", "vmSize", "size", "name"),
            "where no size is named none is wrong, and another resource names it",
        ),
        Excuse(each("offend", "instanceType"), "a size that is wrong in another region alone"),
        Excuse(
            each(f"{ANY_TEXT} abroad", "region"),
            "without a size the region does not matter",
            "a template without a size",
        ),
        Excuse(each("upper", "region", "location"), "regions are read in any case"),
    ),
    "TAG-005": (
        Excuse(each("more", "minReplicas", "minSize", "minCount", "count"), "more is better"),
        Excuse(each("more less", "maxReplicas", "maxSize", "maxCount"), "another bound, not below the lower one"),
        Excuse(each("delete null strange cut empty", "capacityType"), "without it AWS takes nothing away"),
        Excuse(each("unknown offend", "count"), "the pool scales, so its bounds are judged"),
        Excuse(each(ANY_TEXT, "mode"), "a pool that is judged by its own bounds, or serves all the same"),
        Excuse(each("unknown", "taints", "nodeTaints"), "a pool is judged by its own bounds, whatever its taints"),
        Excuse(
            (*each("unknown delete null less offend", "minSize"), *each("unknown delete null", "maxSize")),
            "a spot pool may have any bounds while another stays",
            "a spot pool beside another",
        ),
        Excuse(
            (
                *each("unknown delete null flip", "enableAutoScaling"),
                *each("unknown delete null less offend second", "minCount"),
                *each("unknown delete null", "maxCount"),
            ),
            "a spot pool may have any bounds while another stays",
            "the pools of a cluster, one of them spot",
        ),
        Excuse(
            (*each("delete null", "enableAutoScaling"), *each("unknown", "minCount", "maxCount")),
            "the pool is of a fixed size",
            "a pool of AKS of a fixed size",
        ),
        Excuse(each("upper", "scaleSetPriority"), "spot machines all the same"),
    ),
}
LOGIC: dict[str, dict[str, str]] = {}
