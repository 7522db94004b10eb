"""The client of a provider that is served over Pulumi's ResourceProvider protocol."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct

from falaj import errors
from falaj.engine import urn as urns
from falaj.engine.protocol import provider_pb2, provider_pb2_grpc, status_pb2
from falaj.engine.provider import (
    CheckFailure,
    Difference,
    Existing,
    InitializationError,
    ProviderError,
    ProviderLostError,
)
from falaj.engine.values import PropertyMap, contains_unknown, keep_secrecy, reveal
from falaj.engine.wire import decode, encode
from falaj.errors import FalajError


class GrpcProvider:
    """A provider served over gRPC, by a process or an address the user named."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = provider_pb2_grpc.ResourceProviderStub(channel)
        self._known = False
        self._accepts_secrets = True
        self._supports_preview = True

    def _wire(self, properties: PropertyMap) -> Struct:
        return encode(properties, secrets=self._accepts_secrets)

    def _received(self, struct: Struct, sent: PropertyMap, where: str) -> PropertyMap:
        """What came back; the very map that was sent when nothing changed, which spares decoding large objects."""
        if sent.wire is not None and struct == sent.wire:
            return sent
        received = decode(struct, where)
        return received if self._accepts_secrets else keep_secrecy(received, sent)

    def check_config(self, urn: str, old: PropertyMap, new: PropertyMap) -> tuple[PropertyMap, list[CheckFailure]]:
        """The configuration, checked; as it is when the provider has no check of its own."""
        request = provider_pb2.CheckRequest(
            urn=urn,
            name=urns.name_of(urn),
            type=urns.type_of(urn),
            olds=encode(old, secrets=False),
            news=encode(new, secrets=False),
        )
        try:
            response = self._stub.CheckConfig(request)
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.UNIMPLEMENTED:
                return new, []
            _raise(error, urn)
        inputs = decode(response.inputs, urn) if response.HasField("inputs") else new
        return keep_secrecy(inputs, new), _failures(response.failures)

    def diff_config(self, urn: str, old: PropertyMap, old_outputs: PropertyMap, new: PropertyMap) -> Difference:
        """How the configuration differs; undecided when the provider has no such method."""
        request = provider_pb2.DiffRequest(
            urn=urn,
            name=urns.name_of(urn),
            type=urns.type_of(urn),
            old_inputs=encode(old, secrets=False),
            olds=encode(old_outputs, secrets=False),
            news=encode(new, secrets=False),
        )
        try:
            return _difference(self._stub.DiffConfig(request))
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.UNIMPLEMENTED:
                return Difference(changed=None)
            _raise(error, urn)

    def configure(self, urn: str, identifier: str, inputs: PropertyMap) -> None:
        """Hand the configuration over, unless something in it is unknown."""
        self._known = not contains_unknown(inputs)
        if not self._known:
            return
        package = urns.provider_package(urn)
        request = provider_pb2.ConfigureRequest(
            urn=urn,
            name=urns.name_of(urn),
            type=urns.type_of(urn),
            id=identifier,
            args=encode(inputs),
            variables={
                f"{package}:config:{name}": _variable(value)
                for name, value in PropertyMap(_as_dict(reveal(inputs))).items()
                if name != "version"
            },
            acceptSecrets=True,
            acceptResources=True,
            sends_old_inputs=True,
            sends_old_inputs_to_delete=True,
        )
        try:
            response = self._stub.Configure(request)
        except grpc.RpcError as error:
            _raise(error, urn)
        self._accepts_secrets = response.acceptSecrets
        self._supports_preview = response.supportsPreview

    def check(
        self, urn: str, old: PropertyMap, new: PropertyMap, seed: bytes
    ) -> tuple[PropertyMap, list[CheckFailure]]:
        """A resource's inputs, checked and completed; untouched while the configuration is unknown."""
        if not self._known:
            return new, []
        request = provider_pb2.CheckRequest(
            urn=urn,
            name=urns.name_of(urn),
            type=urns.type_of(urn),
            olds=self._wire(old),
            news=self._wire(new),
            randomSeed=seed,
        )
        try:
            response = self._stub.Check(request)
        except grpc.RpcError as error:
            _raise(error, urn)
        inputs = self._received(response.inputs, new, urn) if response.HasField("inputs") else new
        return inputs, _failures(response.failures)

    def diff(self, urn: str, old: Existing, new: PropertyMap, ignore: list[str]) -> Difference:
        """How a resource's inputs differ from what exists."""
        if not self._known:
            return Difference(
                changed=True,
                unavailable="The provider of this resource has inputs that a preview can not know, "
                "so this preview may not show exactly what the update will do.",
            )
        request = provider_pb2.DiffRequest(
            id=old.id,
            urn=urn,
            name=urns.name_of(urn),
            type=urns.type_of(urn),
            olds=self._wire(old.outputs),
            old_inputs=self._wire(old.inputs),
            news=self._wire(new),
            ignoreChanges=ignore,
        )
        try:
            return _difference(self._stub.Diff(request))
        except grpc.RpcError as error:
            _raise(error, urn)

    def create(self, urn: str, inputs: PropertyMap, timeout: float, *, preview: bool) -> tuple[str, PropertyMap]:
        """The identifier and outputs of a new resource; in a preview the identifier may be empty."""
        if preview and not self._known:
            return "", PropertyMap()
        if preview and not self._supports_preview:
            return "", inputs
        request = provider_pb2.CreateRequest(
            urn=urn,
            name=urns.name_of(urn),
            type=urns.type_of(urn),
            properties=self._wire(inputs),
            timeout=timeout,
            preview=preview,
        )
        try:
            response = self._stub.Create(request)
        except grpc.RpcError as error:
            _raise(error, urn)
        if not response.id and not preview:
            raise ProviderError("the provider gave the new resource no identifier")
        return response.id, self._received(response.properties, inputs, urn)

    def update(
        self, urn: str, old: Existing, new: PropertyMap, timeout: float, ignore: list[str], *, preview: bool
    ) -> PropertyMap:
        """The outputs of a changed resource."""
        if preview and not self._known:
            return PropertyMap()
        if preview and not self._supports_preview:
            return new
        request = provider_pb2.UpdateRequest(
            id=old.id,
            urn=urn,
            name=urns.name_of(urn),
            type=urns.type_of(urn),
            olds=self._wire(old.outputs),
            old_inputs=self._wire(old.inputs),
            news=self._wire(new),
            timeout=timeout,
            ignoreChanges=ignore,
            preview=preview,
        )
        try:
            response = self._stub.Update(request)
        except grpc.RpcError as error:
            _raise(error, urn)
        return self._received(response.properties, new, urn)

    def read(self, urn: str, identifier: str, inputs: PropertyMap) -> tuple[str, PropertyMap] | None:
        """The identifier and outputs of a resource that others own; None when there is no such resource."""
        if not self._known:
            return identifier, PropertyMap()
        request = provider_pb2.ReadRequest(
            id=identifier,
            urn=urn,
            name=urns.name_of(urn),
            type=urns.type_of(urn),
            properties=self._wire(inputs),
            inputs=self._wire(inputs),
        )
        try:
            response = self._stub.Read(request)
        except grpc.RpcError as error:
            _raise(error, urn)
        if not response.id:
            return None
        return response.id, decode(response.properties, urn)

    def delete(self, urn: str, old: Existing, timeout: float) -> None:
        """Remove a resource."""
        request = provider_pb2.DeleteRequest(
            id=old.id,
            urn=urn,
            name=urns.name_of(urn),
            type=urns.type_of(urn),
            properties=self._wire(old.outputs),
            old_inputs=self._wire(old.inputs),
            timeout=timeout,
        )
        try:
            self._stub.Delete(request)
        except grpc.RpcError as error:
            _raise(error, urn)

    def invoke(self, token: str, arguments: PropertyMap, *, preview: bool) -> tuple[PropertyMap, list[CheckFailure]]:
        """The answer of one of the package's functions; nothing while the configuration is unknown."""
        if not self._known:
            return PropertyMap(), []
        request = provider_pb2.InvokeRequest(tok=token, args=self._wire(arguments), preview=preview)
        try:
            response = self._stub.Invoke(request)
        except grpc.RpcError as error:
            _raise(error, token)
        return decode(getattr(response, "return"), token), _failures(response.failures)

    def cancel(self) -> None:
        """Ask that running operations end early; a provider that can not is left alone."""
        self._stub.Cancel.future(Empty(), timeout=5)


def _as_dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _variable(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _failures(failures: Any) -> list[CheckFailure]:  # noqa: ANN401 - a repeated field has no public type
    return [CheckFailure(failure.property, failure.reason) for failure in failures]


def _difference(response: provider_pb2.DiffResponse) -> Difference:
    changes = {provider_pb2.DiffResponse.DIFF_NONE: False, provider_pb2.DiffResponse.DIFF_SOME: True}
    kinds = provider_pb2.PropertyDiff
    replacing = (kinds.ADD_REPLACE, kinds.DELETE_REPLACE, kinds.UPDATE_REPLACE)
    return Difference(
        changed=changes.get(response.changes),
        keys=tuple(response.diffs),
        replaces=tuple(response.replaces),
        delete_before_replace=response.deleteBeforeReplace,
        detailed={path: diff.kind in replacing for path, diff in response.detailedDiff.items()},
    )


def _raise(error: grpc.RpcError, where: str) -> NoReturn:
    """Raise what a failed call means: partly done, where the provider says so, else failed."""
    described: FalajError | None = None
    partly: provider_pb2.ErrorResourceInitFailed | None = None
    for detail in _details(error):
        description, failed = Struct(), provider_pb2.ErrorResourceInitFailed()
        if detail.Unpack(description):
            described = _described(description)
        elif detail.Unpack(failed):
            partly = failed
    if partly is not None:
        outputs = decode(partly.properties, where)
        raise InitializationError(partly.id, outputs, list(partly.reasons), described) from error
    if error.code() == grpc.StatusCode.UNAVAILABLE and described is None:
        raise ProviderLostError("the provider's process has ended or can not be reached") from error
    raise ProviderError(error.details() or str(error.code()), described) from error


def _details(error: grpc.RpcError) -> list[AnyMessage]:
    metadata: Any = error.trailing_metadata() or ()  # its stub types the tuple as one entry
    packed = [value for name, value in metadata if name == "grpc-status-details-bin"]
    return [detail for value in packed for detail in status_pb2.Status.FromString(value).details]


def _described(description: Struct) -> FalajError | None:
    """The error that one of our own providers described, to be shown in its own words."""
    fields = {name: value.string_value for name, value in description.fields.items()}
    kind = getattr(errors, fields.get("kind", ""), None)
    if not (isinstance(kind, type) and issubclass(kind, FalajError)):
        return None
    return kind(fields["message"], code=fields["code"], where=fields["where"], hint=fields["hint"])
