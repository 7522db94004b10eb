"""The JSON Schema of stack files, for editors: `python -m stacks.schema` writes stacks/config/schema.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stacks.settings import Settings

FILE = Path(__file__).parent / "config" / "schema.json"
PULUMI_KEYS = {
    "encryptionsalt": "Pulumi's own: salt of the passphrase that encrypts secrets.",
    "encryptedkey": "Pulumi's own: key that encrypts secrets, itself encrypted by the secrets provider.",
    "secretsprovider": "Pulumi's own: which provider encrypts secrets.",
}


def schema() -> dict[str, Any]:
    """Return the schema of a whole stack file, Pulumi's own keys included."""
    settings = Settings.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stack file of a Falaj environment or tenant",
        "type": "object",
        "additionalProperties": False,
        "required": ["config"],
        "properties": {
            **{key: {"type": "string", "description": text} for key, text in PULUMI_KEYS.items()},
            "config": {
                "type": "object",
                "properties": {f"falaj:{key}": value for key, value in settings["properties"].items()},
                "patternProperties": {"^(?!falaj:)[^:]+:.+$": {}},
                "additionalProperties": False,
                "oneOf": [{"required": ["falaj:environment"]}, {"required": ["falaj:tenant"]}],
            },
        },
        "$defs": settings["$defs"],
    }


def rendered() -> str:
    """Return the schema as the file holds it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(rendered(), encoding="utf-8")
