"""Objects in the two forms they have: as the API server wants them, and as Pulumi's state keeps them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from falaj.engine.kubernetes.kinds import GroupKind, group_of
from falaj.engine.kubernetes.values import (
    UNKNOWN,
    Json,
    dig,
    is_secret,
    is_unknown,
    mark_secrets,
    reveal,
    secret,
    without_nulls,
)

_DASHED: Final = {
    f"x_kubernetes_{name.replace('-', '_')}": f"x-kubernetes-{name}"
    for name in (
        "embedded-resource",
        "int-or-string",
        "list-map-keys",
        "list-type",
        "map-type",
        "preserve-unknown-fields",
        "validations",
    )
}
_UNDERSCORED: Final = {dashed: underscored for underscored, dashed in _DASHED.items()}
_SERVER_MADE: Final = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
SECRET_KIND: Final = GroupKind("", "Secret")
"""The kind whose content is always secret."""

CRD_KIND: Final = GroupKind("apiextensions.k8s.io", "CustomResourceDefinition")
"""The kind that defines kinds."""

NAMESPACE_KIND: Final = GroupKind("", "Namespace")
"""The kind that other objects lie in."""


def group_kind(tree: Mapping[str, Any]) -> GroupKind:
    """Give group and kind of an object."""
    return GroupKind(group_of(str(tree.get("apiVersion") or "")), str(tree.get("kind") or ""))


def namespace_of(tree: Mapping[str, Any]) -> str:
    """Give the namespace of an object, or nothing."""
    return str(dig(reveal(dig(tree, "metadata", default={})), "namespace", default=""))


def object_name(tree: Mapping[str, Any]) -> str:
    """Give the name of an object, or nothing."""
    return str(dig(reveal(dig(tree, "metadata", default={})), "name", default=""))


def for_server(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Give the object to send: secrets open, nulls and server-made fields left out, names as Kubernetes has them."""
    body: dict[str, Any] = _renamed(without_nulls(reveal(dict(inputs))), _DASHED)
    metadata = body.get("metadata")
    if isinstance(metadata, dict):
        body["metadata"] = {name: value for name, value in metadata.items() if name not in _SERVER_MADE}
    if group_kind(body) == CRD_KIND:
        body.pop("status", None)
    return body


def for_comparison(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Give the inputs in the form in which equal meaning is equal text."""
    body = for_server(inputs)
    kind = group_kind(body)
    if kind == SECRET_KIND:
        body = with_encoded_strings(body)
        if isinstance(body.get("data", {}), dict):
            body["data"] = {name: _canonical(value) for name, value in body.get("data", {}).items()}
    if kind == CRD_KIND and dig(body, "spec", "preserveUnknownFields") is False:
        body["spec"] = {name: value for name, value in body["spec"].items() if name != "preserveUnknownFields"}
    metadata = body.get("metadata")
    if isinstance(metadata, dict) and metadata.get("namespace") in (None, "default"):
        body["metadata"] = {name: value for name, value in metadata.items() if name != "namespace"}
    return body


def with_encoded_strings(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Give a Secret with its ``stringData`` moved into ``data``, as the API server will; unknowns stay."""
    body = dict(inputs)
    texts = reveal(body.get("stringData"))
    if not isinstance(texts, dict) or is_unknown(reveal(body.get("data"))):
        return body
    del body["stringData"]
    encoded = {
        name: text if is_unknown(text) else base64.b64encode(str(text).encode()).decode()
        for name, text in texts.items()
        if text is not None
    }
    data = {**(reveal(body.get("data")) or {}), **encoded}
    body["data"] = secret(data) if is_secret(inputs.get("stringData")) or is_secret(inputs.get("data")) else data
    return body


def checkpoint(live: Mapping[str, Any], inputs: Mapping[str, Any], *, manager: str, api_version: str) -> dict[str, Any]:
    """Give the outputs for the state: the live object, and what Pulumi's own provider needs to go on with it."""
    outputs = _renamed(dict(live), _UNDERSCORED)
    mark_secrets(outputs, inputs)
    kept = _renamed(dict(inputs), _UNDERSCORED)
    for tree in (outputs, kept):
        mark_secret_content(tree)
    return {**outputs, "__inputs": kept, "__initialApiVersion": api_version, "__fieldManager": manager}


def mark_secret_content(tree: dict[str, Any]) -> None:
    """Mark everything a Secret holds as secret, in place; other kinds are left alone."""
    if group_kind(tree) != SECRET_KIND:
        return
    for name in ("data", "stringData"):
        if name in tree:
            tree[name] = secret(tree[name])
    annotations = dig(tree, "metadata", "annotations", default={})
    if isinstance(annotations, dict) and _LAST_APPLIED in annotations:
        annotations[_LAST_APPLIED] = secret(annotations[_LAST_APPLIED])


def with_unknowns(tree: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Give the outputs of a creation that is only previewed: what the server will make is unknown, status is absent."""
    outputs = {name: value for name, value in tree.items() if name != "status"}
    metadata = outputs.get("metadata")
    if isinstance(metadata, dict) and not is_secret(metadata):
        given = {name: value for name, value in metadata.items() if name not in _SERVER_MADE}
        outputs["metadata"] = {**given, "uid": UNKNOWN}
    spec = outputs.get("spec")
    if group_kind(tree) == GroupKind("", "Service") and isinstance(spec, dict) and not is_secret(spec):
        outputs["spec"] = _without_allotments(spec, dig(inputs, "spec", default={}))
    return outputs


def _without_allotments(spec: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Give the spec of a Service with the addresses and node ports that the server chose unknown."""
    chosen = [name for name in ("clusterIP", "clusterIPs") if given.get(name) is None]
    result = {**spec, **dict.fromkeys(chosen, UNKNOWN)}
    ports = given.get("ports")
    asked = isinstance(ports, list) and any(dig(port, "nodePort") for port in ports)
    if isinstance(spec.get("ports"), list) and not asked:
        result["ports"] = [{**port, "nodePort": UNKNOWN} if "nodePort" in port else port for port in spec["ports"]]
    return result


def inputs_from_live(live: Mapping[str, Any]) -> dict[str, Any]:
    """Give the inputs that would make an object which was only read: all but what the server made."""
    inputs = {name: value for name, value in live.items() if name != "status"}
    metadata = dict(dig(live, "metadata", default={}))
    annotations = {
        name: value
        for name, value in dig(metadata, "annotations", default={}).items()
        if name not in (_LAST_APPLIED, "deployment.kubernetes.io/revision")
    }
    kept = {name: value for name, value in metadata.items() if name not in (*_SERVER_MADE, "annotations")}
    inputs["metadata"] = {**kept, "annotations": annotations} if annotations else kept
    return inputs


def _renamed(value: Json, names: Mapping[str, str]) -> Json:
    if isinstance(value, dict):
        return {names.get(name, name): _renamed(item, names) for name, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return value


def _canonical(value: Json) -> Json:
    """Give base64 text as the server writes it back."""
    try:
        return base64.b64encode(base64.b64decode(str(value), validate=False)).decode()
    except (binascii.Error, ValueError):
        return value
