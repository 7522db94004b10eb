"""An installed Pulumi SDK: its version, and the source of its classes. Its code is read and never run.

An SDK for a whole cloud takes seconds to import. Its modules are generated and all alike, so one class is cut out of
its file and parsed, which takes milliseconds.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import re
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from falaj.errors import ConfigurationError
from falaj.syntax import parse

_NEXT_STATEMENT = re.compile(r"\n(?=[^\s#)])")
_CLASS = re.compile(r"^class (\w+)", re.MULTILINE)
_ALIAS = re.compile(r"^from (\.\.+) import (\w+)(?: as (\w+))?$", re.MULTILINE)


class Sdk:
    """The Python SDK of one Pulumi package. Refuses a package whose SDK is not installed."""

    def __init__(self, package: str) -> None:
        module = f"pulumi_{package.replace('-', '_')}"
        found = importlib.util.find_spec(module)
        if found is None or not found.submodule_search_locations:
            raise ConfigurationError(
                f"The Pulumi SDK of the package {package} is not installed; the stand-in knows types from it alone.",
                code="FAL-STD-001",
                where=f"package {package}",
                hint=f"install pulumi-{package}, in the version that uv.lock names.",
            )
        self.package = package
        self._sources: dict[str, str] = {}
        self._positions: dict[str, dict[str, int]] = {}
        self.directory = Path(found.submodule_search_locations[0])

    @cached_property
    def version(self) -> str:
        """The version of the SDK, which is its provider's."""
        plugin: dict[str, str] = json.loads((self.directory / "pulumi-plugin.json").read_text(encoding="utf-8"))
        return plugin["version"]

    @cached_property
    def resources(self) -> dict[str, tuple[str, str]]:
        """Every resource type by token: the folder of its module, and its class."""
        text = (self.directory / "__init__.py").read_text(encoding="utf-8")
        types = {
            token: (entry["fqn"], name)
            for entry in _registered(text, "modules")
            for token, name in entry["classes"].items()
        }
        types |= {entry["token"]: (entry["fqn"], entry["class"]) for entry in _registered(text, "packages")}
        return {token: (_folder(module), name) for token, (module, name) in types.items()}

    def text(self, path: str) -> str:
        """The text of one file; empty when there is none."""
        if path not in self._sources:
            file = self.directory / path
            self._sources[path] = file.read_text(encoding="utf-8") if file.is_file() else ""
        return self._sources[path]

    def class_in(self, path: str, name: str) -> ast.ClassDef | None:
        """One class of a file; None when the file does not define it."""
        begin = self._classes(path).get(name)
        if begin is None:
            return None
        text = self.text(path)
        end = _NEXT_STATEMENT.search(text, begin)
        (parsed,) = parse(text[begin : end.start() if end else None]).body
        return parsed if isinstance(parsed, ast.ClassDef) else None

    def _classes(self, path: str) -> dict[str, int]:
        """Where each class of a file begins."""
        if path not in self._positions:
            self._positions[path] = {found[1]: found.start() for found in _CLASS.finditer(self.text(path))}
        return self._positions[path]

    def file_of(self, token: str) -> str:
        """The file that defines a resource type, as a path below the SDK."""
        folder, name = self.resources[token]
        likely = (f"{folder}{_snake_case(name)}.py", f"{folder}{name}.py")
        others = sorted(file.name for file in (self.directory / folder).glob("[!_]*.py") if file.name != "outputs.py")
        mark = f'@pulumi.type_token("{token}")'
        for path in (*likely, *(f"{folder}{file}" for file in others)):
            if mark in self.text(path):
                return path
        raise FileNotFoundError(f"{self.package} {self.version} registers {token} but defines it nowhere")

    def aliases(self, path: str) -> dict[str, str]:
        """Folders elsewhere in the SDK that a file imports, by the names it has for them."""
        parents = Path(path).parents
        return {
            alias or name: f"{(parents[len(dots) - 1] / name).as_posix()}/"
            for dots, name, alias in _ALIAS.findall(self.text(path)[:4000])
        }


@cache
def sdk(package: str) -> Sdk:
    """The SDK of a package, found once."""
    return Sdk(package)


def _registered(text: str, kind: str) -> list[dict[str, Any]]:
    found = re.search(rf'resource_{kind}="""\n(.*?)\n"""', text, re.DOTALL)
    entries: list[dict[str, Any]] = json.loads(found[1]) if found else []
    return entries


def _folder(module: str) -> str:
    """The folder of a module below the SDK, empty or with a slash at its end."""
    return "".join(f"{part}/" for part in module.split(".")[1:])


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
