"""What stops a start."""

from __future__ import annotations


class StartError(Exception):
    """Something that whoever starts the server can mend, in one sentence."""
