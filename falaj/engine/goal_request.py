"""A program's registration request, read into what it asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable

from falaj.engine import urn as urns
from falaj.engine.deployment import ResourceError
from falaj.engine.goal import Alias, Goal
from falaj.engine.protocol import alias_pb2, resource_pb2
from falaj.engine.values import (
    OutputValue,
    PropertyMap,
    Secret,
    Value,
    dependencies_of,
    downgrade,
    downgrade_properties,
)
from falaj.engine.wire import decode_value

_HOOKS = {
    "before_create": "BeforeCreate",
    "after_create": "AfterCreate",
    "before_update": "BeforeUpdate",
    "after_update": "AfterUpdate",
    "before_delete": "BeforeDelete",
    "after_delete": "AfterDelete",
}
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def unsupported(request: resource_pb2.RegisterResourceRequest) -> str:
    """What the request asks for that the embedded engine does not do; empty when it does all of it."""
    asked = {
        "a component that another process builds": request.remote,
        f"the import of {request.importId}": request.importId,
        "a state migration": request.state_migrations,
        "environment variables for a provider": request.envVarMappings,
        "an error hook": request.hooks.on_error,
    }
    return ", ".join(what for what, is_asked in asked.items() if is_asked)


def options_of(request: resource_pb2.RegisterResourceRequest, provider: str) -> resource_pb2.TransformResourceOptions:
    """The resource options of a request, in the shape that transforms see and change."""
    options = resource_pb2.TransformResourceOptions(
        depends_on=request.dependencies,
        ignore_changes=request.ignoreChanges,
        replace_on_changes=request.replaceOnChanges,
        version=request.version,
        aliases=[alias_pb2.Alias(urn=urn) for urn in request.aliasURNs] + list(request.aliases),
        provider=provider,
        providers=request.providers,
        plugin_download_url=request.pluginDownloadURL,
        deleted_with=request.deletedWith,
        replace_with=request.replace_with,
        additional_secret_outputs=request.additionalSecretOutputs,
        plugin_checksums=request.pluginChecksums,
        hide_diff=request.hideDiffs,
        hooks=request.hooks,
    )
    if request.HasField("customTimeouts"):
        options.custom_timeouts.CopyFrom(request.customTimeouts)
    if request.HasField("replacement_trigger"):
        options.replacement_trigger.CopyFrom(request.replacement_trigger)
    if request.HasField("protect"):
        options.protect = request.protect
    if request.HasField("retainOnDelete"):
        options.retain_on_delete = request.retainOnDelete
    if request.deleteBeforeReplaceDefined or request.deleteBeforeReplace:
        options.delete_before_replace = request.deleteBeforeReplace
    setattr(options, "import", request.importId)
    return options


def goal_of(
    request: resource_pb2.RegisterResourceRequest,
    properties: PropertyMap,
    options: resource_pb2.TransformResourceOptions,
    *,
    carries_origins: bool,
) -> Goal:
    """The goal in a request, after transforms had their say over its properties and options.

    ``carries_origins`` when every property says itself which resources it came from.
    """
    if getattr(options, "import"):
        raise ResourceError("a transform asks for its import, which the embedded engine does not do")
    dependencies, origins = _dependencies(request, properties, options, carries_origins=carries_origins)
    return Goal(
        type=request.type,
        name=request.name,
        custom=request.custom,
        properties=downgrade_properties(properties),
        parent=request.parent,
        dependencies=dependencies,
        property_dependencies=origins,
        aliases=[_alias(alias) for alias in options.aliases],
        protect=options.protect if options.HasField("protect") else None,
        retain_on_delete=options.retain_on_delete if options.HasField("retain_on_delete") else None,
        delete_before_replace=options.delete_before_replace if options.HasField("delete_before_replace") else None,
        deleted_with=options.deleted_with,
        replace_with=list(options.replace_with),
        replacement_trigger=downgrade(decode_value(options.replacement_trigger)),
        ignore_changes=list(options.ignore_changes),
        replace_on_changes=list(options.replace_on_changes),
        additional_secret_outputs=list(options.additional_secret_outputs),
        custom_timeouts=_timeouts(options.custom_timeouts),
        hooks=_hooks(options.hooks),
    )


def _dependencies(
    request: resource_pb2.RegisterResourceRequest,
    properties: PropertyMap,
    options: resource_pb2.TransformResourceOptions,
    *,
    carries_origins: bool,
) -> tuple[list[str], dict[str, list[str]]]:
    """URNs that the resource is made after, and those that each property came from."""
    origins = {name: dependencies_of(value) for name, value in properties.items()}
    dependencies = set(options.depends_on)
    if carries_origins:
        dependencies.update(*origins.values())
    else:
        stated = {name: set(item.urns) for name, item in request.propertyDependencies.items()}
        every = set(request.dependencies)
        origins = {name: found | (stated.get(name, set()) if stated else every) for name, found in origins.items()}
    for urn in dependencies:
        if not urns.is_valid(urn):
            raise ResourceError(f"it depends on {urn!r}, which is not a URN")
    return sorted(dependencies), {name: sorted(found) for name, found in origins.items()}


def with_origins(properties: PropertyMap, request: resource_pb2.RegisterResourceRequest) -> PropertyMap:
    """The properties, each carrying the resources it came from, so that transforms can pass that on."""
    stated = {name: tuple(item.urns) for name, item in request.propertyDependencies.items()}
    every = tuple(request.dependencies)
    return PropertyMap(
        {name: _with_origin(value, stated.get(name, ()) if stated else every) for name, value in properties.items()}
    )


def _with_origin(value: Value, origin: tuple[str, ...]) -> Value:
    if isinstance(value, OutputValue):
        return OutputValue(value.value, value.secret, (*value.dependencies, *origin))
    if not origin:
        return value
    return OutputValue(value.value, True, origin) if isinstance(value, Secret) else OutputValue(value, False, origin)


def seconds(duration: str) -> float:
    """A duration as Go writes it, such as ``1h30m``, in seconds. Raises ``ResourceError`` for anything else."""
    parts = _DURATION.findall(duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise ResourceError(f"its custom timeout {duration!r} is not a duration such as `10m` or `1h30m`")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def _timeouts(timeouts: resource_pb2.RegisterResourceRequest.CustomTimeouts) -> dict[str, float]:
    given = {"create": timeouts.create, "update": timeouts.update, "delete": timeouts.delete}
    return {name: seconds(duration) for name, duration in given.items() if duration}


def _hooks(binding: resource_pb2.RegisterResourceRequest.ResourceHooksBinding) -> dict[str, list[str]]:
    named: dict[str, Iterable[str]] = {kind: getattr(binding, field) for field, kind in _HOOKS.items()}
    return {kind: list(names) for kind, names in named.items() if names}


def _alias(alias: alias_pb2.Alias) -> Alias:
    if not alias.HasField("spec"):
        if not urns.is_valid(alias.urn):
            raise ResourceError(f"its alias {alias.urn!r} is not a URN")
        return Alias(urn=alias.urn)
    spec = alias.spec
    return Alias(
        name=spec.name,
        type=spec.type,
        stack=spec.stack,
        project=spec.project,
        parent=spec.parentUrn,
        no_parent=spec.noParent,
    )
