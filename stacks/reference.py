"""The reference page of stack files, rendered from the settings models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stacks.settings import Settings

INTRODUCTION = """\
# Stack files

A stack file is `stacks/config/Pulumi.<stack>.yaml`. It makes the stack an environment (`falaj:environment`) or a tenant
of one (`falaj:tenant`). A wrong file is refused before any resource exists, with every mistake in it.
"""


def markdown() -> str:
    """Return the page: a table of keys for the file and for each block in it."""
    whole = Settings.model_json_schema(by_alias=True)
    blocks: dict[str, Mapping[str, Any]] = {"": whole}
    for path, definition in _blocks(whole, whole["$defs"], "falaj:"):
        blocks.setdefault(path, definition)
    return INTRODUCTION + "".join(_table(path, block, whole["$defs"]) for path, block in blocks.items())


def _blocks(
    model: Mapping[str, Any], definitions: Mapping[str, Any], prefix: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each block below a model, with its path in the file."""
    for key, field in model["properties"].items():
        for step, inner in _references(field, definitions):
            if "properties" in inner:
                place = f"{prefix}{key}{step}"
                yield place + _variant(field, inner), inner
                yield from _blocks(inner, definitions, f"{place}.")


def _variant(field: Mapping[str, Any], inner: Mapping[str, Any]) -> str:
    """Return which of several models a block follows, where its key takes more than one."""
    models = [option for option in field.get("anyOf", ()) if "$ref" in option]
    return f" ({inner['title']})" if len(models) > 1 else ""


def _references(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if "$ref" in field:
        yield "", definitions[field["$ref"].rpartition("/")[2]]
    for option in field.get("anyOf", ()):
        yield from _references(option, definitions)
    for step, inner in ((".<name>", field.get("additionalProperties")), ("[]", field.get("items"))):
        if isinstance(inner, dict):
            yield from ((step + deeper, found) for deeper, found in _references(inner, definitions))
    for inner in field.get("patternProperties", {}).values():
        yield from ((f".<name>{deeper}", found) for deeper, found in _references(inner, definitions))


def _table(path: str, block: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    title = f"`{path}`" if path else "The file"
    required = block.get("required", ())
    lines = [f"\n## {title}\n\n{block['description']}\n", "| key | allowed | default | meaning |", "|---|---|---|---|"]
    for key, field in block["properties"].items():
        name = key if path else f"falaj:{key}"
        default = "required" if key in required else _default(field)
        allowed = _allowed(field, definitions).replace("|", "\\|")
        lines.append(f"| `{name}` | {allowed} | {default} | {field.get('description', '')} |")
    return "\n".join(lines) + "\n"


def _default(field: Mapping[str, Any]) -> str:
    value = field.get("default")
    return "none" if value in (None, [], {}) else f"`{value}`"


def _allowed(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """Return in a few words what a field takes."""
    if "$ref" in field:
        return _allowed(definitions[field["$ref"].rpartition("/")[2]], definitions)
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "anyOf" in field:
        options = [_allowed(option, definitions) for option in field["anyOf"] if option.get("type") != "null"]
        return " or ".join(options)
    if field.get("type") == "array":
        return "a list"
    if field.get("type") == "object":
        return "keys and values"
    words = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true`, `false`"}
    text = words.get(str(field.get("type")), "text")
    if "minimum" in field or "maximum" in field:
        text += f" from {field.get('minimum', '…')} to {field.get('maximum', '…')}"
    return text
