"""Who asked, where the request went and why: JSON lines in the log, never with what was sent or answered."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from inference_router.decision.sides import Choice

if TYPE_CHECKING:
    from inference_router.backends.fleet import Endpoint
    from inference_router.decision.chooser import Switch
    from inference_router.decision.policy import Policy
    from inference_router.dispatcher import Journey

_LOG: Final = logging.getLogger(__name__)


class Audit:
    """Writes every switch, and one of ``each`` decisions; with 0 no decisions."""

    def __init__(self, policy: Policy, each: int) -> None:
        self._who = {key: value for key, value in (("tenant", policy.tenant), ("tier", policy.tier)) if value}
        self._each = each
        self._passed = each - 1

    def routed(self, journey: Journey, choice: Choice, endpoint: Endpoint) -> None:
        """A request goes to an endpoint."""
        if journey.ask is None or not self._each:
            return
        self._passed += 1
        if self._passed < self._each:
            return
        self._passed = 0
        facts: dict[str, object] = {
            **self._who,
            "caller": journey.caller,
            "request_id": journey.request_id,
            "model": journey.ask.model[:256],
            "rows": journey.ask.rows,
            "body_bytes": journey.ask.body_bytes,
            "side": choice.side,
            "reason": choice.reason,
            "rule": choice.rule,
            "endpoint": str(endpoint.address),
        }
        told = {key: value for key, value in facts.items() if value not in {None, ""}}
        _LOG.info("routed", extra={"facts": {**told, "one_of": self._each}})

    def switched(self, switch: Switch) -> None:
        """Requests of some kind go to another side from now on."""
        facts: dict[str, object] = {**self._who, "to": switch.to, "reason": str(switch.reason)}
        if switch.size is not None:
            facts |= {"model": switch.model, "measure": switch.size.measure, "power": switch.size.power}
        _LOG.info("switched", extra={"facts": facts})
