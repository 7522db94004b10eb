"""Kubernetes objects: rendered manifests in files, or as a cluster answers them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from policies.node import Node
from policies.readers.source import Source, SourceKind, namespaced_token, unique
from policies.resources import Resource
from policies.unreadable import Problem, UnreadableError

SUFFIXES: Final = (".yaml", ".yml", ".json")
OBJECT: Final = "a Kubernetes object with apiVersion, kind and metadata.name"
SERVER_MADE: Final = ("managedFields", "resourceVersion", "uid", "creationTimestamp", "generation")


def read_manifests(paths: Sequence[Path], config: Mapping[str, str]) -> Source:
    """Read every object in files and folders. Raises ``UnreadableError`` naming all that can't be read."""
    resources: list[Resource] = []
    problems: list[Problem] = []
    for file in _files(paths, problems):
        try:
            resources.extend(_objects(file))
        except UnreadableError as error:
            problems.extend(error.problems)
    if problems:
        raise UnreadableError(*problems)
    names = " ".join(str(path) for path in paths)
    return Source(SourceKind.MANIFESTS, name=names, resources=unique(resources), config=config)


def live(name: str, objects: Iterable[Mapping[str, Any]], config: Mapping[str, str]) -> Source:
    """Return the objects that run in a cluster."""
    resources = unique(object_resource(each, "cluster") for each in objects)
    return Source(SourceKind.CLUSTER, name=name, resources=resources, config=config)


def object_resource(found: Mapping[str, Any], origin: str) -> Resource:
    """Return an object as a resource, named after its place and without what only a server writes."""
    token = namespaced_token(str(found["apiVersion"]), str(found["kind"]))
    metadata = {name: value for name, value in found["metadata"].items() if name not in SERVER_MADE}
    place = "/".join(filter(None, (metadata.get("namespace"), metadata.get("name"))))
    values = {name: value for name, value in found.items() if name != "status"} | {"metadata": metadata}
    return Resource(token, f"urn:pulumi:{origin}::kubernetes::{token}::{place}", Node(values))


def _files(paths: Sequence[Path], problems: list[Problem]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if each.suffix in SUFFIXES and each.is_file())
        elif path.is_file():
            yield path
        else:
            problems.append(Problem(str(path), None, "does not exist", "a file or a folder of manifests"))


def _objects(file: Path) -> Iterator[Resource]:
    try:
        loader = yaml.CSafeLoader(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableError(Problem(str(file), None, f"can't be opened: {error}", "text in UTF-8")) from None
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is None:
                continue
            line = node.start_mark.line + 1
            yield from _members(loader.construct_document(node), file, line)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise UnreadableError(Problem(str(file), line, f"is no YAML: {error.problem}", OBJECT)) from None
    finally:
        loader.dispose()


def _members(found: object, file: Path, line: int) -> Iterator[Resource]:
    if found is None:
        return
    if isinstance(found, dict) and isinstance(found.get("items"), list) and str(found.get("kind")).endswith("List"):
        for each in found["items"]:
            yield from _members(each, file, line)
        return
    if not _is_object(found):
        raise UnreadableError(Problem(str(file), line, "the document is no object", OBJECT))
    yield object_resource(found, "manifests")  # type: ignore[arg-type]  # a mapping, as _is_object tells


def _is_object(found: object) -> bool:
    if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in ("apiVersion", "kind")):
        return False
    metadata = found.get("metadata")
    return isinstance(metadata, dict) and any(isinstance(metadata.get(name), str) for name in ("name", "generateName"))
