"""AIG-001: every served model names its card, version, owner and licence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import Field

from falaj.catalog.model_annotations import ModelAnnotation
from policies.control import Control, Severity
from policies.examples.kubernetes import deployment, service
from policies.examples.served_models import MODEL, served_by, server
from policies.expressions import (
    annotation,
    host_in,
    host_in_the_uae,
    is_one_of,
    model_says,
    text,
    where_a_model_is_served,
    whole,
)
from policies.geography.card_hosts import host_of, lies_in_the_uae, registry_of
from policies.models.served_models import (
    MARKS,
    MODEL_SERVERS,
    ServedModel,
    is_said,
    of_served_models,
    path_of,
    says_something,
)
from policies.outcomes import Outcome, Undecided
from policies.parameters import Parameters
from policies.values import UNKNOWN

OWNER = re.compile(r"[a-z0-9-]{2,40}")
SCHEMES = ("https", "oci", "s3")
MOVING = ("latest", "stable", "current", "main", "master", "head")
AT_HOME = "an https:, oci: or s3: address in the UAE"


class CardPlaces(Parameters):
    """Where cards may lie."""

    hosts: tuple[str, ...] = Field(
        default=(), description="Hosts and buckets in the UAE that hold cards; names below them count too."
    )


ADDRESS = f"(?i)^(?:{'|'.join(SCHEMES)})://(?:[^/?#]*@)?[^/?#@:]"
CARD_HOST = r"(?i)^[a-z0-9]+://(?:[^/?#]*@)?(?:{})(?:[:/?#]|$)"
"""The address of a card on such a host."""
ADMITS = where_a_model_is_served(
    model_says(ModelAnnotation.NAME),
    model_says(ModelAnnotation.VERSION),
    f"!({is_one_of(f'{annotation(ModelAnnotation.VERSION)}.lowerAscii()', MOVING)})",
    f"{annotation(ModelAnnotation.OWNER)}.matches({whole(OWNER.pattern)})",
    model_says(ModelAnnotation.LICENCE),
    f"{annotation(ModelAnnotation.CARD)}.matches({text(ADDRESS)})",
    f"(!{annotation(ModelAnnotation.CARD)}.matches({text(CARD_HOST.format(host_in()))})"
    f" || {annotation(ModelAnnotation.CARD)}.matches({text(CARD_HOST.format(host_in_the_uae()))}))",
)

CONTROL = Control(
    id="AIG-001",
    title="Every served model names its card, version, owner and licence",
    harm="Nobody can say what a model is for, what it was tested on or who answers for it when it decides wrongly.",
    severity=Severity.HIGH,
    applies_to=MODEL_SERVERS,
    reads=(
        *MARKS,
        path_of(ModelAnnotation.NAME),
        path_of(ModelAnnotation.VERSION),
        path_of(ModelAnnotation.OWNER),
        path_of(ModelAnnotation.LICENCE),
        path_of(ModelAnnotation.CARD),
        "container.image",
        "pod.volumes[*].image.reference",
    ),
    remedy=(
        "Annotate the workload with falaj.dev/model-name, -version, -owner, -licence and -card; "
        "keep the card in the country, beside the model."
    ),
    admits=ADMITS,
    only_in_a_plan="where a card lies whose host tells no region.",
    parameters=CardPlaces,
    note=(
        "A workload serves a model where it, or its pods, carry the component label model-server or the annotation "
        "falaj.dev/model. A card in a registry that the pods pull from lies where SUP-002 lets their images lie; of "
        "any other host whose name tells no region the operator has to say that it stands in the UAE. The name is "
        "asked for as well: alert rules, routes and the register know the model by it."
    ),
)


@CONTROL.check
@of_served_models
def names_what_is_served(model: ServedModel) -> Iterator[Outcome]:
    """Find each of the five that is missing, moves, or lies abroad."""
    yield from says_something(model[ModelAnnotation.NAME], "the model's name")
    yield from model[ModelAnnotation.VERSION].must(
        lambda value: is_said(value) and str(value).lower() not in MOVING, "a version that cannot move"
    )
    yield from model[ModelAnnotation.OWNER].must(
        lambda value: isinstance(value, str) and OWNER.fullmatch(value), "a team, as 2 to 40 of a-z, 0-9 and -"
    )
    yield from says_something(model[ModelAnnotation.LICENCE], "the terms on which it is used")
    yield from card_lies_at_home(model)


def card_lies_at_home(model: ServedModel) -> Iterator[Outcome]:
    """Judge the address of the card; one that tells no place is for the operator to place."""
    card = model[ModelAnnotation.CARD]
    host = host_of(card.value, SCHEMES)
    if not card.known or host is None:
        yield from card.must(lambda _: False, AT_HOME)
        return
    if any(registry_of(image.value) == host for image in model.pulled):
        return
    at_home = lies_in_the_uae(host, model.plan.parameters(CardPlaces).hosts)
    if at_home is None:
        missing = f"parameter hosts of {CONTROL.id} has to list {host} where it stands in the UAE"
        yield Undecided(card.path, missing=missing)
    elif not at_home:
        yield card.finding(AT_HOME)


CARD, NAME, VERSION = ModelAnnotation.CARD, ModelAnnotation.NAME, ModelAnnotation.VERSION
OWNED_BY, LICENCE = ModelAnnotation.OWNER, ModelAnnotation.LICENCE
CONTROL.good("a card in a bucket in the UAE", server())
CONTROL.good("a card beside the model's image", server({CARD: f"oci://{MODEL}"}))
CONTROL.good(
    "a card inside the cluster, on a pod that is labelled itself",
    served_by("kubernetes:core/v1:Pod", {CARD: "https://cards.registers.svc.cluster.local/credit"}),
)
CONTROL.bad(
    "nothing said",
    server(dict.fromkeys((CARD, NAME, VERSION, OWNED_BY, LICENCE))),
    finding=(
        'metadata.annotations["falaj.dev/model-name"]: found nothing, expected the model\'s name',
        'metadata.annotations["falaj.dev/model-version"]: found nothing, expected a version that cannot move',
        'metadata.annotations["falaj.dev/model-owner"]: found nothing, expected a team, as 2 to 40 of a-z, 0-9 and -',
        'metadata.annotations["falaj.dev/model-licence"]: found nothing, expected the terms on which it is used',
        f'metadata.annotations["falaj.dev/model-card"]: found nothing, expected {AT_HOME}',
    ),
)
CONTROL.bad(
    "words that say nothing",
    server({NAME: "-", VERSION: "Latest", OWNED_BY: "Risk Team", LICENCE: "unknown", CARD: "TBD"}),
    finding=(
        'metadata.annotations["falaj.dev/model-name"]: found -, expected the model\'s name',
        'metadata.annotations["falaj.dev/model-version"]: found Latest, expected a version that cannot move',
        'metadata.annotations["falaj.dev/model-owner"]: found Risk Team, expected a team, as 2 to 40 of a-z, 0-9 and -',
        'metadata.annotations["falaj.dev/model-licence"]: found unknown, expected the terms on which it is used',
        f'metadata.annotations["falaj.dev/model-card"]: found TBD, expected {AT_HOME}',
    ),
)
CONTROL.bad(
    "a card abroad",
    server({CARD: "https://cards.s3.eu-west-1.amazonaws.com/credit/3.yaml"}),
    finding=(
        'metadata.annotations["falaj.dev/model-card"]: '
        f"found https://cards.s3.eu-west-1.amazonaws.com/credit/3.yaml, expected {AT_HOME}"
    ),
)
CONTROL.bad(
    "a card in the clear",
    server({CARD: "http://cards.s3.me-central-1.amazonaws.com/credit/3.yaml"}),
    finding=(
        'metadata.annotations["falaj.dev/model-card"]: '
        f"found http://cards.s3.me-central-1.amazonaws.com/credit/3.yaml, expected {AT_HOME}"
    ),
)
CONTROL.good(
    "a card on a host that the operator keeps in the UAE",
    server({CARD: "https://cards.bank.ae/credit/3.yaml"}),
    parameters=CardPlaces(hosts=("bank.ae",)),
)
CONTROL.unknown("annotations made elsewhere", server(annotations=UNKNOWN), at="metadata.annotations")
CONTROL.unknown(
    "a host whose name tells no place",
    server({CARD: "https://cards.bank.ae/credit/3"}),
    at='metadata.annotations["falaj.dev/model-card"]',
)
CONTROL.unknown(
    "a role made elsewhere",
    deployment(meta={"labels": UNKNOWN}),
    at="metadata.labels",
)
CONTROL.not_applicable("a Deployment that serves no model", deployment())
CONTROL.not_applicable("a Service runs nothing", service())
