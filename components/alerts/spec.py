"""What may be asked of alarms."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import Field, model_validator

from components.cloud_spec import CloudSpec
from falaj.catalog.providers import Provider

ADDRESS = r"[^@\s]+@([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)+[a-z]{2,}"
ENDPOINT = r"https://([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)+[a-z]{2,}(/[^\s]*)?"
Receiver = Annotated[str, Field(pattern=rf"^({ADDRESS}|{ENDPOINT})$", examples=["security@example.ae"])]
"""A mail address, or an endpoint that takes alarms over HTTPS."""


class AlertsSpec(CloudSpec):
    """Who is told of alarms. Refuses alarms that nobody hears. What is watched, and the topic's key, have no field."""

    receivers: tuple[Receiver, ...] = Field(
        min_length=1, max_length=10, description="Who is told, in the country: mail addresses of teams, or https://…"
    )

    @model_validator(mode="after")
    def _lies_in_aws(self) -> Self:
        if self.region.provider is not Provider.AWS:
            raise ValueError(f"{self.placement.region} is no region of aws; azure offers no action groups in the UAE")
        return self

    @model_validator(mode="after")
    def _tells_each_once(self) -> Self:
        if len({receiver_name(each) for each in self.receivers}) < len(self.receivers):
            raise ValueError(f"receivers {', '.join(self.receivers)}, allowed: each once")
        return self


def receiver_name(receiver: str) -> str:
    """Return what a receiver is called where it needs a name, the same whoever is told besides."""
    return re.sub(r"[^a-z0-9]+", "-", receiver.lower().removeprefix("https://")).strip("-")


def topic_name(stack: str) -> str:
    """Return the name of a stack's topic."""
    return f"{stack}-alarms"
