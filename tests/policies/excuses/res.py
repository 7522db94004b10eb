"""Why some mutants of RES controls survive."""

from __future__ import annotations

from tests.policies.excuses import res_flows, res_places
from tests.policies.excuses.excuse import Excuse

RESOURCES: dict[str, tuple[Excuse, ...]] = res_places.RESOURCES | res_flows.RESOURCES
LOGIC: dict[str, dict[str, str]] = {
    "RES-002": {
        "always: if extended.value is not None:": "an extended location that is not there is as it has to be",
    },
    "RES-021": {
        "always: regions().get(region) if isinstance(region, str) else None": "no region has a key but text",
    },
}
