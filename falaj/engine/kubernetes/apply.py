"""Makes and changes objects by server-side apply; a preview asks the server what would come of it."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final

from falaj.engine.kubernetes.cluster import Cluster
from falaj.engine.kubernetes.diff import read_path
from falaj.engine.kubernetes.discovery import Kind
from falaj.engine.kubernetes.engine_log import EngineLog
from falaj.engine.kubernetes.errors import ApiError, UnknownKindError, already_exists, refused, unknown_kind
from falaj.engine.kubernetes.naming import annotation, described, field_manager
from falaj.engine.kubernetes.objects import CRD_KIND, for_server, group_kind, namespace_of, object_name
from falaj.engine.kubernetes.redaction import redact
from falaj.engine.kubernetes.values import Json, dig
from falaj.errors import DeploymentError

PATCH_FORCE: Final = "pulumi.com/patchForce"
"""The annotation that takes fields and objects over from whoever manages them."""

_PREVIEW_PATIENCE = 2.0
_PATIENCE = 30.0
_CLIENT_SIDE_MANAGERS = re.compile(r'"(pulumi-kubernetes|pulumi-resource-kubernetes|before-first-apply)"')


class CannotPreview(Exception):  # noqa: N818 - not an error: the preview goes on with the inputs
    """The server can't say what would come of it, because the same plan first makes what it needs."""


@dataclass(frozen=True)
class Target:
    """An object to apply: where, as whom, and what."""

    urn: str
    kind: Kind
    body: Mapping[str, Any]
    inputs: Mapping[str, Any]
    manager: str
    preview: bool

    @property
    def namespace(self) -> str:
        """The namespace it lies in, or nothing."""
        return namespace_of(self.body)

    @property
    def name(self) -> str:
        """Its name."""
        return object_name(self.body)

    @property
    def reference(self) -> tuple[str, str, str]:
        """Kind, namespace and name, as the plan knows it."""
        return self.kind.kind, self.namespace, self.name


class Applier:
    """Applies objects to one cluster."""

    def __init__(self, cluster: Cluster, log: EngineLog) -> None:
        self._cluster = cluster
        self._log = log

    def target(self, urn: str, inputs: Mapping[str, Any], state: Mapping[str, Any], *, preview: bool) -> Target:
        """Find out where and as whom the object is applied; refuses a kind that nobody defines."""
        body = for_server(inputs)
        api_version, kind = str(body.get("apiVersion")), str(body.get("kind"))
        try:
            found = self._cluster.kind(api_version, kind)
        except UnknownKindError as error:
            planned = self._cluster.plan.defines(api_version, kind, _PREVIEW_PATIENCE)
            if planned is None:
                raise unknown_kind(urn, error) from error
            found = planned
        metadata = {name: value for name, value in dig(body, "metadata", default={}).items() if name != "namespace"}
        if found.namespaced:
            metadata["namespace"] = namespace_of(body) or self._cluster.default_namespace
        manager = field_manager(urn, inputs, state)
        return Target(urn, found, {**body, "metadata": metadata}, inputs, manager, preview)

    def create(self, target: Target) -> dict[str, Any]:
        """Apply an object that must not exist yet, unless an earlier run made it and could not record it."""
        replaced = self._cluster.plan.replaces(target.reference)
        if target.preview and replaced:
            return self._apply_beside(target)
        live = self._cluster.get(target.kind, target.namespace, target.name)
        if live is not None and not self._may_take_over(target, live):
            managers = sorted(
                {str(entry.get("manager")) for entry in dig(live, "metadata", "managedFields", default=[])}
            )
            going = dig(live, "metadata", "deletionTimestamp") is not None
            raise already_exists(target.urn, described(target.body), managers, going=going)
        return self._apply(target, force=self._forces(target))

    def update(self, target: Target, ignored: list[str]) -> dict[str, Any]:
        """Apply a change to an object. One that has gone in the meantime is made anew."""
        if ignored:
            live = self._cluster.get(target.kind, target.namespace, target.name) or {}
            target = replace(target, body=_with_live_values(target.body, live, ignored))
        return self._apply(target, force=self._forces(target))

    def relinquish(self, target: Target, manager: str) -> None:
        """Give up the fields that a former field manager of the resource owns."""
        metadata = {name: dig(target.body, "metadata", name) for name in ("name", "namespace")}
        empty = {
            "apiVersion": target.body["apiVersion"],
            "kind": target.body["kind"],
            "metadata": {name: value for name, value in metadata.items() if value},
        }
        path = target.kind.path(target.namespace, target.name)
        self._cluster.client.apply(path, empty, manager=manager, force=False, dry_run=False)

    def _forces(self, target: Target) -> bool:
        return self._cluster.settings.patch_force or annotation(target.body, PATCH_FORCE) == "true"

    def _may_take_over(self, target: Target, live: Mapping[str, Any]) -> bool:
        if self._forces(target) or self._cluster.settings.upsert_existing:
            return True
        metadata = dig(live, "metadata", default={})
        if metadata.get("deletionTimestamp") or self._cluster.plan.knows(str(metadata.get("uid"))):
            return False
        return any(entry.get("manager") == target.manager for entry in metadata.get("managedFields") or ())

    def _apply_beside(self, target: Target) -> dict[str, Any]:
        """Ask for the replacement of an object that is still there, under a name that is free."""
        if group_kind(target.body) == CRD_KIND:
            raise CannotPreview
        metadata = {**dig(target.body, "metadata"), "name": f"{target.name[:50]}-preview"}
        live = self._apply(replace(target, body={**target.body, "metadata": metadata}), force=True)
        return {**live, "metadata": {**live["metadata"], "name": target.name}}

    def _apply(self, target: Target, *, force: bool) -> dict[str, Any]:
        path = target.kind.path(target.namespace, target.name)
        deadline = time.monotonic() + (_PREVIEW_PATIENCE if target.preview else _PATIENCE)
        pause = 0.1
        while True:
            try:
                applied = self._cluster.client.apply(
                    path, target.body, manager=target.manager, force=force, dry_run=target.preview
                )
            except ApiError as error:
                if not force and _only_client_side_conflicts(error):
                    force = True
                    continue
                self._give_up_preview(target, error)
                if time.monotonic() >= deadline or not self._may_pass(target, error):
                    raise self._refused(target, error) from error
                self._log.status(target.urn, f"waiting: {redact(error.message, (target.inputs,))}")
                time.sleep(pause)
                pause = min(pause * 2, 1.0)
            else:
                for warning in applied.warnings:
                    self._log.warn(target.urn, redact(warning, (target.inputs,)))
                return applied.live

    def _give_up_preview(self, target: Target, error: ApiError) -> None:
        """Leave the preview where the server refuses only because the rest of the plan is not there yet."""
        if not target.preview:
            return
        plan = self._cluster.plan
        api_version, kind = target.kind.api_version, target.kind.kind
        if error.is_missing_namespace:
            missing = plan.makes_namespace(error.subject_name, _PREVIEW_PATIENCE)
        elif error.status == HTTPStatus.NOT_FOUND:
            missing = plan.defines(api_version, kind) is not None
        else:
            missing = plan.redefines(api_version, kind) or _needs_the_plan(target, error)
        if missing:
            raise CannotPreview

    def _may_pass(self, target: Target, error: ApiError) -> bool:
        """Tell whether the refusal may go away by itself, as the rest of the plan is carried out."""
        if target.preview:
            return False
        if error.is_missing_namespace:
            return self._cluster.plan.makes_namespace(error.subject_name, _PREVIEW_PATIENCE)
        if error.status == HTTPStatus.NOT_FOUND:
            return self._cluster.plan.defines(target.kind.api_version, target.kind.kind) is not None
        return error.status == HTTPStatus.CONFLICT and not error.causes

    def _refused(self, target: Target, error: ApiError) -> DeploymentError:
        if error.status == HTTPStatus.NOT_FOUND and not error.is_missing_namespace:
            return unknown_kind(target.urn, UnknownKindError(target.kind.api_version, target.kind.kind))
        told = refused(target.urn, described(target.body), error)
        return DeploymentError(redact(told.message, (target.inputs,)), code=told.code, where=told.where, hint=told.hint)


def _only_client_side_conflicts(error: ApiError) -> bool:
    """Tell whether the fields are held only by ourselves, from before Pulumi applied on the server."""
    conflicts = [cause for cause in error.causes if cause.reason == "FieldManagerConflict"]
    return bool(conflicts) and all(_CLIENT_SIDE_MANAGERS.search(cause.message) for cause in conflicts)


def _needs_the_plan(target: Target, error: ApiError) -> bool:
    """Tell whether a dry run fails for want of what a plan usually makes first, or is not offered at all."""
    if error.status == HTTPStatus.BAD_REQUEST and "does not support dry run" in error.message:
        return True
    if error.status != HTTPStatus.FORBIDDEN:
        return False
    return "exceeded quota" in error.message or (target.kind.kind == "Pod" and "not found" in error.message)


def _with_live_values(body: Mapping[str, Any], live: Mapping[str, Any], ignored: list[str]) -> dict[str, Any]:
    """Give the body with the live values of the ignored fields, so that applying it changes none of them."""
    result = dict(body)
    for text in ignored:
        path = read_path(text)
        value = dig(live, *path)
        if value is not None:
            result = _with_value(result, path, value)
    return result


def _with_value(tree: Json, path: tuple[str | int, ...], value: Json) -> Json:
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        if not isinstance(tree, list) or step >= len(tree):
            return tree
        return [_with_value(item, rest, value) if index == step else item for index, item in enumerate(tree)]
    inside = tree if isinstance(tree, dict) else {}
    return {**inside, step: _with_value(inside.get(step), rest, value)}
