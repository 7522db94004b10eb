"""Makes what serves agree with what lies in the folder. One refused model never stops another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from onnxruntime_server import allocator
from onnxruntime_server.engine.work import Servable
from onnxruntime_server.errors import RepositoryError, ServerError
from onnxruntime_server.repository.admission import Admitted, Candidate, admit, describe, fingerprint
from onnxruntime_server.repository.cascade import CascadeModel
from onnxruntime_server.repository.composed import Composed, Resolver
from onnxruntime_server.repository.configuration import ModelSettings
from onnxruntime_server.repository.folder import Fingerprint, Folder
from onnxruntime_server.repository.graphs import Graph
from onnxruntime_server.repository.holdings import Condition, Held, Key

if TYPE_CHECKING:
    from onnxruntime_server.metrics import Metrics, ModelStatistics
    from onnxruntime_server.repository.manifest import Manifests

Make: TypeAlias = Callable[[str, str, Admitted, ModelSettings, "ModelStatistics"], Servable]
"""Makes a model of files that were checked; raises a RepositoryError where it can't."""

_LOG = logging.getLogger(__name__)


class Loader:
    """Loads, replaces and drops. Not safe from several threads: the repository lets one in at a time."""

    held: dict[Key, Held]
    """What serves."""

    conditions: dict[Key, Condition]
    """What became of everything that was found in the folder."""

    retired: dict[Key, Servable]
    """What serves no more and is still to be closed: requests under way through ensembles may need it."""

    def __init__(self, make: Make, metrics: Metrics, resolve: Resolver, publish: Callable[[], None]) -> None:
        self.held = {}
        self.conditions = {}
        self.retired = {}
        self._make = make
        self._metrics = metrics
        self._resolve = resolve
        self._publish = publish
        self._composed: dict[str, Candidate] = {}
        self._closing: list[Servable] = []

    def look(self, folder: Folder, manifests: Manifests | None, names: tuple[str, ...]) -> None:
        """Make what serves agree with the folders of these models; all others are dropped."""
        for name in sorted({name for name, _ in (*self.held, *self.conditions)} - set(names)):
            self.forget(name)
        for name in names:
            self.look_at(folder, manifests, name)
        self.compose()

    def look_at(self, folder: Folder, manifests: Manifests | None, name: str) -> None:
        """Make what serves of one model agree with its folder. What serves goes on where the folder is refused."""
        try:
            candidate = describe(folder, name, manifests)
        except RepositoryError as error:
            self._refused((name, ""), None, str(error))
            return
        self.conditions.pop((name, ""), None)
        if candidate.settings.is_composed:
            self._composed[name] = candidate
            self._keep_only(name, candidate.versions)
            return
        self._composed.pop(name, None)
        for version in candidate.versions:
            self._look_at_version(folder, candidate, version)
        if any((name, version) in self.held for version in candidate.versions):
            self._keep_only(name, candidate.versions)

    def forget(self, name: str) -> None:
        """Drop all of a model."""
        self._composed.pop(name, None)
        self._keep_only(name, ())

    def retry(self, name: str) -> None:
        """Have what was refused of a model tried again, though nothing changed."""
        for key, condition in list(self.conditions.items()):
            if key[0] == name and condition.state == "UNAVAILABLE":
                del self.conditions[key]

    def closing(self) -> list[Servable]:
        """What is to be closed, ensembles before their models; handed out once."""
        closing, self._closing = self._closing, []
        return sorted(closing, key=lambda servable: not isinstance(servable, Composed))

    def _look_at_version(self, folder: Folder, candidate: Candidate, version: str) -> None:
        key = (candidate.name, version)
        made_of: Fingerprint | None = None
        try:
            made_of = fingerprint(folder, candidate, version)
            if (held := self.held.get(key)) is not None and held.made_of == made_of:
                self.conditions[key] = Condition("READY")
                return
            if (known := self.conditions.get(key)) is not None and known.tried == made_of:
                return
            if held is None:
                self.conditions[key] = Condition("LOADING")
                self._publish()
            self._take(key, made_of, *self._load(folder, candidate, version))
        except RepositoryError as error:
            self._refused(key, made_of, str(error))
        except Exception:  # noqa: BLE001 - whatever one model does, the others are loaded
            _LOG.exception("a model could not be loaded", extra={"facts": {"model": key[0], "version": key[1]}})
            self._refused(key, made_of, "the server failed to load it; its log says where")

    def _load(self, folder: Folder, candidate: Candidate, version: str) -> tuple[Servable, dict[str, object]]:
        with allocator.reused():
            admitted = admit(folder, candidate, version)
            statistics = self._metrics.of(candidate.name, version)
            servable = self._make(candidate.name, version, admitted, candidate.settings, statistics)
            del admitted
            try:
                return servable, servable.warm_up()
            except BaseException:
                servable.close(0)
                raise

    def _take(self, key: Key, made_of: Fingerprint, servable: Servable, facts: Mapping[str, object]) -> None:
        """Let it serve from now on, in the place of what served before."""
        before = self.held.get(key)
        self.held[key] = Held(servable, made_of)
        self.conditions[key] = Condition("READY")
        self._publish()
        if before is not None:
            self._closing.append(before.servable)
        _LOG.info("model loaded", extra={"facts": {"model": key[0], "version": key[1], **facts}})

    def _drop(self, key: Key) -> None:
        servable = self.held.pop(key).servable
        self.retired[key] = servable
        self._closing.append(servable)
        self._publish()
        _LOG.info("model dropped", extra={"facts": {"model": key[0], "version": key[1]}})

    def _keep_only(self, name: str, versions: tuple[str, ...]) -> None:
        """Drop the versions that are not among these."""
        for key in [key for key in self.held if key[0] == name and key[1] not in versions]:
            self._drop(key)
        for key in [key for key in self.conditions if key[0] == name and key[1] not in versions]:
            del self.conditions[key]

    def _refused(self, key: Key, tried: Fingerprint | None, reason: str) -> None:
        serves = key in self.held if key[1] else any(name == key[0] for name, _ in self.held)
        if serves:
            reason = f"what is served is what was loaded before, as it could not be loaded again: {reason}"
        condition = Condition("READY" if serves else "UNAVAILABLE", reason, tried)
        if self.conditions.get(key) != condition:
            _LOG.error("model refused", extra={"facts": {"model": key[0], "version": key[1], "reason": reason}})
        self.conditions[key] = condition
        self._publish()

    def compose(self) -> None:
        """Make ensembles and cascades of what serves now, those before that others are made of."""
        done: set[str] = set()
        while ready := [
            name
            for name, candidate in sorted(self._composed.items())
            if name not in done and not (_members(candidate.settings) & self._composed.keys()) - done
        ]:
            for name in ready:
                self._compose(self._composed[name])
            done.update(ready)
        for name in sorted(set(self._composed) - done):
            key = (name, self._composed[name].versions[0])
            self._refuse_composed(key, "it is made of itself, directly or through another ensemble or cascade")

    def _compose(self, candidate: Candidate) -> None:
        key = (candidate.name, candidate.versions[0])
        settings = candidate.settings
        try:
            members = tuple(id(self._serving(*member)) for member in _pairs(settings))
            made_of = (settings, members)
            if (held := self.held.get(key)) is not None and held.made_of == made_of:
                self.conditions[key] = Condition("READY")
                return
            self._take(key, made_of, self._composed_model(key, settings), {})
        except ServerError as error:
            self._refuse_composed(key, f"it is made of a model that does not serve: {error}")
        except RepositoryError as error:
            self._refuse_composed(key, str(error))

    def _composed_model(self, key: Key, settings: ModelSettings) -> Servable:
        statistics = self._metrics.of(*key)
        if settings.ensemble is not None:
            return Graph(*key, settings, settings.ensemble, statistics=statistics, resolve=self._resolve)
        if settings.cascade is not None:
            return CascadeModel(*key, settings, settings.cascade, statistics=statistics, resolve=self._resolve)
        raise RepositoryError("it is neither an ensemble nor a cascade")

    def _refuse_composed(self, key: Key, reason: str) -> None:
        """What its models have become does not fit it: it must not go on as it was."""
        if key in self.held:
            self._drop(key)
        self._refused(key, None, reason)

    def _serving(self, name: str, version: str | None) -> Servable:
        """What serves now; what is retired does not count."""
        versions = [int(known) for other, known in self.held if other == name]
        found = self.held.get((name, version or str(max(versions, default=0))))
        if found is None:
            raise RepositoryError(f"it is made of model '{name}', which does not serve")
        return found.servable


def _pairs(settings: ModelSettings) -> list[tuple[str, str | None]]:
    """The models that it is made of."""
    pairs: list[tuple[str, int | None]] = []
    if settings.ensemble is not None:
        pairs += [(step.model, step.version) for step in settings.ensemble.steps]
    if settings.cascade is not None:
        cascade = settings.cascade
        pairs += [(cascade.cheap, cascade.cheap_version), (cascade.dear, cascade.dear_version)]
    return [(name, None if version is None else str(version)) for name, version in pairs]


def _members(settings: ModelSettings) -> set[str]:
    return {name for name, _ in _pairs(settings)}
