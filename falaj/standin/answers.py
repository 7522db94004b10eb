"""What a provider answers to a creation: an id, and what its server adds to the inputs."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from falaj.standin.account import Account, digest, stable_uuid
from falaj.standin.library import package_of, resource_type
from falaj.standin.naming import Named, automatic_name, azure_type, naming_input, usual_arn, usual_identifier
from falaj.standin.notes import Note, note
from falaj.standin.shapes import Json, Kind, ResourceType, Shape
from falaj.standin.wire import UNKNOWN, has_unknown, is_file, revealed, unmarked

Made = Callable[[Shape, str], Json]
"""Makes up a value of a shape, by the name of its property."""

CREATED = "2026-01-01T00:00:00Z"
"""When everything the stand-in makes is said to have been made."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A resource as the provider describes it."""

    identifier: str
    """Unknown in a preview."""

    outputs: dict[str, Any]


def named_inputs(
    token: str, urn: str, inputs: Mapping[str, Any], former: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The inputs with the name that the provider makes up where none was given, or has made up before."""
    package, found = package_of(token), resource_type(token)
    if found is None:
        return dict(inputs)
    by = naming_input(package, found, note(package, token))
    if not by or inputs.get(by) is not None or inputs.get(f"{by}Prefix") is not None:
        return dict(inputs)
    name = (former or {}).get(by) or automatic_name(package, found, by, urn)
    return {**inputs, by: name} if name else dict(inputs)


def answer(
    token: str, urn: str, inputs: Mapping[str, Any], account: Account | None = None, *, preview: bool = False
) -> Answer:
    """The resource once created; in a preview, whatever its server makes is unknown.

    Ids and all that follows from them depend on the URN and the inputs alone.
    """
    package, found = package_of(token), resource_type(token)
    if found is None:
        raise LookupError(f"there is no type {token}")
    noted = note(package, token)
    given = {
        name: copy.deepcopy(value) for name, value in inputs.items() if not name.startswith("__") and value is not None
    }
    if preview:
        return Answer(UNKNOWN, _with_unknowns(found, noted, given))
    plain = unmarked(given)
    by = naming_input(package, found, noted)
    chosen = plain.get(by)
    name = str(chosen or urn.rpartition("::")[2])
    named = Named(found, account or Account(), urn, plain, name, is_named=bool(chosen))
    identifier = named.fill(noted.identifier) if noted.identifier else usual_identifier(package, named)
    filling = _Filling(package, named, noted, identifier)
    return Answer(identifier, filling.outputs(given))


def updated(
    token: str,
    urn: str,
    old: Mapping[str, Any],
    inputs: Mapping[str, Any],
    account: Account | None = None,
    *,
    preview: bool,
) -> dict[str, Any]:
    """The outputs after an update: what its server made before stays, what moves with every change is made anew."""
    found = resource_type(token)
    made = answer(token, urn, inputs, account, preview=preview).outputs
    if found is None:
        return made
    moving = [name for name in note(package_of(token), token).moves if name not in inputs]
    kept: dict[str, Any] = _kept(made, inputs, {name: value for name, value in old.items() if name not in moving})
    if not preview:
        kept |= {name: _next(old.get(name), f"{urn}{inputs!r}") for name in moving}
    return kept


def _kept(made: Json, given: Json, old: Json) -> Json:
    """What is reported now, with what was reported before wherever no input says otherwise, at any depth."""
    if isinstance(made, dict) and isinstance(given, dict) and isinstance(old, dict):
        kept = {name: _kept(value, given.get(name), old.get(name)) for name, value in made.items()}
        return {name: old[name] if given.get(name) is None and name in old else value for name, value in kept.items()}
    if isinstance(made, list) and isinstance(given, list) and isinstance(old, list) and len(given) == len(old):
        return [_kept(*each) for each in zip(made, given, old, strict=True)]
    return made


def _next(old: Json, seed: str) -> Json:
    return old + 1 if isinstance(old, int) else digest(seed, 32)


def _with_unknowns(found: ResourceType, noted: Note, given: dict[str, Any]) -> dict[str, Any]:
    outputs = {name: value for name, value in given.items() if name in found.outputs}
    for name, each in found.outputs.items():
        if name not in outputs and (each.required or name not in found.inputs):
            outputs[name] = UNKNOWN
        elif name in outputs:
            outputs[name] = _completed(found, each.shape, outputs[name], lambda _shape, _name: UNKNOWN)
    for path in noted.outputs:
        _put(outputs, path, UNKNOWN)
    return outputs


@dataclass(frozen=True, slots=True)
class _Filling:
    """Makes up what a server would have made."""

    package: str
    named: Named
    note: Note
    identifier: str

    def outputs(self, given: dict[str, Any]) -> dict[str, Any]:
        found = self.named.type
        outputs = {name: value for name, value in given.items() if name in found.outputs}
        for path, template in self.note.outputs.items():
            _put(outputs, path, self._filled(template))
        for name, each in found.outputs.items():
            if name in outputs:
                outputs[name] = _completed(found, each.shape, outputs[name], self._made)
            elif each.required:
                outputs[name] = self._made(each.shape, name)
        return outputs

    def _filled(self, template: Json) -> Json:
        if isinstance(template, str):
            return self.named.fill(template, self.identifier)
        if isinstance(template, list):
            return [self._filled(each) for each in template]
        if isinstance(template, dict):
            return {name: self._filled(each) for name, each in template.items()}
        return template

    def _made(self, shape: Shape, name: str) -> Json:
        """A value of this shape, shaped after its name."""
        if shape.kind is Kind.UNION:
            return self._made(shape.of[0], name)
        made: dict[Kind, Callable[[], Json]] = {
            Kind.INTEGER: lambda: 1,
            Kind.NUMBER: lambda: 1,
            Kind.BOOLEAN: lambda: False,
            Kind.LIST: list,
            Kind.MAP: lambda: dict(self.named.inputs.get("tags", {})) if name == "tagsAll" else {},
            Kind.CHOICE: lambda: self.named.type.choices[shape.name][0],
            Kind.CONSTANT: lambda: shape.name,
            Kind.OBJECT: lambda: _completed(self.named.type, shape, {}, self._made),
        }
        return made.get(shape.kind, lambda: self._text(name))()

    def _text(self, name: str) -> str:
        account, inputs = self.named.account, self.named.inputs
        exact = {
            "name": self.named.name,
            "region": inputs.get("region") or account.region,
            "location": inputs.get("location") or account.location,
            "ownerId": account.account,
            "accountId": account.account,
            "registryId": account.account,
            "tenantId": account.directory,
            "subscriptionId": account.subscription,
            "provisioningState": "Succeeded",
            "status": "ACTIVE",
            "state": "active",
        }
        if name in exact:
            return str(exact[name])
        if self.package == "azure-native":
            return self._azure_text(name)
        if name == "arn":
            return usual_arn(self.named, self.identifier)
        return self._any_text(name)

    def _azure_text(self, name: str) -> str:
        if name == "id":
            return self.identifier
        if name == "type":
            return azure_type(self.named.type.token)
        return self._any_text(name)

    def _any_text(self, name: str) -> str:
        """Text for a property of no special name: a time, an id or its own name with that of the resource."""
        if name.endswith(("At", "Date", "Time", "Timestamp")):
            return CREATED
        if self.package == "azure-native" and name.endswith("Id"):
            return stable_uuid(f"{self.named.urn}#{name}")
        return f"{self.named.name}-{name}"


def _completed(found: ResourceType, shape: Shape, value: Json, made: Made) -> Json:
    """A value that was given, with what its structure always has and was not given."""
    inside = revealed(value)
    if inside is not value or is_file(value):
        return value
    if shape.kind is Kind.STRING and isinstance(value, dict | list):
        # A document that was given as an object is reported as its text.
        return UNKNOWN if _holds_unknown(value) else json.dumps(unmarked(value))
    if shape.kind is Kind.MAP and isinstance(value, list):
        # Azure takes a list of ids, as of identities, and reports what it knows of each by id.
        return UNKNOWN if _holds_unknown(value) else {str(each): made(shape.of[0], "") for each in unmarked(value)}
    if isinstance(value, list) and shape.kind is Kind.LIST:
        return [_completed(found, shape.of[0], each, made) for each in value]
    if not isinstance(value, dict) or shape.kind is not Kind.OBJECT:
        return value
    structure = found.structure(shape.name)
    completed = {
        name: _completed(found, structure[name].shape, each, made) if name in structure else each
        for name, each in value.items()
    }
    missing = {name: made(each.shape, name) for name, each in structure.items() if each.required and name not in value}
    return {**completed, **missing}


def _holds_unknown(value: Json) -> bool:
    return has_unknown(unmarked(value))


def _put(outputs: dict[str, Any], path: str, value: Json) -> None:
    """Put a value at a dotted path, unless something was given there or the object it belongs to was not."""
    *above, last = path.split(".")
    place: Any = outputs
    for name in above:
        place = place.get(name) if isinstance(place, dict) else None
    if isinstance(place, dict):
        place.setdefault(last, value)
