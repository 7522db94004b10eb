"""Resource groups of a stack on Azure, and which reservations of machines may not lie in them.

Source: https://learn.microsoft.com/azure/aks/use-capacity-reservation-groups (read 2026-11-23): the cluster's identity
needs the role Contributor on the resource group that holds the reservation.
"""

from __future__ import annotations

import re

GROUP = re.compile(r"/subscriptions/[^/]+/resourceGroups/(?P<name>[^/]+)/.+", re.IGNORECASE)


def main_group(stack: str) -> str:
    """Return the resource group in which a stack makes what it makes."""
    return f"{stack}-group"


def node_group(stack: str) -> str:
    """Return the resource group in which AKS keeps the machines of a stack's cluster."""
    return f"{stack}-nodes"


def misplaced(reservation: str, stack: str) -> str | None:
    """Return why a reservation may not lie where it does; None where it lies in a group of its own."""
    found = GROUP.fullmatch(reservation)
    if found is None or found["name"].lower() not in (main_group(stack), node_group(stack)):
        return None
    return (
        f"found resource group {found['name']}, which is the environment's own, allowed: one that holds reservations "
        "alone; the cluster's identity becomes its Contributor, which keys and stores are not for (control IAM-007)."
    )
