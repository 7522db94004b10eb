"""The vocabulary of tags: what every cloud resource carries, so that each has an owner, a purpose and a place."""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """What an environment is for."""

    PRODUCTION = "prod"
    """Serves real requests; everything stateful in it is protected."""
    DEVELOPMENT = "dev"
    """May be thrown away; holds no customer's data."""
    RECOVERY = "dr"
    """Takes over from a production environment; protected as one."""


class Tag(StrEnum):
    r"""The keys of tags. Azure forbids < > % & \ ? / in them, AWS allows more."""

    OWNER = "owner"
    """Team that answers for it."""
    ENVIRONMENT = "environment"
    """The stage: prod, dev or dr."""
    STACK = "stack"
    """Stack that made it."""
    COST_CENTRE = "cost-centre"
    """Where its cost is booked."""
    DATA_CLASSIFICATION = "data-classification"
    """The highest class of data it may hold, a `DataClass`."""
    DATA_RESIDENCY = "data-residency"
    """ISO 3166 code of the country its data stay in."""
    TENANT = "tenant"
    """The tenant it serves; `shared` where it serves all."""
    PERSONAL_DATA = "personal-data"
    """`yes` or `no`: whether it may hold data about a person."""
    PROCESSING_RECORD = "ropa-id"
    """Entry of the record of processing activities that names its lawful basis; where it may hold personal data."""


SHARED = "shared"
"""The tenant tag of what serves every tenant."""
