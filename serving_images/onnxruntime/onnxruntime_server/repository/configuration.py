"""What a model's ``config.toml`` may say. Every field has a default, so that most models need no file."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from onnxruntime_server.errors import RepositoryError

FILE_NAME: Final = "config.toml"

Name = Annotated[str, Meta(min_length=1, max_length=256)]
Milliseconds = Annotated[float, Meta(ge=0, le=3_600_000)]
Maps = Annotated[dict[Name, Name], Meta(min_length=1, max_length=256)]
Version = Annotated[int, Meta(ge=1, le=10**18 - 1)]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file. Refuses fields that it does not know."""


class Step(Settings, frozen=True, kw_only=True):
    """One model of an ensemble and where its tensors come from and go to."""

    model: Name
    """The model's name in the repository."""

    version: Version | None = None
    """One version of it; without it the newest of the moment."""

    name: Annotated[str, Meta(max_length=128)] = ""
    """What metrics call the step; the model's name where it is empty."""

    inputs: Maps
    """The model's input = the ensemble's tensor, as in Triton's input_map."""

    outputs: Maps
    """The model's output = the ensemble's tensor, as in Triton's output_map."""

    @property
    def label(self) -> str:
        """What metrics and messages call the step."""
        return self.name or self.model


class Ensemble(Settings, frozen=True, kw_only=True):
    """A graph of models whose tensors stay in the process."""

    inputs: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=64)]
    """The tensors that a request gives; datatype and shape are those of the steps that take them."""

    outputs: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=64)]
    """The tensors that an answer holds."""

    steps: Annotated[tuple[Step, ...], Meta(min_length=1, max_length=64)]
    """The models, in any order: what depends on what follows from the tensors."""


class Cascade(Settings, frozen=True, kw_only=True):
    """A cheap model for every row, a dear one for the rows that the cheap one is not sure of."""

    cheap: Name
    """The model that sees every row."""

    dear: Name
    """The model that sees the rows below the threshold."""

    cheap_version: Version | None = None
    """One version of the cheap model; without it the newest of the moment."""

    dear_version: Version | None = None
    """One version of the dear model; without it the newest of the moment."""

    confidence: Name
    """The cheap model's output that tells how sure it is, one row of numbers per row."""

    measure: Literal["largest", "margin"] = "largest"
    """The largest number of the row, or what lies between its two largest."""

    threshold: Annotated[float, Meta(ge=-1e30, le=1e30)]
    """Rows below it are passed on, as are rows whose confidence is not a number."""


class ModelSettings(Settings, frozen=True, kw_only=True):
    """How one model is to be served."""

    max_batch_size: Annotated[int, Meta(ge=1, le=65_536)] = 32
    """Most rows of one run; 1 means that requests are never put together."""

    latency_budget_ms: Milliseconds = 0.0
    """Bounds the predicted run time of a batch beyond its first request; 0 is five times the smallest run."""

    max_waiting: Annotated[int, Meta(ge=1, le=1_000_000)] = 256
    """Most requests in the model's queue; the next one is refused."""

    default_timeout_ms: Milliseconds = 0.0
    """How long a request may wait that says nothing of it; 0 sets no bound."""

    default_priority: Annotated[int, Meta(ge=0, le=1_000)] = 0
    """The priority of a request that names none; 0 comes first."""

    response_cache: bool = False
    """Whether an answer may be given again for the same input bytes."""

    warm_up: Annotated[tuple[Name, ...], Meta(max_length=64)] = ()
    """Request bodies of the protocol, JSON or binary, in files beside this one; run before the model is ready."""

    batch_axis: bool | None = None
    """Whether the first dimension of every tensor counts rows; found out where nothing is said."""

    versions: Literal["all", "latest"] | Annotated[tuple[Version, ...], Meta(min_length=1, max_length=64)] = "all"
    """Which version folders are served."""

    ensemble: Ensemble | None = None
    """Makes the folder a graph of other models; it then has no version folders."""

    cascade: Cascade | None = None
    """Makes the folder a pair of other models; it then has no version folders."""

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.ensemble is not None and self.cascade is not None:
            raise ValueError("ensemble and cascade exclude each other; expected one of them or none")
        if self.ensemble is not None and len({step.label for step in self.ensemble.steps}) < len(self.ensemble.steps):
            raise ValueError("two steps of the ensemble have one name; expected 'name' in each step of the same model")
        for file in self.warm_up:
            if "/" in file or file.startswith("."):
                raise ValueError(f"warm_up names '{file}'; expected the name of a file in the same folder")

    @property
    def is_composed(self) -> bool:
        """Whether other models do its work."""
        return self.ensemble is not None or self.cascade is not None


_AT: Final = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<where>.*)`)?$", re.DOTALL)
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*)`")
_MISSING: Final = re.compile(r"Object missing required field `(.*)`")
_CHOICES: Final = {
    "versions": "'all', 'latest' or an array of version numbers",
    "cascade.measure": "'largest' or 'margin'",
}
_TOML_WORDS: Final = {"int": "integer", "str": "string", "bool": "boolean", "object": "table", "null": "nothing"}


def parse(text: bytes, file: Path) -> ModelSettings:
    """The settings that a file holds. Refuses with the file, the field, what is wrong and what is allowed."""
    try:
        document = tomllib.loads(text.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise RepositoryError(f"{file}: not TOML: {error}") from None
    try:
        return msgspec.convert(document, ModelSettings)
    except msgspec.ValidationError as error:
        raise RepositoryError(f"{file}: {_explained(str(error), document)}") from None


def _explained(message: str, document: dict[str, Any]) -> str:
    """The library's message as ``field: what is wrong, what is allowed``."""
    match = _AT.match(message)
    what, where = (match["what"], match["where"] or "") if match else (message, "")
    table = f"{where}." if where else ""
    if unknown := _UNKNOWN.fullmatch(what):
        return f"{table}{unknown[1]}: no such field; expected {_fields(where)}"
    if missing := _MISSING.fullmatch(what):
        return f"{table}{missing[1]}: is missing"
    if what.startswith("Expected "):
        allowed = re.sub(r"\w+", lambda word: _TOML_WORDS.get(word[0], word[0]), what[9:].partition(", got")[0])
        allowed = _CHOICES.get(where, allowed.replace("`", ""))
    elif where in _CHOICES:
        allowed = _CHOICES[where]
    else:
        return f"{where}: {what}" if where else what
    return f"{where}: expected {allowed}, got {_shown(_value(document, where))}"


def _fields(where: str) -> str:
    table = where.partition("[")[0]
    kind = {"": ModelSettings, "ensemble": Ensemble, "ensemble.steps": Step, "cascade": Cascade}[table]
    return ", ".join(kind.__struct_fields__)


def _value(document: Any, where: str) -> Any:  # noqa: ANN401 - what TOML can hold
    for name, index in re.findall(r"([^.\[\]]+)|\[(\d+|\.\.\.)\]", where):
        if index == "...":
            break
        document = document[int(index)] if index else document[name]
    return document


def _shown(value: object) -> str:
    text = f"'{value}'" if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else f"{text[:80]}..."  # noqa: PLR2004 - a line's worth
