"""Where Pulumi was told to keep state and what encrypts secrets, read from its own files without its program."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from falaj.errors import ConfigurationError
from falaj.preflight.wanted import PulumiCommand, State

SILENT = {"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"}
"""What keeps Pulumi's command from asking abroad for newer versions and plugins, and so telling which it has."""
TALKATIVE = ("PULUMI_ACCESS_TOKEN", "PULUMI_COPILOT", "PULUMI_NEO")
"""What signs it in to Pulumi Cloud, and what has the output of a failed run explained there."""
_OFF = ("", "0", "false")
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


def read_pulumi_command(variables: Mapping[str, str]) -> PulumiCommand:
    """Return what the variables tell Pulumi's command: which calls abroad they leave open. Keeps no value."""
    return PulumiCommand(
        left_out=tuple(name for name in SILENT if variables.get(name, "").lower() in _OFF),
        calls_out=tuple(name for name in TALKATIVE if variables.get(name, "").lower() not in _OFF),
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
