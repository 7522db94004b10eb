"""Former names that an SDK gives every resource, taken off again."""

from __future__ import annotations

import pulumi

SDK_ALIASES = "azure-native:"
"""What the type of such a name begins with: the resource under an older version of Azure's interface."""


def without_version_aliases(made: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
    """Drop the names a resource would have had with older versions of the SDK, some twenty each; keep our own.

    A stack made by this project never had them, and they take longer than all else a program does.
    """
    aliases = made.opts.aliases
    if not isinstance(aliases, list) or not aliases:
        return None
    made.opts.aliases = [alias for alias in aliases if not _is_the_sdks(alias)]
    return pulumi.ResourceTransformationResult(made.props, made.opts)


def _is_the_sdks(alias: object) -> bool:
    return isinstance(alias, pulumi.Alias) and isinstance(alias.type_, str) and alias.type_.startswith(SDK_ALIASES)
