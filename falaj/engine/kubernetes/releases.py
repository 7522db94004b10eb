"""Releases of Helm charts: previewed with what they are given, so that policies see it, and never installed.

Helm is a program of its own, which renders a chart and keeps its history in the cluster. Pulumi's provider carries it;
a preview needs none of it. What a chart makes is not known here, nor whether the chart can be had.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NoReturn

from falaj.engine.kubernetes.comparison import respond
from falaj.engine.kubernetes.diff import compare, ignore
from falaj.engine.kubernetes.immutable import Immutable
from falaj.engine.kubernetes.kinds import name_of, type_of
from falaj.engine.kubernetes.values import UNKNOWN, decode
from falaj.engine.protocol import provider_pb2
from falaj.errors import ConfigurationError

RELEASE: Final = "kubernetes:helm.sh/v3:Release"
IDENTITY: Final = Immutable((("name",), ("namespace",)))
"""What Helm knows a release by."""
INPUTS: Final = frozenset(
    {
        "allowNullValues",
        "atomic",
        "chart",
        "cleanupOnFail",
        "compat",
        "createNamespace",
        "dependencyUpdate",
        "description",
        "devel",
        "disableCRDHooks",
        "disableOpenapiValidation",
        "disableWebhooks",
        "forceUpdate",
        "keyring",
        "lint",
        "manifest",
        "maxHistory",
        "name",
        "namespace",
        "postrender",
        "recreatePods",
        "renderSubchartNotes",
        "replace",
        "repositoryOpts",
        "resetValues",
        "resourceNames",
        "reuseValues",
        "skipAwait",
        "skipCrds",
        "takeOwnership",
        "timeout",
        "valueYamlFiles",
        "values",
        "verify",
        "version",
        "waitForJobs",
    }
)
"""What the SDK's class may be given."""


def is_release(urn: str) -> bool:
    """Tell whether a URN is that of a release."""
    return type_of(urn) == RELEASE


def check(request: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:
    """Refuse a release without a chart, and properties that no release has."""
    given = request.news.fields
    failures = {name: "is no property of a release" for name in sorted(given) if name not in INPUTS}
    if "chart" not in given or given["chart"].string_value == "":
        failures["chart"] = "is required"
    named = [provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in failures.items()]
    return provider_pb2.CheckResponse(inputs=request.news, failures=named)


def diff(request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
    """Compare what is given with what was; another name or namespace is another release."""
    olds = request.old_inputs if request.HasField("old_inputs") else request.olds
    old = {name: value for name, value in decode(olds).items() if name in INPUTS}
    changes = ignore(compare(old, decode(request.news), IDENTITY), request.ignoreChanges)
    if not changes:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE, hasDetailedDiff=True)
    return respond(changes)


def preview(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Give what is known of a release before there is one: what it was given."""
    return {**inputs, "status": UNKNOWN}


def refuse(urn: str) -> NoReturn:
    """Refuse to install, change or remove a release."""
    raise ConfigurationError(
        "The embedded engine previews Helm releases and installs none.",
        code="FAL-K8S-032",
        where=name_of(urn),
        hint="deploy this stack with the Pulumi CLI, whose provider brings Helm: pulumi up -s STACK",
    )
