"""One resource as the state file holds it: Pulumi's deployment format, version 3."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from falaj.engine.passphrase import StackSecrets
from falaj.engine.values import UNKNOWN, OutputValue, PropertyMap, ResourceReference, Secret, Value, downgrade
from falaj.engine.wire import RESOURCE_REFERENCE, SECRET, SIGNATURE, UNKNOWN_TEXT, number, unsupported_value

_FLOAT = "8ad145fe-0d11-4827-bfd7-1abcbf086f5c"

_TEXTS = {
    "parent": "parent",
    "provider": "provider",
    "deletedWith": "deleted_with",
    "created": "created",
    "modified": "modified",
    "importID": "import_id",
}
_FLAGS = {
    "delete": "pending_deletion",
    "protect": "protect",
    "external": "external",
    "pendingReplacement": "pending_replacement",
    "retainOnDelete": "retain_on_delete",
}
_LISTS = {
    "dependencies": "dependencies",
    "initErrors": "init_errors",
    "additionalSecretOutputs": "additional_secret_outputs",
    "aliases": "aliases",
    "ignoreChanges": "ignore_changes",
    "replaceOnChanges": "replace_on_changes",
    "replaceWith": "replace_with",
}


@dataclass(slots=True)
class ResourceState:
    """Everything recorded about one resource."""

    urn: str
    """Its name."""

    type: str
    """Its type."""

    custom: bool
    """Whether a provider manages it; components are not custom."""

    id: str = ""
    """The provider's identifier."""

    inputs: PropertyMap = field(default_factory=PropertyMap)
    """What the provider was given, after its check."""

    outputs: PropertyMap = field(default_factory=PropertyMap)
    """What the provider answered."""

    parent: str = ""
    """URN of the resource it belongs to."""

    provider: str = ""
    """Reference (URN and id) of its provider."""

    dependencies: list[str] = field(default_factory=list)
    """URNs it was made after."""

    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    """URNs that each input came from."""

    protect: bool = False
    """Refuse to delete it."""

    external: bool = False
    """It was read; its life is not ours."""

    pending_deletion: bool = False
    """Its replacement exists and it waits to be deleted."""

    pending_replacement: bool = False
    """It was deleted and waits for its replacement."""

    retain_on_delete: bool = False
    """Forget it instead of deleting it."""

    deleted_with: str = ""
    """URN of the resource whose deletion takes it along."""

    replace_with: list[str] = field(default_factory=list)
    """URNs whose replacement replaces it too."""

    init_errors: list[str] = field(default_factory=list)
    """Why it is not ready, though it exists."""

    additional_secret_outputs: list[str] = field(default_factory=list)
    """Outputs that must stay hidden."""

    aliases: list[str] = field(default_factory=list)
    """The URN it had before."""

    ignore_changes: list[str] = field(default_factory=list)
    """Property paths whose changes are ignored."""

    replace_on_changes: list[str] = field(default_factory=list)
    """Property paths whose changes replace it."""

    replacement_trigger: Value = None
    """A value whose change replaces it."""

    custom_timeouts: dict[str, float] = field(default_factory=dict)
    """Seconds allowed to create, update and delete it."""

    hooks: dict[str, list[str]] = field(default_factory=dict)
    """Names of the program's hooks to call around its steps."""

    delete_before_replace: bool | None = None
    """Whether the program says which goes first when it is replaced; shown to policies, not kept."""

    import_id: str = ""
    """Identifier it was imported by; kept for the Pulumi CLI."""

    created: str = ""
    """When it was created."""

    modified: str = ""
    """When it last changed."""

    unread: dict[str, Any] = field(default_factory=dict)
    """Fields the engine does not use but must not lose."""

    document: dict[str, Any] | None = field(default=None, compare=False, repr=False)
    """Its entry in the state file, so that what did not change is written as it was; None once it has changed."""

    text: str = field(default="", compare=False, repr=False)
    """That entry as text; empty until it is first written."""

    @property
    def reference(self) -> str:
        """How other resources refer to it when it is a provider."""
        return f"{self.urn}::{self.id}"

    def depends_on(self) -> set[str]:
        """URNs that must exist for it to exist: parent, dependencies and what it is deleted with."""
        urns = {*self.dependencies, self.parent, self.deleted_with, *self.replace_with}
        for names in self.property_dependencies.values():
            urns.update(names)
        if self.provider:
            urns.add(self.provider.rpartition("::")[0])
        return urns - {""}

    def copy(self) -> ResourceState:
        """A copy to be changed without touching this one."""
        return replace(self, document=None, text="")

    def forget_document(self) -> None:
        """Have it written anew: it was changed in place."""
        self.document, self.text = None, ""


def now() -> str:
    """The time as the state file writes it."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def to_json(state: ResourceState, secrets: StackSecrets) -> dict[str, Any]:
    """The resource in the deployment format; every secret encrypted."""
    document: dict[str, Any] = {"urn": state.urn, "custom": state.custom}
    if state.id:
        document["id"] = state.id
    document["type"] = state.type
    if state.inputs:
        document["inputs"] = {name: value_to_json(value, secrets) for name, value in state.inputs.items()}
    if state.outputs:
        document["outputs"] = {name: value_to_json(value, secrets) for name, value in state.outputs.items()}
    for fields in (_TEXTS, _FLAGS, _LISTS):
        document.update({name: getattr(state, attribute) for name, attribute in fields.items()})
    document["propertyDependencies"] = state.property_dependencies
    document["customTimeouts"] = state.custom_timeouts
    document["resourceHooks"] = state.hooks
    document["replacementTrigger"] = value_to_json(state.replacement_trigger, secrets)
    required = ("urn", "custom", "type")
    return {name: value for name, value in document.items() if value or name in required} | state.unread


def from_json(document: dict[str, Any], secrets: StackSecrets) -> ResourceState:
    """The resource in an entry of the deployment format. Raises ``KeyError`` or ``TypeError`` for what is not one."""
    rest = dict(document)
    state = ResourceState(urn=rest.pop("urn"), type=rest.pop("type"), custom=rest.pop("custom", False))
    state.id = rest.pop("id", "")
    for name in ("inputs", "outputs"):
        values = rest.pop(name, None) or {}
        setattr(state, name, PropertyMap({key: value_from_json(value, secrets) for key, value in values.items()}))
    for fields, empty in ((_TEXTS, ""), (_FLAGS, False)):
        for name, attribute in fields.items():
            setattr(state, attribute, rest.pop(name, None) or empty)
    for name, attribute in _LISTS.items():
        setattr(state, attribute, list(rest.pop(name, None) or []))
    state.property_dependencies = rest.pop("propertyDependencies", None) or {}
    state.custom_timeouts = rest.pop("customTimeouts", None) or {}
    state.hooks = rest.pop("resourceHooks", None) or {}
    state.replacement_trigger = value_from_json(rest.pop("replacementTrigger", None), secrets)
    state.unread = rest
    state.document = document
    return state


def value_to_json(value: Value, secrets: StackSecrets | None) -> Any:  # noqa: ANN401 - JSON
    """A value in the deployment format; with no ``secrets``, for what lies inside a secret, plain."""
    if isinstance(value, dict):
        return {name: value_to_json(item, secrets) for name, item in value.items()}
    if isinstance(value, list):
        return [value_to_json(item, secrets) for item in value]
    if isinstance(value, Secret | OutputValue | ResourceReference):
        return _special_to_json(value, secrets)
    if isinstance(value, float) and not math.isfinite(value):
        return {SIGNATURE: _FLOAT, "value": struct.pack(">d", value).hex()}
    return UNKNOWN_TEXT if value is UNKNOWN else value


def _special_to_json(value: Secret | OutputValue | ResourceReference, secrets: StackSecrets | None) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, Secret):
        if secrets is None:
            return value_to_json(value.value, None)
        text = json.dumps(value_to_json(value.value, None), separators=(",", ":"), ensure_ascii=False)
        return {SIGNATURE: SECRET, "ciphertext": value.ciphertext or secrets.encrypt(text)}
    if isinstance(value, OutputValue):
        return value_to_json(downgrade(value), secrets)
    reference = {SIGNATURE: RESOURCE_REFERENCE, "urn": value.urn, "packageVersion": value.package_version}
    return reference if value.id is None else {**reference, "id": value_to_json(value.id, secrets)}


def value_from_json(value: Any, secrets: StackSecrets) -> Value:  # noqa: ANN401 - JSON
    """A value of the deployment format. Refuses assets and archives with ``FAL-ENG-301``."""
    if isinstance(value, dict):
        if SIGNATURE in value:
            return _special_from_json(value, secrets)
        return {name: value_from_json(item, secrets) for name, item in value.items()}
    if isinstance(value, list):
        return [value_from_json(item, secrets) for item in value]
    if isinstance(value, float):
        return number(value)
    return UNKNOWN if value == UNKNOWN_TEXT else value


def _special_from_json(value: dict[str, Any], secrets: StackSecrets) -> Value:
    signature = value[SIGNATURE]
    if signature == SECRET:
        if "plaintext" in value:
            return Secret(value_from_json(json.loads(value["plaintext"]), secrets))
        ciphertext = value["ciphertext"]
        return Secret(value_from_json(json.loads(secrets.decrypt(ciphertext)), secrets), ciphertext)
    if signature == RESOURCE_REFERENCE:
        identifier = value_from_json(value.get("id"), secrets)
        return ResourceReference(value["urn"], identifier, value.get("packageVersion", ""))
    if signature == _FLOAT:
        unpacked: float = struct.unpack(">d", bytes.fromhex(value["value"]))[0]
        return unpacked
    raise unsupported_value(f"of the kind {signature}", "the state file")
