"""Dynamic batching: which requests run together, how long they wait, and who goes first."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from triton_model_configuration.part import Count, Microseconds, Part, Positive, repeated

Level = Annotated[int, Field(ge=1, lt=2**32)]
"""A priority; 1 goes first."""


class TimeoutAction(StrEnum):
    """What becomes of a request that has waited too long."""

    REJECT = "REJECT"
    DELAY = "DELAY"


class QueuePolicy(Part):
    """How long a request may wait, and how many may."""

    timeout_action: TimeoutAction = TimeoutAction.REJECT
    default_timeout_microseconds: Microseconds = 0
    allow_timeout_override: bool = False
    max_queue_size: Annotated[int, Field(ge=0, lt=2**32)] = 0

    @property
    def lets_requests_wait_longer(self) -> bool:
        """Whether requests over their time go behind all others instead of being refused."""
        return self.timeout_action is TimeoutAction.DELAY and self.default_timeout_microseconds > 0


class DynamicBatching(Part):
    """The dynamic batcher. Refuses priorities that no level bears, and orders that contradict each other."""

    preferred_batch_size: tuple[Positive, ...] = ()
    max_queue_delay_microseconds: Microseconds = 0
    preserve_ordering: bool = False
    priority_levels: Count = 0
    default_priority_level: Count = 0
    default_queue_policy: QueuePolicy | None = None
    priority_queue_policy: dict[Level, QueuePolicy] = Field(default={})

    @model_validator(mode="after")
    def _has_a_level_for_each_priority(self) -> Self:
        for size in repeated(self.preferred_batch_size):
            raise ValueError(f"preferred_batch_size {size} comes twice; name each size once")
        levels = self.priority_levels
        if not levels and (self.default_priority_level or self.priority_queue_policy):
            raise ValueError("priorities are named without priority_levels; say how many levels there are")
        if levels and not 1 <= self.default_priority_level <= levels:
            raise ValueError(
                f"default_priority_level is {self.default_priority_level}, but priority_levels is {levels}; "
                f"set it to one from 1 to {levels}"
            )
        for level in self.priority_queue_policy:
            if level > levels:
                raise ValueError(f"priority_queue_policy names level {level} of {levels}; raise priority_levels")
        return self

    @model_validator(mode="after")
    def _keeps_an_order_that_can_be_kept(self) -> Self:
        if not self.preserve_ordering:
            return self
        if self.priority_levels > 1:
            raise ValueError("preserve_ordering allows one priority level; set priority_levels to 1 or leave one out")
        policies = [self.default_queue_policy, *self.priority_queue_policy.values()]
        if any(policy is not None and policy.lets_requests_wait_longer for policy in policies):
            raise ValueError("preserve_ordering allows no timeout_action DELAY; make it REJECT or leave one out")
        return self

    def check(self, max_batch_size: int) -> None:
        """Refuse sizes that the model can't run."""
        if not max_batch_size:
            raise ValueError(
                "dynamic_batching puts requests together, but max_batch_size is 0; raise it or leave batching out"
            )
        for size in self.preferred_batch_size:
            if size > max_batch_size:
                raise ValueError(
                    f"preferred_batch_size {size} is above max_batch_size {max_batch_size}; lower it or raise that"
                )
