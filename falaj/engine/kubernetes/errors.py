"""What the provider says when something fails, and how it travels over gRPC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from google.protobuf import any_pb2
from google.protobuf.message import Message
from grpc import StatusCode

from falaj.engine.kubernetes.values import encode
from falaj.engine.protocol import provider_pb2, status_pb2
from falaj.errors import ClusterError, ConfigurationError, DeploymentError, FalajError

DETAILS_KEY = "grpc-status-details-bin"
"""The trailing metadata key under which gRPC carries structured details."""


@dataclass(frozen=True)
class Cause:
    """One field-level reason in an API server's refusal."""

    field: str
    reason: str
    message: str


class ApiError(Exception):
    """The API server's refusal, as it was given."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.status = status
        self.reason = str(body.get("reason") or "")
        self.message = str(body.get("message") or f"HTTP status {status}")
        details = body.get("details") or {}
        self.subject_kind = str(details.get("kind") or "")
        self.subject_name = str(details.get("name") or "")
        self.causes = tuple(
            Cause(str(cause.get("field") or ""), str(cause.get("reason") or ""), str(cause.get("message") or ""))
            for cause in details.get("causes") or ()
        )
        super().__init__(self.message)

    @property
    def is_missing_namespace(self) -> bool:
        """Whether the refusal is that the object's namespace does not exist."""
        return self.status == HTTPStatus.NOT_FOUND and self.subject_kind == "namespaces"

    @property
    def is_immutable_field(self) -> bool:
        """Whether the refusal is that a field can't be changed once set."""
        return self.status == HTTPStatus.UNPROCESSABLE_ENTITY and "immutable" in self.message


class UnknownKindError(Exception):
    """The API server serves no such kind."""

    def __init__(self, api_version: str, kind: str) -> None:
        super().__init__(f"the API server serves no {kind} in {api_version}")
        self.api_version = api_version
        self.kind = kind


@dataclass(frozen=True)
class Partial:
    """What exists although the operation failed, for the state to remember."""

    id: str
    outputs: Mapping[str, Any]
    reasons: Sequence[str]


class NotReadyError(DeploymentError):
    """The object was stored by the API server but did not reach the state that was waited for."""

    def __init__(self, message: str, *, code: str, where: str, hint: str, partial: Partial) -> None:
        super().__init__(message, code=code, where=where, hint=hint)
        self.partial = partial


def status_details(error: FalajError) -> bytes:
    """Pack an error into the google.rpc.Status that travels beside the message.

    Its first detail is a Struct of the error's kind, code, where, message and hint. A second one, Pulumi's own
    ErrorResourceInitFailed, says what exists although the operation failed.
    """
    kind = next(kind for kind in (ConfigurationError, ClusterError, DeploymentError) if isinstance(error, kind))
    facts = {
        "kind": kind.__name__,
        "code": error.code,
        "where": error.where,
        "message": error.message,
        "hint": error.hint,
    }
    details = [_packed(encode(facts))]
    if isinstance(error, NotReadyError):
        failed = provider_pb2.ErrorResourceInitFailed(
            id=error.partial.id, properties=encode(error.partial.outputs), reasons=error.partial.reasons
        )
        details.append(_packed(failed))
    code: int = StatusCode.UNKNOWN.value[0]
    return status_pb2.Status(code=code, message=str(error), details=details).SerializeToString()


def _packed(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed


def unreachable(server: str, reason: str) -> ClusterError:
    """Say that the API server does not answer."""
    return ClusterError(
        f"The Kubernetes API server does not answer: {reason}",
        code="FAL-K8S-001",
        where=server,
        hint="start the cluster (`falaj cluster up`) or correct `kubeconfig` in the stack file.",
    )


def refused_credentials(server: str, message: str) -> ClusterError:
    """Say that the API server does not accept who we are or what we ask."""
    return ClusterError(
        f"The API server refuses the credentials of the kubeconfig: {message}",
        code="FAL-K8S-002",
        where=server,
        hint="use a kubeconfig of this cluster; `falaj cluster kubeconfig` prints the local one.",
    )


def unknown_kind(where: str, error: UnknownKindError) -> DeploymentError:
    """Say that neither the cluster nor the plan defines the kind."""
    return DeploymentError(
        f"{error.kind} ({error.api_version}) is not a kind of this cluster, and no CustomResourceDefinition in this "
        "program defines it.",
        code="FAL-K8S-010",
        where=where,
        hint="correct apiVersion and kind, or add its CustomResourceDefinition to the program and depend on it.",
    )


def already_exists(where: str, described: str, managers: Sequence[str], *, going: bool) -> DeploymentError:
    """Say that somebody else made the object."""
    made_by = f", made by {', '.join(managers)}" if managers else ""
    if going:
        return DeploymentError(
            f"{described} still exists and is being deleted.",
            code="FAL-K8S-012",
            where=where,
            hint="wait until it is gone (its finalizers may hold it), then run the command again.",
        )
    return DeploymentError(
        f"{described} already exists in the cluster{made_by}, and this stack's state does not know it.",
        code="FAL-K8S-011",
        where=where,
        hint='delete it, choose another name, or annotate it with pulumi.com/patchForce: "true" to take it over.',
    )


def refused(where: str, described: str, error: ApiError) -> DeploymentError:
    """Say what the API server found wrong, field by field."""
    if error.status == HTTPStatus.CONFLICT and any(cause.reason == "FieldManagerConflict" for cause in error.causes):
        return _conflict(where, described, error)
    if error.is_missing_namespace:
        return DeploymentError(
            f"{described}: namespace {error.subject_name} does not exist, and this program does not make it.",
            code="FAL-K8S-013",
            where=where,
            hint="make the Namespace in the program and use its metadata.name, or correct metadata.namespace.",
        )
    if error.is_immutable_field:
        return DeploymentError(
            f"{described}: a field that can't be changed in place was changed.\n{_lines(error)}",
            code="FAL-K8S-014",
            where=where,
            hint="replace the resource: give it another name, or use replace_on_changes with delete_before_replace.",
        )
    if error.status == HTTPStatus.FORBIDDEN:
        return DeploymentError(
            f"{described} was forbidden.\n{error.message}",
            code="FAL-K8S-015",
            where=where,
            hint="meet the admission rule or quota named above, or grant the user of the kubeconfig this right.",
        )
    return DeploymentError(
        f"{described} was refused by the API server.\n{_lines(error)}",
        code="FAL-K8S-016",
        where=where,
        hint="correct the field named above in the program.",
    )


def _conflict(where: str, described: str, error: ApiError) -> DeploymentError:
    owned = "\n".join(f"{cause.field}: {cause.message}" for cause in error.causes)
    return DeploymentError(
        f"{described}: fields of this program are managed by somebody else.\n{owned}",
        code="FAL-K8S-017",
        where=where,
        hint="leave these fields out of the program (or name them in ignore_changes), or annotate the object with "
        'pulumi.com/patchForce: "true" to take them over.',
    )


def _lines(error: ApiError) -> str:
    lines = [f"{cause.field}: {cause.message}" for cause in error.causes if cause.field]
    return "\n".join(lines) if lines else error.message
