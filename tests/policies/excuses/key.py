"""Why some mutants of KEY controls survive."""

from __future__ import annotations

from tests.policies.excuses.excuse import Excuse, each

RESOURCES: dict[str, tuple[Excuse, ...]] = {
    "KEY-001": (
        Excuse(each("delete null", "rotationPeriodInDays"), "KMS rotates once a year where no period is given"),
        Excuse(each("less", "rotationPeriodInDays"), "more often is better"),
        Excuse(each("more", "rotationPeriodInDays"), "still within the year", "every quarter, said in full"),
        Excuse(each("delete null empty strange cut", "keyUsage"), "judged as a key that encrypts, and it rotates"),
    ),
}
LOGIC: dict[str, dict[str, str]] = {}
