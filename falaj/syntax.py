"""Parsing Python, on every release of CPython that the project supports."""

from __future__ import annotations

import ast
import gc


def parse(source: str) -> ast.Module:
    """Parse with the collector off: CPython 3.11 takes a collection in the middle for its own fault (gh-106905)."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(source)
    finally:
        if collecting:
            gc.enable()
