"""Inputs that a provider takes, drawn from what the SDK says of a type."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from falaj.standin.shapes import Kind, ResourceType, Shape, Structure

DEEPEST = 3
"""Below this an object has its required properties alone."""

Values = st.SearchStrategy[Any]
WORDS = st.text("abcdefgh-", min_size=1, max_size=8)
SIMPLE: dict[Kind, Values] = {
    Kind.STRING: WORDS,
    Kind.INTEGER: st.integers(0, 1000),
    Kind.NUMBER: st.one_of(st.integers(0, 1000), st.floats(0, 1, allow_nan=False)),
    Kind.BOOLEAN: st.booleans(),
    Kind.ANYTHING: st.one_of(WORDS, st.integers(0, 9), st.dictionaries(WORDS, WORDS, max_size=2)),
    Kind.FILE: st.just({"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", "text": "x"}),
}


def values(found: ResourceType, shape: Shape, depth: int = 0) -> Values:
    """Values of a shape."""
    match shape.kind:
        case Kind.LIST:
            drawn: Values = st.lists(values(found, shape.of[0], depth + 1), max_size=2)
        case Kind.MAP:
            drawn = st.dictionaries(WORDS, values(found, shape.of[0], depth + 1), max_size=2)
        case Kind.CHOICE:
            drawn = st.sampled_from(found.choices[shape.name])
        case Kind.CONSTANT:
            drawn = st.just(shape.name)
        case Kind.OBJECT:
            drawn = objects(found, found.structure(shape.name), depth + 1)
        case Kind.UNION:
            drawn = union(found, shape, depth)
        case simple:
            drawn = SIMPLE[simple]
    return drawn


def union(found: ResourceType, shape: Shape, depth: int) -> Values:
    """Values of one of several shapes; text beside an object is the object's JSON, beside a choice one of those."""
    kinds = {each.kind for each in shape.of}
    if Kind.CHOICE in kinds:
        return st.one_of([values(found, each, depth) for each in shape.of if each.kind is Kind.CHOICE])
    if Kind.OBJECT in kinds and Kind.STRING in kinds:
        return st.dictionaries(WORDS, WORDS, max_size=1).map(json.dumps)
    return st.one_of([values(found, each, depth) for each in shape.of])


def objects(found: ResourceType, structure: Structure, depth: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    """Objects of a structure. Regions and locations are left out: they have rules of their own."""
    required = {name: values(found, each.shape, depth) for name, each in structure.items() if each.required}
    optional = {
        name: values(found, each.shape, depth)
        for name, each in structure.items()
        if not each.required and depth < DEEPEST and not name.lower().endswith(("region", "location", "regions"))
    }
    return st.fixed_dictionaries(required, optional=optional)
