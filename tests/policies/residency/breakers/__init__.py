"""Every residency breaker of the catalog as it looks in a plan: what has to be found, and by which control."""

from __future__ import annotations

from collections.abc import Mapping

from tests.policies.residency.breakers.anywhere import ANYWHERE
from tests.policies.residency.breakers.aws import AWS
from tests.policies.residency.breakers.azure import AZURE
from tests.policies.residency.breakers.breaker import Breaker

BREAKERS: Mapping[str, Breaker] = {**AWS, **AZURE, **ANYWHERE}
"""By the key of the service in the catalog."""
