"""Pulumi's configuration of the running stack, misspelt keys too."""

from __future__ import annotations

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from stacks.settings import StackFile, check


def read_settings() -> StackFile:
    """Read and check the running stack's file. Refuses it with `ConfigurationError` and every mistake in it."""
    prefix = f"{pulumi.get_project()}:"
    everything = {**get_config_env(), **CONFIG.get()}
    own = {key.removeprefix(prefix): value for key, value in everything.items() if key.startswith(prefix)}
    return check(pulumi.get_stack(), own)
