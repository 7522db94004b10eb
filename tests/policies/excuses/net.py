"""Why some mutants of NET controls survive."""

from __future__ import annotations

from tests.policies.excuses.excuse import Excuse, each

RESOURCES: dict[str, tuple[Excuse, ...]] = {
    "NET-003": (
        Excuse(each("delete null", "podSelector"), "an absent selector selects all pods"),
        Excuse(
            each("delete null empty", "policyTypes"),
            "without types and egress rules a policy is one for ingress",
            "one policy for each direction, rules with peers",
        ),
    ),
}
LOGIC: dict[str, dict[str, str]] = {}
