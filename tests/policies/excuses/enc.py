"""Why some mutants of ENC controls survive."""

from __future__ import annotations

from tests.policies.excuses.excuse import Excuse

RESOURCES: dict[str, tuple[Excuse, ...]] = {}
LOGIC: dict[str, dict[str, str]] = {}
