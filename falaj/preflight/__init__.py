"""What a stack needs before its first resource, compared with the catalog and, where asked, with the account."""

from falaj.preflight.findings import Finding, Verdict
from falaj.preflight.live import Account, live
from falaj.preflight.offline import offline
from falaj.preflight.wanted import Capacity, Egress, PulumiCommand, Site, State, Wanted, WantedPool

__all__ = [
    "Account",
    "Capacity",
    "Egress",
    "Finding",
    "PulumiCommand",
    "Site",
    "State",
    "Verdict",
    "Wanted",
    "WantedPool",
    "live",
    "offline",
]
