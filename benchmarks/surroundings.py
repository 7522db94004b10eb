"""The environment in which everything is timed."""

from __future__ import annotations

import os


def inherited() -> dict[str, str]:
    """The environment as a user's machine has it: Python keeps what it compiled."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
