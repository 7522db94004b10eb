"""Makes lighter what a generated SDK says and a running program never asks for.

An SDK is thousands of generated modules, and a package of it imports all of its own for the sake of one. Here a package
knows which of its modules defines a name and imports that one when it is asked for. Of the rest, the fields of typed
dictionaries, which only editors and type checkers read, are left out. Works on text: to parse a module first would take
as long as to compile it.
"""

from __future__ import annotations

import re
from pathlib import Path

VERSION = 1
"""Of the code below: what an older one made is made again."""

ON_DEMAND = frozenset({"pulumi_aws", "pulumi_azure_native"})
"""SDKs in which no module has the name of a class, so that a module can't stand in the place of one."""

_TYPED_DICTIONARY = re.compile(r"^( *)class (\w+)\(TypedDict\):\n(?:(?:\1 +.*)?\n)+", re.MULTILINE)
_ALL_OF_A_MODULE = re.compile(r"^from \.(\w+) import \*\n", re.MULTILINE)
_GIVEN_OUT = re.compile(r"^__all__ = \[(.*?)\]", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"'(\w+)'")
_ASKED = """
_modules = {owners!r}

def __getattr__(name):
    if name not in _modules:
        raise AttributeError(f"module {{__name__!r}} has no attribute {{name!r}}")
    import importlib
    module = importlib.import_module(f".{{_modules[name]}}", __name__)
    # All at once: a function may be called like its module, which the import has just put in its place.
    globals().update({{each: getattr(module, each) for each in module.__all__}})
    return globals()[name]
"""


def lightened(source: str, path: Path, package: str) -> str:
    """The source of a module of an SDK, made lighter; one that has nothing of the kind comes back as it is."""
    lighter = _TYPED_DICTIONARY.sub(r"\1class \2(TypedDict): pass\n", source)
    if path.name == "__init__.py" and package in ON_DEMAND:
        lighter = _importing_on_demand(lighter, path.parent)
    return lighter


def _importing_on_demand(source: str, folder: Path) -> str:
    """A package that imports a module of its own when one of its names is asked for."""
    owners: dict[str, str] = {}

    def without(statement: re.Match[str]) -> str:
        names = _names(folder / f"{statement[1]}.py")
        owners.update(dict.fromkeys(names, statement[1]))
        return "" if names else statement[0]

    rest = _ALL_OF_A_MODULE.sub(without, source)
    return rest + _ASKED.format(owners=owners) if owners else source


def _names(file: Path) -> list[str]:
    """The names a generated module gives out; it lists them at its beginning."""
    listed = _GIVEN_OUT.search(file.read_text(encoding="utf-8")) if file.is_file() else None
    return [] if listed is None else _NAME.findall(listed[1])
