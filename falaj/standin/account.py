"""The account that the stand-in pretends to serve, and names that are the same each time for the same resource."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from falaj.standin.wire import is_unknown, setting

AWS_ACCOUNT = "111122223333"
"""The account number that AWS keeps for its documentation."""

AWS_REGION = "me-central-1"
AZURE_LOCATION = "uaenorth"
NO_UUID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Account:
    """What a provider's configuration says of where it works."""

    account: str = AWS_ACCOUNT
    region: str = AWS_REGION
    subscription: str = NO_UUID
    directory: str = NO_UUID
    location: str = AZURE_LOCATION

    @classmethod
    def of(cls, configuration: Mapping[str, Any]) -> Account:
        """The account that a provider's configuration names; what it leaves out is made up."""
        settings = {name: setting(value) for name, value in configuration.items()}
        given = {name: value for name, value in settings.items() if not is_unknown(value)}
        accounts = given.get("allowedAccountIds") or [AWS_ACCOUNT]
        return cls(
            account=str(accounts[0]),
            region=str(given.get("region") or AWS_REGION),
            subscription=str(given.get("subscriptionId") or NO_UUID),
            directory=str(given.get("tenantId") or NO_UUID),
            location=str(given.get("location") or AZURE_LOCATION),
        )


def digest(seed: str, length: int) -> str:
    """Hexadecimal digits that are the same each time for the same seed."""
    return hashlib.sha256(seed.encode()).hexdigest()[:length]


def stable_uuid(seed: str) -> str:
    """A UUID that is the same each time for the same seed."""
    return str(uuid.UUID(digest(seed, 32), version=5))
