"""What ``falaj policy check`` judges: a stack's plan from the embedded engine, files, or a running cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from falaj import engine
from falaj.cli import placeholders, stand_ins
from falaj.cli.deployed import state_directory
from falaj.cli.display import Display
from falaj.cli.project import project_root
from falaj.engine.kubernetes import configuration
from falaj.engine.kubernetes.client import ApiClient
from falaj.engine.kubernetes.discovery import Discovery, Kind
from falaj.engine.kubernetes.errors import UnknownKindError
from falaj.engine.resource_state import ResourceState
from falaj.engine.stack_settings import StackSettings
from falaj.engine.urn import ROOT_STACK_TYPE
from falaj.engine.wire import encode
from policies.analyzer.wire import decoded
from policies.control import Control
from policies.environments import with_profiles_of_environment
from policies.node import Node
from policies.readers.manifests import live
from policies.readers.source import Source, SourceKind
from policies.resources import Resource
from policies.values import UNKNOWN

PAGE = 500
"""Objects that a cluster is asked for at once."""


def planned(stack: str, *, offline: bool) -> Source:
    """Return what a stack's program asks for, without its policies and without a cloud."""
    root = project_root()
    cloud = stand_ins.cloud_of(root, stack)
    away = offline or cloud is not None
    overrides = placeholders.images_config(root) if away else {}
    with Display(quiet=True) as display:
        options = engine.Options(
            config=overrides,
            listener=display.show,
            offline=away,
            providers=stand_ins.commands(cloud),
            state_directory=state_directory(),
        )
        result = engine.preview(engine.Project.load(root), stack, options)
    states = {state.urn: state for state in result.asked}
    resources = tuple(_resource(state, states) for state in result.asked)
    return Source(
        SourceKind.PREVIEW,
        name=f"stack {stack}",
        resources=resources,
        made=tuple(_with_outputs(each, result.outputs) for each in resources),
        config=settings_of(stack),
        stack=stack,
    )


def settings_of(stack: str) -> Mapping[str, str]:
    """Return the configuration in a stack's file, with what a tenant's environment adds; none for another project's."""
    root = project_root()
    project = engine.Project.load(root)
    if not stack or not project.stack_file(stack).is_file():
        return {}
    directory = state_directory() or project.default_state_directory
    settings = StackSettings.load(project, stack, directory, {}, previewing=True)
    plain = {key: value for key, value in settings.values.items() if key not in settings.secret_keys}
    return with_profiles_of_environment(plain, project.stack_config_dir)


def running(kubeconfig: Path | None, controls: Iterable[Control[Any]], config: Mapping[str, str]) -> Source:
    """Return every object of a cluster that a control judges and that no other object owns."""
    given = {} if kubeconfig is None else {"kubeconfig": str(kubeconfig)}
    client = ApiClient(configuration.load(configuration.Settings.parse(given)))
    try:
        kinds = list(_kinds(Discovery(client), controls))
        objects = [found for kind in kinds for found in _listed(client, kind)]
    finally:
        client.close()
    return live(f"cluster {client.server}", objects, config)


def _kinds(discovery: Discovery, controls: Iterable[Control[Any]]) -> Iterator[Kind]:
    """Find the kinds that controls look at; one that the cluster does not serve has no objects there."""
    tokens = {token for control in controls for token in (*control.applies_to.tokens, *control.applies_to.beside)}
    for token in sorted(token for token in tokens if token.startswith("kubernetes:") and not token.endswith("Patch")):
        _, version, kind = token.split(":")
        try:
            yield discovery.find(version.removeprefix("core/"), kind)
        except UnknownKindError:
            continue


def _listed(client: ApiClient, kind: Kind) -> Iterator[Mapping[str, Any]]:
    next_page = ""
    while True:
        page = {"limit": str(PAGE)} | ({"continue": next_page} if next_page else {})
        answer = client.get(kind.path(), **page)
        for found in answer.get("items") or ():
            if not found["metadata"].get("ownerReferences"):
                yield {"apiVersion": kind.api_version, "kind": kind.kind, **found}
        next_page = str((answer.get("metadata") or {}).get("continue") or "")
        if not next_page:
            return


def _with_outputs(found: Resource, outputs: Mapping[str, Any]) -> Resource:
    """Return the stack itself with what it puts out, any other resource as it is."""
    return replace(found, root=Node(_known(outputs))) if found.type == ROOT_STACK_TYPE else found


def _known(value: Any) -> object:  # noqa: ANN401 - JSON
    """Return an output as a check sees it: the engine gives nothing where a value is not known yet."""
    if isinstance(value, Mapping):
        return {name: _known(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_known(member) for member in value]
    return UNKNOWN if value is None else value


def _resource(state: ResourceState, resources: Mapping[str, ResourceState], *, alone: bool = False) -> Resource:
    maker = resources.get(state.provider.rpartition("::")[0]) if state.provider and not alone else None
    return Resource(
        state.type,
        state.urn,
        Node(decoded(encode(state.inputs))),
        state.property_dependencies,
        None if maker is None else _resource(maker, resources, alone=True),
        state.protect,
        state.parent or None,
    )
