"""One request for one model, from the moment it is understood to its answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias

from onnxruntime_server.errors import ServerError
from onnxruntime_server.protocol.messages import Array, ModelMetadata

if TYPE_CHECKING:
    from onnxruntime_server.metrics import ModelStatistics
    from onnxruntime_server.repository.configuration import ModelSettings

Outcome: TypeAlias = Sequence[Array] | ServerError
"""The outputs asked for, in that order, or why there are none."""


@dataclass(slots=True, eq=False)
class Work:
    """Inputs that fit a model's signature and what is wanted of them.

    ``deliver`` is called once, from any thread, and does not raise. Whoever waits for the answer sets ``abandoned``
    when nobody does any more: work that has not begun by then is never begun, and a run for nobody is broken off.
    """

    inputs: dict[str, Array]
    outputs: list[str]
    deliver: Callable[[Work, Outcome], None]
    priority: int = 0
    """Lower ones run first."""
    deadline: float | None = None
    """On the monotonic clock; work that has not begun by then is never begun."""
    elements: int = 0
    """How many elements all inputs hold together."""
    rows: int = 1
    """The size of the batch, where the model has one."""
    queued_at: float = 0.0
    """On the monotonic clock."""
    queue_seconds: float = 0.0
    infer_seconds: float = 0.0
    first_of_run: bool = False
    """Whether it stands for its run where runs are counted."""
    left: bool = False
    watchers: list[Callable[[], None]] = field(default_factory=list)

    @property
    def abandoned(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self.left

    @abandoned.setter
    def abandoned(self, value: bool) -> None:
        """Say so, from any thread."""
        self.left = value
        if value:
            for act in tuple(self.watchers):
                act()

    def watch(self, act: Callable[[], None]) -> None:
        """Have this done when it is abandoned, until it is watched no more; at once where it is abandoned already."""
        self.watchers.append(act)
        if self.abandoned:
            act()

    def unwatch(self, act: Callable[[], None]) -> None:
        """Have that done no more, and hold nothing that it holds."""
        self.watchers.remove(act)


class Servable(Protocol):
    """Whatever answers work: a model, an ensemble or a cascade."""

    name: str
    version: str
    metadata: ModelMetadata
    statistics: ModelStatistics
    settings: ModelSettings
    generation: int | None
    """What the response cache knows it by, another one after each loading; nothing where answers are not kept."""

    def submit(self, work: Work) -> None:
        """Take in work, from any thread. Refusals are delivered too, perhaps before this returns."""

    def warm_up(self) -> dict[str, object]:
        """Run once so that the first request is no slower than the others; facts for the log."""

    def close(self, seconds: float) -> None:
        """Take nothing more in, answer what waits as far as the time allows, and end."""
