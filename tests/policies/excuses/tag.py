"""Why some mutants of TAG controls survive."""

from __future__ import annotations

from tests.policies.excuses.excuse import Excuse, each

ANY_NAME = "any name will do"

RESOURCES: dict[str, tuple[Excuse, ...]] = {
    "TAG-001": (
        Excuse(each("cut strange", "falaj.dev/owner"), ANY_NAME),
        Excuse(each("upper cut strange", "app.kubernetes.io/managed-by"), ANY_NAME),
    ),
}
LOGIC: dict[str, dict[str, str]] = {}
