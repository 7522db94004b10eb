"""Why some mutants of KEY controls survive."""

from __future__ import annotations

from tests.policies.excuses.excuse import Excuse, each

ON_ITS_OWN = "the rotation is judged itself"

RESOURCES: dict[str, tuple[Excuse, ...]] = {
    "KEY-001": (
        Excuse(
            each("delete null", "rotationPeriodInDays"),
            "KMS rotates once a year where no period is given",
            ("every year", "every quarter, said in full"),
        ),
        Excuse(
            each("less", "rotationPeriodInDays"), "more often is better", ("every year", "every quarter, said in full")
        ),
        Excuse(each("more", "rotationPeriodInDays"), "still within the year", "every quarter, said in full"),
        Excuse(
            each("delete null empty strange cut", "keyUsage"),
            "judged as a key that encrypts, and it rotates",
            "every quarter, said in full",
        ),
    ),
    "KEY-002": (
        Excuse(
            each("delete null", "deletionWindowInDays"),
            "KMS keeps a key for thirty days unless it is told less",
            "named, and forgotten after thirty days",
        ),
        Excuse(
            each("more", "deletionWindowInDays"),
            "KMS refuses more, and it would be better",
            "named, and forgotten after thirty days",
        ),
        Excuse(
            each("delete null", "bypassPolicyLockoutSafetyCheck"),
            "AWS checks unless it is told not to",
            "what AWS takes by itself",
        ),
        Excuse(
            each("delete null offend", "policy"),
            "AWS writes a policy that opens the key to its own account alone",
            of="ExternalKey Key ReplicaKey",
        ),
    ),
    "KEY-003": (
        Excuse(
            each("delete null", "enableSoftDelete"), "on unless it says otherwise", ("a vault", "a hardware module")
        ),
        Excuse(
            each("delete null", "softDeleteRetentionInDays"),
            "Azure keeps for ninety days unless it is told less",
            ("a vault", "a hardware module"),
        ),
        Excuse(
            each("more", "softDeleteRetentionInDays"),
            "Azure refuses more, and it would be better",
            ("a vault", "a hardware module"),
        ),
    ),
    "KEY-004": (
        Excuse(
            (
                *each("delete null strange upper cut empty", "type"),
                *each("delete null strange cut empty", "timeBeforeExpiry"),
                *each("offend second", "timeAfterCreate"),
            ),
            "the other action of the two still rotates, or only tells",
            "every year",
        ),
        Excuse(
            each("offend second", "timeAfterCreate"), "the time before the end comes first", "a month before it expires"
        ),
        Excuse(each("unknown offend", "expiryTime", "expires"), "a key that rotates needs no end", of="Key"),
        Excuse(each("more less", "expires"), "another end", "once, at its end"),
    ),
    "KEY-005": (
        Excuse(
            each("delete null", "customKeyStoreType"),
            "a store of our own modules unless it says otherwise",
            "a store of a bank's own modules",
        ),
        Excuse(each("upper", "name"), "Azure reads locations in any case", "a module in both regions"),
    ),
    "KEY-006": (
        Excuse(
            each("unknown delete null strange upper cut empty", "name"),
            "only where a finding points",
            "a secret with its rotation",
        ),
        Excuse(
            each("delete null", "secretId"),
            "the program still says whose it is, or any secret is meant",
            of="SecretRotation",
        ),
        Excuse(
            (
                *each("unknown offend", "rotationEnabled", "scheduleExpression"),
                *each("unknown delete null more offend", "automaticallyAfterDays"),
            ),
            ON_ITS_OWN,
            "a secret with its rotation",
        ),
        Excuse(
            each("less", "automaticallyAfterDays"),
            "more often is better",
            ("a secret with its rotation", "every quarter"),
        ),
        Excuse(each("unknown offend", "scheduleExpression"), "the days come first", "every quarter"),
        Excuse(each("delete null", "rotationEnabled"), "on unless it says otherwise", "every quarter"),
        Excuse(each("delete null flip", "enabled"), "no add-on, no secrets", "a cluster that fetches anew"),
    ),
}
LOGIC: dict[str, dict[str, str]] = {}
