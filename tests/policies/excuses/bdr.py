"""Why some mutants of BDR controls survive."""

from __future__ import annotations

from tests.policies.excuses.excuse import Excuse, each

SIZE_FOR_TAG_004 = "a size nobody listed may be sold in every zone; TAG-004 refuses it"
ANY_TEXT = "unknown delete null strange upper cut empty"
MADE_FROM_IT = "the program made the one from the other, whatever their names"
KEPT_BY_ITSELF = "the bucket itself keeps versions, whatever its name"
SIZE_WITHOUT_GPU = "a size of which nobody knows a GPU is not judged here; TAG-004 refuses one that nobody sells"
CPUS_ELSEWHERE = "a pool that may take over, and one that does in another stack"

RESOURCES: dict[str, tuple[Excuse, ...]] = {
    "BDR-001": (
        Excuse(
            each("unknown", "subnetIds"), "what the ids are made from are subnets of the stack", of="Cluster NodeGroup"
        ),
        Excuse(each("offend", "subnetIds"), "two ids not known yet, of the two subnets", "sizes that two zones sell"),
        Excuse(each("unknown", "availabilityZone"), "the zones are known by their ids", of="Subnet"),
        Excuse(
            each("unknown", "availabilityZoneId"),
            "the zones are known by their names",
            "subnets that say their zones by name",
        ),
        Excuse(
            each("delete null strange upper cut empty", "instanceTypes", "vmSize"),
            SIZE_FOR_TAG_004,
            of="AgentPool ManagedCluster NodeGroup",
        ),
        Excuse(
            each("upper", "location"),
            "Azure reads locations in any case",
            ("an AKS cluster in every zone", "a region without zones"),
        ),
        Excuse(
            (
                *each("offend unknown delete null empty second", "availabilityZones"),
                *each("unknown", "vmSize"),
            ),
            "the region has no zones to span",
            "a region without zones",
        ),
    ),
    "BDR-002": (
        Excuse(each(ANY_TEXT, "bucket"), MADE_FROM_IT, "a bucket and its versioning"),
        Excuse(each(ANY_TEXT, "bucket"), KEPT_BY_ITSELF, "versions kept by the bucket itself"),
        Excuse(each(ANY_TEXT, "bucket"), KEPT_BY_ITSELF, "versions kept by a bucket of the second type"),
        Excuse(each(f"{ANY_TEXT} offend", "accountName"), MADE_FROM_IT, "a storage account"),
        Excuse(each("delete null offend", "accountName"), "the one account", "a storage account by its name"),
        Excuse(
            each(f"{ANY_TEXT} offend", "accountName"),
            "the one account",
            "the one storage account, of which Azure does not say the name",
        ),
        Excuse(
            each(ANY_TEXT, "kind"),
            "no kind that holds files alone",
            (
                "a storage account",
                "a storage account by its name",
                "the one storage account, of which Azure does not say the name",
            ),
        ),
        Excuse(
            each("more", "backupRetentionPeriod", "days"),
            "longer is better",
            of="BlobServiceProperties Cluster Instance",
        ),
        Excuse(
            each("delete null", "allowPermanentDelete"),
            "its absence means that nothing is deleted for good",
            "a storage account by its name",
        ),
    ),
    "BDR-003": (
        Excuse(
            (
                *each(f"{ANY_TEXT} offend", "name", "schedule"),
                *each("unknown delete null more less offend second", "deleteAfter"),
                *each("second", "schedule"),
            ),
            "any plan will do for the cluster; the plan itself is judged apart",
            "a cluster and its backups",
        ),
        Excuse(
            each(ANY_TEXT, "resourceName"), "any backup will do for the cluster", "a cluster of Azure and its backups"
        ),
        Excuse(each(f"{ANY_TEXT} offend", "name"), MADE_FROM_IT, of="Cluster Plan Vault"),
        Excuse(each("delete null", "backupVaultName", "planId"), MADE_FROM_IT, of="Selection VaultLockConfiguration"),
        Excuse(
            each("more", "minRetentionDays", "deleteAfter"),
            "longer is better",
            of="LogicallyAirGappedVault Plan VaultLockConfiguration",
        ),
        Excuse(
            each("more", "changeableForDays"),
            "longer to mend a mistake",
            ("a locked vault", "a locked vault by its name, at the least"),
        ),
        Excuse(each("less", "changeableForDays"), "still as long as AWS asks", "a locked vault"),
        Excuse(
            each("unknown", "changeableForDays"),
            "a lock that can be lifted will do",
            "a lock that can be lifted, for development",
        ),
        Excuse(each("delete null", "deleteAfter"), "AWS Backup then keeps them for ever", "a plan"),
    ),
    "BDR-004": (
        Excuse(
            each("delete null", "location"),
            "the provider names the same region",
            ("in Abu Dhabi, for Dubai", "an environment of ours"),
        ),
        Excuse(
            each("upper", "location", "region"),
            "regions are read in any case",
            ("in Abu Dhabi, for Dubai", "the cluster's own region decides", "an environment of ours"),
        ),
    ),
    "BDR-005": (
        Excuse(each(ANY_TEXT, "environment"), "what is not said to be for development is protected", "a bucket"),
        Excuse(
            each("delete null", "forceDestroy"),
            "absent, AWS deletes no store that holds anything",
            ("a bucket", "a vault of backups"),
        ),
    ),
    "BDR-006": (
        Excuse(
            each("unknown", "arn"),
            "not needed to tell that the vault is tested, or was by hand",
            ("tests of every vault", "tests of a vault that is not made yet", "tried by hand"),
        ),
        Excuse(each("delete null", "includeVaults"), MADE_FROM_IT, "tests of a vault that is not made yet"),
    ),
    "BDR-007": (
        Excuse(
            each("delete null strange upper cut empty offend second", "instanceTypes"),
            SIZE_WITHOUT_GPU,
            (
                *("two sizes and a pool of CPUs", "two pools, and CPUs of another stack", "a reservation of its size"),
                *("a pool of CPUs beside one that may be, too", CPUS_ELSEWHERE),
            ),
        ),
        Excuse(
            each("unknown", "instanceTypes"),
            "the sizes of a pool that may take over, where another does",
            ("a pool of CPUs beside one that may be, too", CPUS_ELSEWHERE),
        ),
        Excuse(
            each("delete null strange upper cut empty offend second", "instanceTypes"),
            "the pool of CPUs may be of any size of which nobody knows a GPU",
            "a template with a reservation",
        ),
        Excuse(
            each("delete null strange upper cut empty", "vmSize"), SIZE_WITHOUT_GPU, "a pool of AKS with a reservation"
        ),
        Excuse(each("strange upper cut empty", "vmSize"), SIZE_WITHOUT_GPU, "two sizes in the pools of a cluster"),
        Excuse(
            each("strange upper cut", "falaj.dev/fallback"),
            "the pool of another stack may have any name",
            ("two pools, and CPUs of another stack", CPUS_ELSEWHERE),
        ),
        Excuse(
            each("unknown delete null empty", "falaj.dev/fallback"),
            "the label of the pool that is not judged",
            "two pools, and CPUs of another stack",
        ),
        Excuse(
            each("unknown", "taints", "nodeTaints"),
            "the taints of a pool with GPUs do not matter, nor those of one more pool of CPUs",
            of="NodeGroup AgentPool ManagedCluster",
        ),
        Excuse(
            each("delete null", "taints"),
            "a pool without taints takes over all the more",
            ("a pool of CPUs beside one that may be, too", CPUS_ELSEWHERE),
        ),
        Excuse(
            each("unknown", "region"),
            "where capacity is reserved the region does not matter, nor that of CPUs; a provider says it otherwise",
            of="NodeGroup",
        ),
        Excuse(each(ANY_TEXT, "name"), MADE_FROM_IT, "a template with a reservation"),
        Excuse(
            each("delete null strange upper cut empty offend", "instanceType"),
            "what has no GPU is not judged, and a template with a reservation needs no other size",
            "a template with a reservation",
        ),
        Excuse(each("unknown", "capacityReservationTarget"), "it is one, whichever", "a template with a reservation"),
        Excuse(
            each("unknown", "capacityReservationGroupID"),
            "it is one, whichever, or is not needed where two sizes will do",
            ("a pool of AKS with a reservation", "two sizes in the pools of a cluster"),
        ),
        Excuse(
            each("delete null", "location"), "the provider names the same region", "two sizes in the pools of a cluster"
        ),
        Excuse(each("upper", "location"), "Azure reads locations in any case", "two sizes in the pools of a cluster"),
    ),
}
LOGIC: dict[str, dict[str, str]] = {}
