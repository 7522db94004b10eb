"""The type of a part of a Kubernetes object that is too deep for the SDK's own dict types."""

from __future__ import annotations

from typing import Any, TypeAlias

Manifest: TypeAlias = Any
"""A nested dict in the SDK's form, such as a pod template.

The SDK types each level as a union of dicts, classes and outputs; a type checker needs gigabytes to try them all. What
the server thinks of it shows in the preview, where the provider asks it.
"""
