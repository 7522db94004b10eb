"""What the operator says of routing, in TOML or JSON. Every field has a default: with no file the estimates decide."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, field

from inference_router.decision.sides import Side

Name = Annotated[str, Meta(min_length=1, max_length=256)]
Milliseconds = Annotated[float, Meta(gt=0, le=3_600_000)]
Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Share = Annotated[float, Meta(ge=0, le=0.5)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Bytes = Annotated[int, Meta(ge=0, le=2**50)]


class PolicyError(Exception):
    """A policy that can't be followed; ``str(error)`` says where and why."""


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file. Refuses fields that it does not know."""


class SideSettings(Table, frozen=True, kw_only=True):
    """What a side costs and how much it takes."""

    cost_per_hour: Annotated[float, Meta(ge=0, le=1_000_000)]
    """Of one endpoint, in any currency, the same for both sides."""

    concurrency: Count = 1
    """Requests that one endpoint works on at a time; more wait there."""

    most_in_flight: Count = 64
    """Requests that one endpoint is given at a time; more go to the other side, or are refused."""

    expected_ms: Milliseconds | None = None
    """How long a request takes before anything was measured."""


class Rule(Table, frozen=True, kw_only=True):
    """Sends requests to a side whatever the estimates say. All conditions that are given must hold; none always do."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
    """What metrics and the audit log call it."""

    send: Side
    """Where to."""

    strict: bool = False
    """Whether a request is refused where that side is away, and never goes to the other one."""

    models: Annotated[tuple[Name, ...], Meta(max_length=64)] = ()
    """Names of models, with ``*`` for anything."""

    tiers: Annotated[tuple[Name, ...], Meta(max_length=16)] = ()
    """Tiers of the tenant."""

    rows_at_least: Bytes | None = None
    rows_at_most: Bytes | None = None
    """Of the request's first tensor; such a rule passes over requests whose rows are not cheap to find."""

    body_bytes_at_least: Bytes | None = None
    body_bytes_at_most: Bytes | None = None
    """Of the request's body; such a rule passes over requests that do not say their length."""

    model_bytes_at_least: Bytes | None = None
    model_bytes_at_most: Bytes | None = None
    """Of the model, as ``model_bytes`` says; such a rule passes over models that are not listed there."""

    target_ms_at_most: Milliseconds | None = None
    """Of the latency target that holds for the request."""


class Steadiness(Table, frozen=True, kw_only=True):
    """What keeps the preferred side from changing to and fro."""

    margin: Annotated[float, Meta(ge=0.05, le=0.9)] = 0.2
    """By what share the other side must be better."""

    dwell_seconds: Seconds = 30.0
    """How long a side stays preferred at the least."""

    recovery_seconds: Seconds = 10.0
    """How long a side that was away must be there before it is used again."""


class Probing(Table, frozen=True, kw_only=True):
    """What keeps the estimates of the side that is not preferred fresh."""

    share: Share = 0.01
    """Of the requests, at most; a tenth of it where that side is known to be far too slow."""

    fresh_seconds: Seconds = 30.0
    """Estimates that are younger need no probe."""


class Policy(Table, frozen=True, kw_only=True):
    """All of it."""

    tenant: Annotated[str, Meta(max_length=63)] = ""
    """Whose requests these are; for the audit log."""

    tier: Annotated[str, Meta(max_length=63)] = ""
    """The tenant's tier; for rules."""

    target_ms: Milliseconds | None = None
    """How soon answers are wanted; without it the cheapest side is preferred however slow it is."""

    targets_ms: Annotated[dict[Name, Milliseconds], Meta(max_length=256)] = {}
    """The same for single models."""

    model_bytes: Annotated[dict[Name, Bytes], Meta(max_length=256)] = {}
    """How large models are; under ``*`` those that are not named."""

    wishes: bool = True
    """Whether clients may ask for a side, with the header ``falaj-route``."""

    rules: Annotated[tuple[Rule, ...], Meta(max_length=64)] = ()
    """The first one that fits decides."""

    cpu: SideSettings = field(default_factory=lambda: SideSettings(cost_per_hour=0.2))
    gpu: SideSettings = field(default_factory=lambda: SideSettings(cost_per_hour=1.2))
    steadiness: Steadiness = field(default_factory=Steadiness)
    probing: Probing = field(default_factory=Probing)

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        names = [rule.name for rule in self.rules]
        if len({*names}) < len(names):
            raise ValueError("two rules have one name; expected a name of its own for each")

    def size_of(self, model: str) -> int | None:
        """How large a model is, where that is said."""
        return self.model_bytes.get(model, self.model_bytes.get("*"))

    def target_of(self, model: str) -> float | None:
        """How soon answers of a model are wanted, in milliseconds, where that is said."""
        return self.targets_ms.get(model, self.target_ms)

    def of(self, side: Side) -> SideSettings:
        """The settings of a side."""
        return self.cpu if side is Side.CPU else self.gpu


def read(file: Path) -> Policy:
    """The policy in a file, in JSON where its name ends so. Refuses with the file, the field and what is allowed."""
    try:
        text = file.read_bytes()
        return parse_json(text, str(file)) if file.suffix == ".json" else parse(text, str(file))
    except OSError as error:
        raise PolicyError(f"{file}: can't be read: {error.strerror}") from None


def parse(text: bytes, where: str) -> Policy:
    """The policy that a TOML document holds."""
    try:
        document = tomllib.loads(text.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise PolicyError(f"{where}: not TOML: {error}") from None
    try:
        return msgspec.convert(document, Policy)
    except msgspec.ValidationError as error:
        raise PolicyError(f"{where}: {error}") from None


def parse_json(text: bytes, where: str) -> Policy:
    """The policy that a JSON document holds."""
    try:
        return msgspec.json.decode(text, type=Policy)
    except (msgspec.DecodeError, RecursionError) as error:
        raise PolicyError(f"{where}: {error}") from None
