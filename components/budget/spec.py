"""What may be asked of a budget."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from components.cloud_spec import CloudSpec
from falaj.catalog.providers import Provider


def _first_of_month(day: date) -> date:
    if day.day != 1:
        raise ValueError(f"{day}, allowed: the first of a month such as {day.replace(day=1)}")
    return day


Address = Annotated[
    str, Field(pattern=r"^[^@\s]+@([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)+[a-z]{2,}$", examples=["platform@bank.ae"])
]


class BudgetSpec(CloudSpec):
    """How much an account may cost in a month and who is told. Refuses a budget of which nobody hears."""

    monthly: Decimal = Field(gt=0, le=100_000_000, decimal_places=2, description="Cost of a month that is expected.")
    currency: Literal["USD", "AED"] = Field(
        description="AWS: USD, the only one its budgets know. Azure: the currency of the bill, which decides."
    )
    alerts: tuple[Address, ...] = Field(
        min_length=1, max_length=10, description="Who is told, each an e-mail address; better a team's than a person's."
    )
    starts: Annotated[date, AfterValidator(_first_of_month)] = Field(
        description="First month it counts; Azure takes the month in which it is made, or a later one."
    )

    @model_validator(mode="after")
    def _currency_is_known(self) -> Self:
        if self.region.provider is Provider.AWS and self.currency != "USD":
            raise ValueError(f"currency {self.currency} on aws, allowed: USD")
        return self
