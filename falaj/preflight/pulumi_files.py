"""Where Pulumi was told to keep state and what encrypts secrets, read from its own files without its program."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from falaj.errors import ConfigurationError
from falaj.preflight.wanted import State

BACKEND_VARIABLE = "PULUMI_BACKEND_URL"
HOME_VARIABLE = "PULUMI_HOME"
PROJECT_FILE = "Pulumi.yaml"


def read_state(root: Path, stack: str, variables: Mapping[str, str], home: Path) -> State:
    """Return the state of a stack of the project at `root`, looked up in Pulumi's order.

    The backend is that of the environment, of the project file, or of the last login in the user's `home`; the secrets
    provider stands in the stack file. Refuses a file that is no mapping. Reads no token.
    """
    backend, backend_from = _backend(root, variables, home)
    folder = str(_mapping(root / PROJECT_FILE).get("stackConfigDir") or ".")
    stack_file = Path(folder, f"Pulumi.{stack}.yaml")
    content = _mapping(root / stack_file)
    secrets = content.get("secretsprovider") or ("passphrase" if content.get("encryptionsalt") else None)
    return State(
        backend=backend,
        backend_from=backend_from,
        secrets=None if secrets is None else str(secrets),
        secrets_from=str(stack_file) if secrets is not None else None,
    )


def _backend(root: Path, variables: Mapping[str, str], home: Path) -> tuple[str | None, str | None]:
    if variables.get(BACKEND_VARIABLE):
        return variables[BACKEND_VARIABLE], BACKEND_VARIABLE
    project = _mapping(root / PROJECT_FILE).get("backend")
    if isinstance(project, dict) and project.get("url"):
        return str(project["url"]), PROJECT_FILE
    folder = Path(variables.get(HOME_VARIABLE) or home / ".pulumi")
    try:
        current = json.loads((folder / "credentials.json").read_text(encoding="utf-8")).get("current")
    except (OSError, ValueError, AttributeError):
        current = None
    return (str(current), "the last pulumi login") if current else (None, None)


def _mapping(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    except OSError:
        return {}
    except yaml.YAMLError:
        content = "unreadable"
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigurationError(
            "It is no mapping of keys to values.",
            code="FAL-PFL-002",
            where=str(path),
            hint="mend its YAML; `pulumi config` reads it too",
        )
    return content
