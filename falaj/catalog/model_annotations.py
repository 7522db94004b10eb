"""The vocabulary of a served model: what the object that serves it says of it, so that each model can be answered for.

Components write these annotations on the object itself, not on its pods: a new assessment restarts no server. Controls
read them there.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

COMPONENT_LABEL: Final = "app.kubernetes.io/component"
"""The label that names a workload's role."""
MODEL_SERVER: Final = "model-server"
"""The role of a workload that serves a model."""


class ModelAnnotation(StrEnum):
    """The keys of annotations."""

    IMAGE = "falaj.dev/model"
    """The image that holds the model, by digest; on the pods, which change with it."""
    ROUTED_BY = "falaj.dev/routed-by"
    """Workload of the same namespace that alone calls it: the router of an endpoint with several runtimes."""
    NAME = "falaj.dev/model-name"
    """Name under which alert rules, routes and the register know the model."""
    VERSION = "falaj.dev/model-version"
    """Which version of it is served; never a name that can move on."""
    OWNER = "falaj.dev/model-owner"
    """Team that answers for what it decides: 2 to 40 of a-z, 0-9 and -."""
    LICENCE = "falaj.dev/model-licence"
    """On what terms it is used, an SPDX id where there is one."""
    CARD = "falaj.dev/model-card"
    """Address of its card: purpose, data, measures, limits."""
    RISK = "falaj.dev/risk-tier"
    """What its mistakes can do, a `RiskTier`."""
    OVERSIGHT = "falaj.dev/human-oversight"
    """Who stands between it and the world, an `Oversight`."""
    PERSONAL_DATA = "falaj.dev/personal-data"
    """A `YesNo`: whether its requests, answers or training data are about a person."""
    ASSESSMENT = "falaj.dev/dpia-id"
    """Entry of the data protection impact assessment."""
    ASSESSED_ON = "falaj.dev/dpia-date"
    """Day of that assessment, as YYYY-MM-DD."""
    BIAS_CHECKED_ON = "falaj.dev/bias-check-date"
    """Day of the last check for bias, as YYYY-MM-DD; where no alert rule watches for it."""
    AUTOMATED_DECISION = "falaj.dev/automated-decision"
    """A `YesNo`: whether it decides about people without one of them."""
    REVIEW_ROUTE = "falaj.dev/review-route"
    """Where a person asks for a decision to be looked at again, as https:, mailto: or tel: address."""
    TRAINING_DATA = "falaj.dev/training-data"
    """What it was trained on: a data set by name or address."""
    TRAINING_RESIDENCY = "falaj.dev/training-residency"
    """Where that data lay while it was trained: ISO 3166 codes of countries, parted by commas."""
    SBOM = "falaj.dev/sbom"
    """The list of what the serving image is made of, as an OCI artefact by digest."""
    PROVENANCE = "falaj.dev/provenance"
    """How and from what the serving image was built, as an OCI artefact by digest."""


class YesNo(StrEnum):
    """An answer that has to be given."""

    YES = "yes"
    NO = "no"


class RiskTier(StrEnum):
    """What a model's mistakes can do."""

    LOW = "low"
    """An inconvenience, noticed and undone at once."""
    MEDIUM = "medium"
    """Cost or delay that can be made good."""
    HIGH = "high"
    """Harm to a person's rights, money, health or freedom."""


class Oversight(StrEnum):
    """Who stands between a model and the world."""

    NONE = "none"
    """Nobody: what it answers is done."""
    ON_THE_LOOP = "on-the-loop"
    """A person watches and can stop it."""
    IN_THE_LOOP = "in-the-loop"
    """A person decides each time, with its answer at hand."""


class AlertLabel(StrEnum):
    """The labels of an alert rule that watches a model; Prometheus takes no other characters in them."""

    MODEL = "model"
    """The model's name."""
    WATCHES = "watches"
    """What the rule watches it for, a `Watch`."""


class Watch(StrEnum):
    """What a model in service is watched for."""

    DRIFT = "drift"
    """Requests or answers that no longer look like those it was tested with."""
    BIAS = "bias"
    """Answers that differ between groups of people."""


MODEL_REGISTER: Final = "modelRegister"
"""The stack output that lists every model a stack serves."""


class RegisterField(StrEnum):
    """What an entry of the register says of a model."""

    NAME = "name"
    VERSION = "version"
    DIGEST = "digest"
    """`sha256:` and 64 digits, of the image that holds the model."""
    PURPOSE = "purpose"
    """What it is for, in words."""
    OWNER = "owner"
    RISK = "risk"
    ASSESSMENT = "dpia"
    """Entry of its impact assessment; where it needs none it may be left out."""
    RESIDENCY = "residency"
    """ISO 3166 code of the country it serves and keeps its data in."""
