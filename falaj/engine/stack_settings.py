"""A stack's configuration: its file, decrypted and turned into what a program may ask for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from falaj.engine.passphrase import Crypter, find_passphrase
from falaj.engine.project import Project, read_yaml_mapping
from falaj.errors import ConfigurationError

_CLOUD_KEYS = ("awskms://", "azurekeyvault://")
_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,100}")


@dataclass(frozen=True, slots=True)
class StackSettings:
    """The configuration of one stack. ``load`` refuses a stack without a file and what it can not honour."""

    values: dict[str, str]
    """Every value as text (objects as JSON), keyed ``namespace:name``."""

    secret_keys: frozenset[str]
    """Keys whose values must stay hidden."""

    salt: str
    """The stack file's encryption salt; empty when it has none."""

    @classmethod
    def load(
        cls,
        project: Project,
        stack: str,
        state_directory: Path,
        overrides: Mapping[str, str],
        *,
        previewing: bool = False,
    ) -> StackSettings:
        """The settings in the stack's file, with ``overrides`` on top.

        A preview writes nothing: it takes a file whose secrets a cloud's key would encrypt, as long as it holds none.
        """
        file = project.stack_file(stack)
        if not _NAME.fullmatch(stack) or not file.is_file():
            raise _no_such_stack(project, stack, file)
        content = read_yaml_mapping(file)
        _refuse_unsupported(file, content, previewing=previewing)
        salt = str(content.get("encryptionsalt") or "")
        crypter = Crypter(find_passphrase(state_directory), salt, str(file)) if salt else None
        entries = content.get("config") or {}
        if not isinstance(entries, dict):
            raise _wrong(file, "config", "is not a mapping", "keys `namespace:name` with their values")
        values: dict[str, str] = {}
        secret_keys: set[str] = set()
        for key, entry in entries.items():
            full_key = key if ":" in str(key) else f"{project.name}:{key}"
            value, is_secret = _reveal(entry, crypter, file, str(key))
            values[full_key] = _text(value)
            if is_secret:
                secret_keys.add(full_key)
        for key, override in overrides.items():
            full_key = key if ":" in key else f"{project.name}:{key}"
            values[full_key] = override
        return cls(values=values, secret_keys=frozenset(secret_keys), salt=salt)

    def of_package(self, package: str) -> dict[str, tuple[str, bool]]:
        """Values in a package's namespace with whether each is secret: what its default provider is made with."""
        prefix = f"{package}:"
        return {
            key.removeprefix(prefix).removeprefix("config:"): (value, key in self.secret_keys)
            for key, value in self.values.items()
            if key.startswith(prefix)
        }


def _reveal(entry: Any, crypter: Crypter | None, file: Path, key: str) -> tuple[Any, bool]:  # noqa: ANN401 - YAML
    if isinstance(entry, dict):
        if set(entry) == {"secure"} and isinstance(entry["secure"], str):
            if crypter is None:
                raise _wrong(file, f"config.{key}", "is encrypted but the file has no `encryptionsalt`", "a salt")
            return crypter.decrypt(entry["secure"]), True
        revealed = {str(name): _reveal(item, crypter, file, f"{key}.{name}") for name, item in entry.items()}
        return {name: value for name, (value, _) in revealed.items()}, any(hidden for _, hidden in revealed.values())
    if isinstance(entry, list):
        items = [_reveal(item, crypter, file, f"{key}[{index}]") for index, item in enumerate(entry)]
        return [value for value, _ in items], any(hidden for _, hidden in items)
    return entry, False


def _text(value: Any) -> str:  # noqa: ANN401 - YAML
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)


def _refuse_unsupported(file: Path, content: dict[str, Any], *, previewing: bool) -> None:
    if content.get("environment"):
        raise _wrong(file, "environment", "names a Pulumi ESC environment", "values under `config:`")
    provider = str(content.get("secretsprovider") or "passphrase")
    if provider.startswith(_CLOUD_KEYS) and previewing:
        if _holds_secret(content.get("config")):
            raise _wrong(
                file, "config", f"holds values that {provider} encrypted", "none; the Pulumi CLI decrypts them"
            )
    elif provider not in ("passphrase", "default"):
        raise _wrong(file, "secretsprovider", f"is {provider}", "`passphrase`; others need the Pulumi CLI")


def _holds_secret(value: object) -> bool:
    if isinstance(value, dict):
        return set(value) == {"secure"} or any(_holds_secret(item) for item in value.values())
    return isinstance(value, list) and any(_holds_secret(item) for item in value)


def _no_such_stack(project: Project, stack: str, file: Path) -> ConfigurationError:
    known = ", ".join(project.stacks()) or "none"
    return ConfigurationError(
        f"There is no stack named {stack}. Stacks with a file: {known}.",
        code="FAL-ENG-105",
        where=str(file),
        hint=f"name one of these, or write {file}.",
    )


def _wrong(file: Path, key: str, what: str, allowed: str) -> ConfigurationError:
    return ConfigurationError(
        f"`{key}` {what}.", code="FAL-ENG-106", where=f"{file}, key {key}", hint=f"allowed is {allowed}."
    )
