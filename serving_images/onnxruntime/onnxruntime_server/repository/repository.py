"""The model repository: finds models by name, loads and drops them while requests go on."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from onnxruntime_server.engine.served_model import ServedModel, Surroundings
from onnxruntime_server.engine.work import Servable
from onnxruntime_server.errors import (
    ForbiddenError,
    InvalidArgumentError,
    NotFoundError,
    RepositoryError,
    ServerError,
    UnavailableError,
)
from onnxruntime_server.repository.composed import Composed
from onnxruntime_server.repository.folder import LAYOUT, Folder
from onnxruntime_server.repository.holdings import Condition, Key, Table, named, table_of
from onnxruntime_server.repository.loader import Loader, Make
from onnxruntime_server.repository.manifest import Manifests, Trust

if TYPE_CHECKING:
    from onnxruntime_server.metrics import Metrics, ModelStatistics
    from onnxruntime_server.protocol.messages import ModelMetadata
    from onnxruntime_server.repository.admission import Admitted
    from onnxruntime_server.repository.configuration import ModelSettings

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RepositoryOptions:
    """What an operator decides."""

    trust: Trust = field(default_factory=Trust)
    """Which manifests are believed."""

    poll_seconds: float = 0.0
    """How often the folder is looked at again; 0 is never."""

    model_control: bool = False
    """Whether clients may load and unload models."""

    linger_seconds: float = 1.0
    """How long a dropped version still takes requests: from those who had found it before it was dropped."""

    close_seconds: float = 60.0
    """How long a dropped version may take for what it has."""


class Repository:
    """The models of one folder. Safe from any thread; looking a model up takes no lock. Refuses a key it can't use."""

    def __init__(
        self,
        root: Path,
        options: RepositoryOptions,
        metrics: Metrics,
        surroundings: Surroundings,
        *,
        make: Make | None = None,
    ) -> None:
        self._root = root
        self._options = options
        self._manifests = Manifests(options.trust) if options.trust.asked_for else None
        self._surroundings = surroundings
        self._table: Table = {}
        self._conditions: dict[Key, Condition] = {}
        self._tried = False
        self._unloaded: set[str] = set()
        self._loader = Loader(make or self._served, metrics, self._resolve, self._publish)
        self._changing = threading.Lock()
        self._stopping = threading.Event()
        self._poll: threading.Thread | None = None

    @property
    def ready(self) -> bool:
        """Whether every model was tried, and one serves at least."""
        return self._tried and bool(self._table)

    def load(self) -> None:
        """Load every model, then look again as often as the options say. Refuses a repository where none serves."""
        self.refresh()
        if not self._table:
            reasons = self._reasons() or f"it has none; {LAYOUT}"
            raise RepositoryError(f"{self._root}: no model of it can be served: {reasons}")
        if self._options.poll_seconds:
            self._poll = threading.Thread(target=self._keep_looking, name="repository", daemon=True)
            self._poll.start()

    def refresh(self) -> None:
        """Make what serves agree with the folder. Blocks until what was dropped has answered what it had.

        A model that can't be loaded leaves what served of it as it is. Refuses a folder that can't be read, and then
        changes nothing.
        """
        with self._changing:
            folder = Folder.at(self._root)
            names = folder.models()
            self._unloaded.intersection_update(names)
            self._loader.look(folder, self._manifests, tuple(name for name in names if name not in self._unloaded))
            self._tried = True
            self._end_of_change()

    def servable(self, name: str, version: str | None) -> Servable:
        """What answers for a model: the given version, or the newest where none is given."""
        if (entry := self._table.get(name)) is not None:
            if version is None:
                return entry.newest
            if (found := entry.versions.get(version)) is not None:
                return found
        raise self._absent(name, version)

    def metadata(self, name: str, version: str | None) -> ModelMetadata:
        """What a client is told about a model."""
        servable = self.servable(name, version)
        entry = self._table.get(name)
        return replace(servable.metadata, versions=tuple(entry.versions) if entry else (servable.version,))

    def index(self) -> list[dict[str, str]]:
        """Triton's repository index: every version that was found, its state, and why it does not serve."""
        return [
            {"name": name, "version": version, "state": condition.state, "reason": condition.reason}
            for (name, version), condition in sorted(self._conditions.items())
        ]

    def load_model(self, name: str) -> None:
        """Load a model, or what changed of it. Refuses where clients may not, and what can't be loaded."""
        self._allow()
        with self._changing:
            folder = Folder.at(self._root)
            if name not in folder.models():
                raise NotFoundError(f"no model '{name}' in the repository")
            self._unloaded.discard(name)
            self._loader.retry(name)
            self._loader.look_at(folder, self._manifests, name)
            self._loader.compose()
            self._end_of_change()
        if reasons := self._reasons(name):
            raise InvalidArgumentError(f"model '{name}' could not be loaded: {reasons}")

    def unload_model(self, name: str) -> None:
        """Drop all versions of a model until it is loaded again. Refuses where clients may not."""
        self._allow()
        with self._changing:
            if name not in {known for known, _ in self._conditions}:
                raise NotFoundError(f"no model '{name}' is loaded")
            self._unloaded.add(name)
            self._loader.forget(name)
            self._loader.compose()
            self._end_of_change()

    def close(self, seconds: float) -> None:
        """Look no more, take no requests, answer what waits as far as the time allows."""
        end = time.monotonic() + seconds
        self._stopping.set()
        servables = [servable for entry in self._table.values() for servable in entry.versions.values()]
        for servable in sorted(servables, key=lambda each: not isinstance(each, Composed)):
            servable.close(max(0.0, end - time.monotonic()))
        if self._poll is not None:
            self._poll.join(max(0.0, end - time.monotonic()))

    def _served(
        self, name: str, version: str, admitted: Admitted, settings: ModelSettings, statistics: ModelStatistics
    ) -> Servable:
        return ServedModel(
            name,
            version,
            admitted.model,
            settings=settings,
            surroundings=self._surroundings,
            statistics=statistics,
            warm_up=admitted.warm_up,
            external=admitted.external,
            is_bounded=admitted.is_bounded,
        )

    def _publish(self) -> None:
        self._conditions = dict(self._loader.conditions)
        self._table = table_of(self._loader.held)

    def _resolve(self, name: str, version: str | None) -> Servable:
        """A model for a step: also one that was dropped while the request was under way."""
        try:
            return self.servable(name, version)
        except ServerError:
            retired = [each for key, each in self._loader.retired.copy().items() if key[0] == name]
            found = [each for each in retired if version in {None, each.version}]
            if not found:
                raise
            return found[-1]

    def _end_of_change(self) -> None:
        """Let everybody see it, then close what was dropped."""
        for name in self._unloaded:
            self._loader.conditions[name, ""] = Condition("UNAVAILABLE", "it was unloaded")
        self._publish()
        if closing := self._loader.closing():
            self._stopping.wait(self._options.linger_seconds)
            for servable in closing:
                servable.close(self._options.close_seconds)
        self._loader.retired.clear()

    def _keep_looking(self) -> None:
        while not self._stopping.wait(self._options.poll_seconds):
            try:
                self.refresh()
            except RepositoryError as error:
                _LOG.error("the repository can't be read", extra={"facts": {"reason": str(error)}})
            except Exception:  # noqa: BLE001 - the next look may go well
                _LOG.exception("the repository could not be looked at")

    def _allow(self) -> None:
        if not self._options.model_control:
            raise ForbiddenError("loading and unloading is off; the server's option --model-control switches it on")

    def _reasons(self, name: str | None = None) -> str:
        """Why models do not serve, or do not serve as they lie in the folder."""
        found = [each.reason for key, each in sorted(self._conditions.items()) if name in {None, key[0]}]
        return "; ".join(reason for reason in found if reason)

    def _absent(self, name: str, version: str | None) -> ServerError:
        conditions = self._conditions
        known = [conditions[key] for key in ((name, version or ""), (name, "")) if key in conditions]
        known += [each for key, each in conditions.items() if key[0] == name and version is None]
        for condition in known:
            if condition.state == "LOADING":
                return UnavailableError(f"model '{name}' is still loading")
            if condition.state == "UNAVAILABLE":
                return UnavailableError(f"model '{name}' is not served: {condition.reason}")
        if not self._tried:
            return UnavailableError("the models are still loading")
        if (entry := self._table.get(name)) is not None:
            return NotFoundError(f"model '{name}' has no version '{version}'; it has {', '.join(entry.versions)}")
        return NotFoundError(f"no model '{name}'; this server has {named(self._table)}")
