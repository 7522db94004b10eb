"""The comparison with the catalog, which needs no account and no network."""

from __future__ import annotations

from datetime import date

from falaj.preflight.allowances import quota_findings
from falaj.preflight.findings import Finding
from falaj.preflight.machines import region_findings, size_findings
from falaj.preflight.needs import service_findings
from falaj.preflight.pulumi_command import command_findings
from falaj.preflight.second_site import second_site_findings
from falaj.preflight.state import state_findings
from falaj.preflight.versions import version_findings
from falaj.preflight.wanted import Wanted


def offline(wanted: Wanted, today: date) -> list[Finding]:
    """Return everything the catalog says of a stack on a day, in the order in which it would fail."""
    return [
        *state_findings(wanted),
        *command_findings(wanted),
        *region_findings(wanted),
        *service_findings(wanted),
        *second_site_findings(wanted),
        *version_findings(wanted, today),
        *size_findings(wanted),
        *quota_findings(wanted),
    ]
