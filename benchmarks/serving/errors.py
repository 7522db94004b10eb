"""What stops a measurement."""

from __future__ import annotations

import click


class MeasurementError(click.ClickException):
    """A figure that can't be taken, with what is missing or what went wrong; the other rows go on."""
