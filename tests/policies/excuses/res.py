"""Why some mutants of RES controls survive."""

from __future__ import annotations

from tests.policies.excuses import res_flows, res_places
from tests.policies.excuses.excuse import Excuse

RESOURCES: dict[str, tuple[Excuse, ...]] = res_places.RESOURCES | res_flows.RESOURCES
NOT_THERE = "an extended location that is not there is as it has to be"
LOGIC: dict[str, dict[str, str]] = {
    "RES-002": {
        "stays_in_the_uae: if extended.value is not None: ... -> if True: ...": NOT_THERE,
    },
}
