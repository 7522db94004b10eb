"""The environment of a tenant, whose profiles the tenant keeps as well."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from falaj.catalog.profiles import BASELINE
from policies.node import MalformedError
from policies.stack import ENVIRONMENT, PROFILES, TENANT, described

FOLDER: Final = Path(__file__).parents[1] / "stacks" / "config"
"""Where the files of stacks lie unless told otherwise."""


def with_profiles_of_environment(config: Mapping[str, str], folder: Path = FOLDER) -> Mapping[str, str]:
    """Return a tenant's configuration with the profiles of its environment, any other as it is.

    A tenant that names profiles where its environment names none adds them to the baseline. Raises ``MalformedError``
    for an environment's file that can't be read; an environment without a file is the program's to refuse.
    """
    if TENANT not in config:
        return config
    own = described(config).profiles
    home = _profiles_of(folder / f"Pulumi.{_environment(config[TENANT])}.yaml") or ((BASELINE,) if own else ())
    return {**config, PROFILES: json.dumps(list(dict.fromkeys((*home, *own))))}


def _environment(block: str) -> str:
    return str(json.loads(block).get("environment"))


def _profiles_of(file: Path) -> tuple[str, ...]:
    if not file.is_file():
        return ()
    try:
        block: Any = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)["config"][ENVIRONMENT]
        return described({ENVIRONMENT: json.dumps(block, default=str)}).profiles
    except (OSError, UnicodeDecodeError, yaml.YAMLError, LookupError, TypeError):
        raise MalformedError(f"{file.name}: expected a stack file with {ENVIRONMENT}, as a tenant names it") from None
