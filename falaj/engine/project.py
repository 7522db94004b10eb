"""The Pulumi project: Pulumi.yaml and where its stack files lie."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from falaj.errors import ConfigurationError

_SDK = re.compile(r"\bpulumi[-_]([a-z0-9-]+)")
_UNSUPPORTED = {
    "backend": "a backend of its own",
    "config": "configuration for every stack",
    "packages": "packages made from a schema",
    "plugins": "plugins of its own",
}


@dataclass(frozen=True, slots=True)
class Project:
    """A stack program with its name and its stack files. ``load`` refuses what the embedded engine can not honour."""

    name: str
    """Name of the project, part of every URN."""

    root: Path
    """Directory that holds Pulumi.yaml."""

    main: Path
    """Directory or file of the program."""

    stack_config_dir: Path
    """Directory of the stack files, ``Pulumi.<stack>.yaml``."""

    runtime_options: dict[str, Any]
    """Options of the Python runtime: ``toolchain``, ``virtualenv``."""

    @classmethod
    def load(cls, path: Path) -> Project:
        """The project whose Pulumi.yaml lies in ``path`` or the nearest directory above it."""
        file = _find(path)
        content = read_yaml_mapping(file)
        name = content.get("name")
        if not isinstance(name, str) or not name:
            raise _wrong(file, "name", "is missing", "a name such as `name: falaj`")
        for key, meaning in _UNSUPPORTED.items():
            if content.get(key):
                raise _wrong(file, key, f"asks for {meaning}", f"no `{key}:` under the embedded engine")
        options = _python_options(file, content.get("runtime"))
        root = file.parent
        return cls(
            name=name,
            root=root,
            main=_inside(file, "main", content.get("main", ".")),
            stack_config_dir=_inside(file, "stackConfigDir", content.get("stackConfigDir", ".")),
            runtime_options=options,
        )

    @property
    def program_directory(self) -> Path:
        """Directory that the program runs in."""
        return self.main if self.main.is_dir() else self.main.parent

    @property
    def default_state_directory(self) -> Path:
        """Where state files lie unless told otherwise."""
        return self.root / ".falaj" / "state"

    def stack_file(self, stack: str) -> Path:
        """The configuration file of a stack; it may not exist."""
        return self.stack_config_dir / f"Pulumi.{stack}.yaml"

    def stacks(self) -> list[str]:
        """Names of the stacks that have a configuration file, sorted."""
        files = self.stack_config_dir.glob("Pulumi.*.yaml")
        return sorted(file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in files)


def read_yaml_mapping(file: Path) -> dict[str, Any]:
    """The mapping in a YAML file. Refuses a file that can not be read or holds anything else with ``FAL-ENG-102``."""
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(
            f"The file can not be read: {error}",
            code="FAL-ENG-102",
            where=str(file),
            hint="mend the file; it must be a YAML mapping.",
        ) from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigurationError(
            f"The file holds a {type(content).__name__}, not a mapping.",
            code="FAL-ENG-102",
            where=str(file),
            hint="mend the file; it must be a YAML mapping.",
        )
    return content


def interpreter(directory: Path, options: dict[str, Any]) -> Path:
    """The Python that runs the program or policy pack in ``directory``, chosen as Pulumi's language host does."""
    virtualenv = options.get("virtualenv")
    if virtualenv:
        python = directory / str(virtualenv) / "bin" / "python"
        if not python.exists():
            raise ConfigurationError(
                f"The virtual environment {virtualenv} has no bin/python.",
                code="FAL-ENG-104",
                where=str(directory),
                hint=f"run `python -m venv {directory / str(virtualenv)}` and install the requirements into it.",
            )
        return python
    if options.get("toolchain") == "uv":
        named = os.environ.get("UV_PROJECT_ENVIRONMENT")
        for parent in (directory, *directory.parents):
            if (parent / "uv.lock").exists() or (parent / "pyproject.toml").exists():
                python = parent / (named or ".venv") / "bin" / "python"
                if python.exists():
                    return python
    return Path(sys.executable)


def required_packages(project: Project) -> set[str]:
    """Packages whose SDKs the project requires, by its pyproject.toml or requirements.txt: what to start early."""
    found: set[str] = set()
    for name in ("pyproject.toml", "requirements.txt"):
        file = project.root / name
        if file.is_file():
            found.update(_SDK.findall(file.read_text(encoding="utf-8", errors="replace")))
    return found


def _find(path: Path) -> Path:
    start = path.resolve()
    for directory in (start, *start.parents):
        for name in ("Pulumi.yaml", "Pulumi.yml"):
            if (directory / name).is_file():
                return directory / name
    raise ConfigurationError(
        "No Pulumi.yaml here or in any directory above.",
        code="FAL-ENG-101",
        where=str(start),
        hint="run the command inside the project, or name it with `--cwd`.",
    )


def _python_options(file: Path, runtime: object) -> dict[str, Any]:
    name = runtime.get("name") if isinstance(runtime, dict) else runtime
    if name != "python":
        raise _wrong(file, "runtime", f"is {name!r}", "`python`; other languages need the Pulumi CLI")
    options = runtime.get("options") if isinstance(runtime, dict) else None
    return dict(options) if isinstance(options, dict) else {}


def _inside(file: Path, key: str, value: object) -> Path:
    path = (file.parent / str(value)).resolve()
    if not path.is_relative_to(file.parent.resolve()):
        raise _wrong(file, key, f"is {value!r}, outside the project", "a path inside the project")
    if not path.exists():
        raise _wrong(file, key, f"is {value!r}, which does not exist", "a path inside the project")
    return path


def _wrong(file: Path, key: str, what: str, allowed: str) -> ConfigurationError:
    return ConfigurationError(
        f"`{key}` {what}.", code="FAL-ENG-103", where=f"{file}, key {key}", hint=f"allowed is {allowed}."
    )
