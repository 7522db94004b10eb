"""Makes and changes resources: applies the object, waits until it is ready, and gives what the state keeps."""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping
from typing import Any

from falaj.engine.kubernetes.apply import Applier, CannotPreview, Target
from falaj.engine.kubernetes.cluster import Cluster
from falaj.engine.kubernetes.engine_log import EngineLog
from falaj.engine.kubernetes.errors import NotReadyError, Partial
from falaj.engine.kubernetes.naming import annotation, described, field_manager, identifier
from falaj.engine.kubernetes.objects import CRD_KIND, checkpoint, group_kind, mark_secret_content, with_unknowns
from falaj.engine.kubernetes.readiness.conditions import WAIT_FOR, expectations
from falaj.engine.kubernetes.readiness.wait import Unready, Waiter
from falaj.engine.kubernetes.redaction import redact
from falaj.engine.kubernetes.values import dig, has_unknown, reveal
from falaj.errors import ConfigurationError


class Lifecycle:
    """Creates and updates the resources of one cluster, or previews it."""

    def __init__(self, cluster: Cluster, log: EngineLog, cancelled: threading.Event, patience: float) -> None:
        self._cluster = cluster
        self._applier = Applier(cluster, log)
        self._waiter = Waiter(cluster, log, cancelled, patience)

    def preview_create(self, urn: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Give the outputs a creation would have, as far as they can be known."""
        _refuse_unreadable_wait(urn, inputs)
        if self._cluster.is_offline or has_unknown(inputs):
            return with_unknowns(_marked(inputs), inputs)
        try:
            target = self._applier.target(urn, inputs, {}, preview=True)
            live = self._applier.create(target)
        except CannotPreview:
            return with_unknowns(_marked(inputs), inputs)
        return with_unknowns(self._kept(target, live), inputs)

    def preview_update(
        self, urn: str, inputs: Mapping[str, Any], state: Mapping[str, Any], ignored: list[str]
    ) -> dict[str, Any]:
        """Give the outputs an update would have, as far as they can be known."""
        _refuse_unreadable_wait(urn, inputs)
        if self._cluster.is_offline or has_unknown(inputs):
            return _marked(inputs)
        try:
            target = self._applier.target(urn, inputs, state, preview=True)
            live = self._applier.update(target, ignored)
        except CannotPreview:
            return _marked(inputs)
        return self._kept(target, live, state)

    def create(self, urn: str, inputs: Mapping[str, Any], timeout: float) -> tuple[str, dict[str, Any]]:
        """Make the object and give its id and outputs once it is ready."""
        _refuse_unreadable_wait(urn, inputs)
        target = self._applier.target(urn, inputs, {}, preview=False)
        live = self._ready(target, self._applier.create(target), {}, timeout)
        return identifier(live), self._kept(target, live)

    def update(
        self, urn: str, inputs: Mapping[str, Any], state: Mapping[str, Any], ignored: list[str], timeout: float
    ) -> dict[str, Any]:
        """Change the object and give its outputs once it is ready."""
        _refuse_unreadable_wait(urn, inputs)
        target = self._applier.target(urn, inputs, state, preview=False)
        live = self._ready(target, self._applier.update(target, ignored), state, timeout)
        former = field_manager(urn, dig(reveal(dict(state)), "__inputs", default={}), state)
        if former != target.manager:
            self._applier.relinquish(target, former)
        return self._kept(target, live, state)

    def _ready(self, target: Target, live: dict[str, Any], state: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        hide = functools.partial(redact, trees=(target.inputs,))
        try:
            ready = dict(self._waiter.until_ready(target.urn, target.kind, live, timeout, hide))
        except Unready as unready:
            raise self._not_ready(target, unready, state) from unready
        if group_kind(ready) == CRD_KIND:
            self._cluster.discovery.learn(ready)
        return ready

    def _not_ready(self, target: Target, unready: Unready, state: Mapping[str, Any]) -> NotReadyError:
        reasons = [redact(text, (target.inputs,)) for text in (unready.reason, *unready.troubles)]
        subject = described(target.body)
        message = "\n".join((f"{subject} was applied but is not ready: {reasons[0]}", *reasons[1:]))
        outputs = self._kept(target, unready.live, state)
        return NotReadyError(
            message,
            code="FAL-K8S-020",
            where=target.urn,
            hint="correct what is named above and run the command again; it goes on where it stopped.",
            partial=Partial(identifier(unready.live), outputs, reasons),
        )

    def _kept(self, target: Target, live: Mapping[str, Any], state: Mapping[str, Any] | None = None) -> dict[str, Any]:
        first = str((state or {}).get("__initialApiVersion") or target.body.get("apiVersion"))
        return checkpoint(live, target.inputs, manager=target.manager, api_version=first)


def _marked(inputs: Mapping[str, Any]) -> dict[str, Any]:
    outputs = dict(inputs)
    mark_secret_content(outputs)
    return outputs


def _refuse_unreadable_wait(urn: str, inputs: Mapping[str, Any]) -> None:
    asked = annotation(inputs, WAIT_FOR)
    try:
        if asked and not has_unknown(asked):
            expectations(asked)
    except ValueError as error:
        raise ConfigurationError(
            f"The annotation {WAIT_FOR} can't be read: {error}",
            code="FAL-K8S-018",
            where=urn,
            hint="write condition=Ready, or jsonpath={.status.phase}=Running, or a JSON list of such texts.",
        ) from error
