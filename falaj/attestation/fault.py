"""Why an image is not proven."""

from __future__ import annotations


class UnprovenError(Exception):
    """A file is missing, was changed, or speaks of another image. ``str()`` is one sentence that names it."""
