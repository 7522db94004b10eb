"""Diagnostic settings: which logs of an Azure resource go to the workspace and to the archive."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_azure_native as azure_native

EVERYTHING = "allLogs"
"""The group of all categories a resource has, those it gets later too."""


def send_logs(
    name: str,
    resource_id: pulumi.Input[str],
    *,
    workspace_id: pulumi.Input[str],
    archive_id: pulumi.Input[str] | None,
    opts: pulumi.ResourceOptions,
    groups: Sequence[str] = (EVERYTHING,),
) -> pulumi.Resource:
    """Send these groups of logs to the workspace and, where one is given, to the locked archive; to nobody else."""
    return azure_native.monitor.DiagnosticSetting(
        f"{name}-logs",
        name="falaj",
        resource_uri=resource_id,
        workspace_id=workspace_id,
        storage_account_id=archive_id,
        # One table per kind of log instead of one for all of Azure, so that each has a retention of its own.
        log_analytics_destination_type="Dedicated",
        logs=[{"category_group": group, "enabled": True} for group in groups],
        opts=opts,
    )
