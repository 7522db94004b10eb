"""Why some mutants of TAG controls survive."""

from __future__ import annotations

from tests.policies.excuses.excuse import Excuse, each

ANY_NAME = "any name will do"
ANY_TEXT = "unknown delete null strange upper cut empty"
JUDGED_APART = "any budget will do for the cluster; the budget itself is judged apart"
OTHER_BUDGETS = (
    *("an amount as a number", "an amount that nobody may read"),
    *("an amount, and one that may move", "a budget that follows the past, and tells a topic"),
)

RESOURCES: dict[str, tuple[Excuse, ...]] = {
    "TAG-001": (
        Excuse(
            each("cut strange", "falaj.dev/owner", "owner", "tenant"),
            ANY_NAME,
            of="Bucket Deployment Namespace StorageAccount",
        ),
        Excuse(
            each("upper cut strange", "app.kubernetes.io/managed-by", "cost-centre"),
            ANY_NAME,
            of="Bucket Deployment Namespace StorageAccount",
        ),
        Excuse(each("upper cut strange", "value"), ANY_NAME, "a group of machines, whose tags are a list"),
        Excuse(each("delete null", "owner"), "the provider names one", "tags of the provider"),
        Excuse(each("offend", "environment"), "the provider says it, whatever is left out", "tags of the provider"),
    ),
    "TAG-002": (
        Excuse(
            each("strange upper cut", "ropa-id"),
            "an entry may have any id",
            ("a bucket with customers' data", "personal data of another class"),
        ),
        Excuse(
            each("unknown offend", "ropa-id"),
            "no data about persons, so no entry is asked for",
            ("a table without", "a storage account that is not classed"),
        ),
        Excuse(
            each("delete null strange upper cut empty", "data-classification"),
            "another class, or none; TAG-001 judges it",
            ("a bucket with customers' data", "a table without", "personal data of another class"),
        ),
        Excuse(
            each("offend", "personal-data"),
            "no data about persons, as its class allows",
            "personal data of another class",
        ),
    ),
    "TAG-003": (
        Excuse(
            each("unknown strange cut empty", "budgetType"),
            "what a budget bounds matters to a cluster alone",
            ("a budget", *OTHER_BUDGETS),
        ),
        Excuse(
            each("delete null", "budgetType"),
            "AWS and Pulumi refuse a budget of no type",
            ("a budget", *OTHER_BUDGETS, "a cluster and its budget"),
        ),
        Excuse(
            each("unknown", "plannedLimits", "autoAdjustData"),
            "it has a limit already",
            ("a budget", *OTHER_BUDGETS[:-2]),
        ),
        Excuse(each("unknown", "plannedLimits"), "it has a limit already", OTHER_BUDGETS[-2:]),
        Excuse(each("delete null", "autoAdjustData"), "it has a limit already", "an amount, and one that may move"),
        Excuse(
            each("unknown offend", "limitAmount"),
            "its limit moves",
            "a budget that follows the past, and tells a topic",
        ),
        Excuse(
            each("cut", "limitAmount"),
            "another amount",
            ("a budget", "an amount that nobody may read", "an amount, and one that may move"),
        ),
        Excuse(each("more less", "limitAmount"), "another amount", "an amount as a number"),
        Excuse(each("unknown", "subscriberSnsTopicArns"), "an address is told", ("a budget", *OTHER_BUDGETS[:-1])),
        Excuse(each("unknown", "subscriberEmailAddresses"), "a topic is told", OTHER_BUDGETS[-1]),
        Excuse(
            each("more less", "amount"), "another amount", ("a budget of Azure", "a budget of Azure that tells a role")
        ),
        Excuse(each(ANY_TEXT, "name"), "any budget will do for the cluster", "a cluster and its budget"),
        Excuse(
            each(ANY_TEXT, "resourceName"), "any budget will do for the cluster", "a cluster of Azure and its budget"
        ),
        Excuse(
            (
                *each("unknown delete null strange cut empty offend", "limitAmount"),
                *each("unknown delete null empty", "subscriberEmailAddresses"),
                *each("unknown", "subscriberSnsTopicArns", "plannedLimits", "autoAdjustData"),
            ),
            JUDGED_APART,
            "a cluster and its budget",
        ),
        Excuse(
            (
                *each("unknown delete null offend", "amount", "notifications"),
                *each("more less", "amount"),
            ),
            JUDGED_APART,
            "a cluster of Azure and its budget",
        ),
    ),
    "TAG-004": (
        Excuse(
            each("delete null", "instanceTypes", "instanceType", "vmSize", "size", "name"),
            "where no size is named none is wrong, and another resource names it",
            of="*",
        ),
        Excuse(
            each("offend", "instanceType"),
            "a size that is wrong in another region alone",
            ("a template without a size", "a machine"),
        ),
        Excuse(
            each(f"{ANY_TEXT} abroad", "region"),
            "without a size the region does not matter",
            "a template without a size",
        ),
        Excuse(
            each("upper", "region", "location"),
            "regions are read in any case",
            of="Instance LaunchTemplate ManagedCluster VirtualMachine",
        ),
    ),
    "TAG-005": (
        Excuse(each("more", "minReplicas"), "more is better", "an autoscaler"),
        Excuse(each("more less", "maxReplicas"), "not below the lower bound", "an autoscaler"),
        Excuse(each("more", "maxReplicas"), "not below the lower bound", "an autoscaler of the first version, patched"),
        Excuse(each("more", "minSize"), "more is better", "a pool"),
        Excuse(each("more less offend", "maxSize"), "not below the lower bound", "a pool"),
        Excuse(each("more", "minCount"), "more is better", "a pool of AKS"),
        Excuse(each("more less", "maxCount"), "not below the lower bound", "a pool of AKS"),
        Excuse(each("more", "count"), "more is better", "a pool of AKS of a fixed size"),
        Excuse(
            each("delete null strange cut empty", "capacityType"),
            "AWS takes nothing away but from what is called spot, and knows no other names",
            ("a pool", "a spot pool beside another"),
        ),
        Excuse(each("offend", "capacityType"), "spot machines in another case", "a spot pool beside another"),
        Excuse(each("unknown offend", "count"), "the pool scales, so its bounds are judged", "a pool of AKS"),
        Excuse(
            each(ANY_TEXT, "mode"),
            "a pool that is judged by its own bounds",
            ("a pool of AKS", "a pool of AKS of a fixed size"),
        ),
        Excuse(
            each(ANY_TEXT, "mode"),
            "the mode of the spot pool, beside one that stays",
            "the pools of a cluster, one of them spot",
        ),
        Excuse(
            each("unknown", "taints"),
            "a pool that is judged by its own bounds, or a spot pool",
            ("a pool", "a spot pool beside another"),
        ),
        Excuse(
            each("unknown", "nodeTaints"),
            "a pool that is judged by its own bounds, or a spot pool",
            ("a pool of AKS", "a pool of AKS of a fixed size", "the pools of a cluster, one of them spot"),
        ),
        Excuse(
            each("unknown delete null more less offend", "minSize", "maxSize"),
            "a spot pool may have any bounds while another stays",
            "a spot pool beside another",
        ),
        Excuse(
            (
                *each("unknown delete null flip", "enableAutoScaling"),
                *each("unknown delete null more less offend second", "minCount"),
                *each("unknown delete null more less", "maxCount"),
                *each("unknown", "count"),
            ),
            "a spot pool may have any bounds while another stays",
            "the pools of a cluster, one of them spot",
        ),
        Excuse(
            (*each("delete null", "enableAutoScaling"), *each("unknown", "minCount", "maxCount")),
            "the pool is of a fixed size",
            "a pool of AKS of a fixed size",
        ),
        Excuse(
            each("upper", "scaleSetPriority"),
            "spot machines in another case",
            "the pools of a cluster, one of them spot",
        ),
    ),
}
LOGIC: dict[str, dict[str, str]] = {
    "TAG-005": {
        (
            'doubts: () if pool.provider is Provider.AWS else (pool.root["mode"],) -> '
            '() if (pool.provider is Provider.AWS) and False else (pool.root["mode"],)'
        ): "a pool of AWS has no mode",
    },
}
