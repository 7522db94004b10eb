"""The rules about the repository that a machine can check."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from falaj.syntax import parse

ROOT = Path(__file__).parents[2]
LONGEST_MODULE = 400
LONGEST_FUNCTION = 40
LONGEST_MAIN = 60
CATCH_ALL_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for line in listed.stdout.splitlines() if (path := ROOT / line).is_file()]


MODULES = tracked("*.py")
SOURCES = [path for path in MODULES if "tests" not in path.relative_to(ROOT).parts]


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return parse(path.read_text())


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_modules_hold_one_idea() -> None:
    longest = {name_of(path): len(path.read_text().splitlines()) for path in SOURCES}
    assert {name: lines for name, lines in longest.items() if lines > LONGEST_MODULE} == {}


def test_functions_fit_on_a_screen() -> None:
    long = {
        f"{name_of(path)}:{function.lineno} {function.name}": function.end_lineno - function.lineno + 1
        for path in SOURCES
        for function in functions(path)
        if function.end_lineno and function.end_lineno - function.lineno + 1 > LONGEST_FUNCTION
    }
    assert long == {}


def test_entry_points_are_thin() -> None:
    mains = {name_of(path): len(path.read_text().splitlines()) for path in SOURCES if path.name == "__main__.py"}
    assert "falaj/cli/__main__.py" in mains
    assert {name: lines for name, lines in mains.items() if lines > LONGEST_MAIN} == {}


def test_no_module_is_named_after_nothing() -> None:
    assert [name_of(path) for path in MODULES if path.stem in CATCH_ALL_NAMES] == []


def components() -> Iterator[tuple[str, ast.ClassDef]]:
    for path in tracked("components/*.py"):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef) and any(
                ast.unparse(base).endswith("ComponentResource") for base in node.bases
            ):
                yield f"{name_of(path)} {node.name}", node


def test_every_component_registers_its_outputs_last() -> None:
    found = dict(components())
    assert found, "no component found: is the search right?"
    last = {}
    for name, node in found.items():
        constructor = next(f for f in node.body if isinstance(f, ast.FunctionDef) and f.name == "__init__")
        last[name] = ast.unparse(constructor.body[-1])
    assert {name: text for name, text in last.items() if not text.startswith("self.register_outputs(")} == {}


def public_names(path: Path) -> Iterator[tuple[str, bool]]:
    tree = tree_of(path)
    yield "module", ast.get_docstring(tree) is not None
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, ast.get_docstring(node) is not None
            if isinstance(node, ast.ClassDef):
                for inner in node.body:
                    if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_"):
                        yield f"{node.name}.{inner.name}", ast.get_docstring(inner) is not None or _overrides(inner)


def _overrides(function: ast.FunctionDef) -> bool:
    return any(ast.unparse(decorator).endswith("override") for decorator in function.decorator_list)


def test_every_public_name_is_documented() -> None:
    assert [
        f"{name_of(path)} {name}" for path in SOURCES for name, documented in public_names(path) if not documented
    ] == []


def test_every_suppression_says_why() -> None:
    bare = re.compile(r"#\s*(noqa(?!: [A-Z0-9, ]+ - )|type: ignore(?!\[[a-z, -]+\]  ?# ))")
    found = [
        f"{name_of(path)}:{number}"
        for path in MODULES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if bare.search(line) and path != Path(__file__)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("a path of one machine", r"/(root|home/[a-z]+)/"),
        ("a registry's host name", r"(pypi|npmjs|docker|ghcr|quay|registry\.k8s)\.(org|io|com)|proxy\.golang"),
        ("a mark for later", r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b"),
    ],
)
def test_the_repository_speaks_of_the_project_alone(what: str, pattern: str) -> None:
    skip = {".lock", ".sum", ".mod", ".onnx"}
    found = []
    for path in tracked():
        if path.suffix in skip or path == Path(__file__) or "crds" in path.parts:
            continue
        text = path.read_bytes().decode(errors="replace")
        found += [
            f"{name_of(path)}:{number}" for number, line in enumerate(text.splitlines(), 1) if re.search(pattern, line)
        ]
    assert found == [], f"{what} in these places"


def test_every_dependency_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"]]
    for extra in project["project"]["optional-dependencies"].values():
        wanted += extra
    for group in project["dependency-groups"].values():
        wanted += group
    names = {re.split(r"[\[>=<;\s]", entry, maxsplit=1)[0] for entry in wanted}
    explained = set()
    for line in (ROOT / "docs" / "dependencies.md").read_text().splitlines():
        if line.startswith("| ") and not line.startswith(("| package", "|---")):
            explained |= {name.strip() for name in line.split("|")[1].split(",")}
    assert names - explained == set()
    assert explained - names == set()


def test_import_contracts_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
