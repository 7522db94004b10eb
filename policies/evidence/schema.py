"""The JSON Schema of the evidence, for whoever reads it: `python -m policies.evidence.schema` writes the file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from policies.evidence.model import Evidence
from policies.visible import json_text

FILE: Final = Path(__file__).parents[2] / "docs" / "reference" / "evidence.schema.json"


def rendered() -> str:
    """Return the schema as the file holds it."""
    whole = Evidence.model_json_schema(mode="serialization")
    return json_text({"$schema": "https://json-schema.org/draft/2020-12/schema", **whole})


if __name__ == "__main__":
    FILE.write_text(rendered(), encoding="utf-8")
