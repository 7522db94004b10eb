"""POD-001: namespaces enforce the restricted Pod Security Standard."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import Field

from falaj.catalog.recipes import supported_minors
from policies.control import Control, Severity, Situated, Subject, situated
from policies.controls.net_003 import SYSTEM_NAMESPACES
from policies.examples.kubernetes import LABELS, metadata, namespace, service
from policies.expressions import label, texts
from policies.outcomes import NotApplicable, Outcome
from policies.parameters import Parameters
from policies.resources import Resource, resource
from policies.templates import is_one_of
from policies.values import UNKNOWN
from policies.workloads.kinds import NAMESPACE

NAMESPACE_PATCH = "kubernetes:core/v1:NamespacePatch"
ENFORCE = "pod-security.kubernetes.io/enforce"
VERSION = "pod-security.kubernetes.io/enforce-version"
RESTRICTED = "restricted"
LEVELS = (RESTRICTED, "baseline", "privileged")
PINNED = re.compile(r"v1\.(\d+)")


class TrustedNamespaces(Parameters):
    """Which namespaces may run what no other may."""

    privileged: tuple[str, ...] = Field(
        default=("gpu-operator",),
        description="Namespaces of controllers that load drivers into the node; they enforce a level of their choice.",
    )


def least_minor() -> int:
    """Return the second number of the oldest minor under support."""
    return min(int(minor.partition(".")[2]) for target in ("eks", "aks") for minor in supported_minors(target))


CONTROL = Control(
    id="POD-001",
    title="Namespaces enforce the restricted Pod Security Standard",
    harm="A pod that nobody reviewed, made by hand or by a controller, takes the node and with it every tenant.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(NAMESPACE, NAMESPACE_PATCH), view=situated),
    reads=("metadata.name", f'metadata.labels["{ENFORCE}"]', f'metadata.labels["{VERSION}"]'),
    remedy=f"Label the namespace with {ENFORCE}: {RESTRICTED} and {VERSION}: latest.",
    admits=(
        f"object.metadata.name in {texts(SYSTEM_NAMESPACES)} || "
        f"{label(ENFORCE)} in (object.metadata.name in variables.pod_001_privileged ? "
        f"{texts(LEVELS)} : ['{RESTRICTED}']) && ({label(VERSION)} == 'latest' || "
        f"{label(VERSION)}.matches('^v1[.][0-9]{{1,9}}$') && "
        f"int({label(VERSION)}.substring(3)) >= {least_minor()})"
    ),
    parameters=TrustedNamespaces,
    note=(
        "The version `latest` is accepted beside a pinned minor: rules that come with an upgrade only add to the old "
        "ones. A pinned minor must be one that providers still support, because older rules forbid less."
    ),
)


@CONTROL.check
def enforces_restricted(found: Situated) -> Iterator[Outcome]:
    """Find a namespace that lets in more than restricted pods, or holds them to rules of long ago."""
    name, labels = found["metadata"]["name"], found["metadata"]["labels"]
    if name.value in SYSTEM_NAMESPACES:
        yield NotApplicable("belongs to the cluster itself")
        return
    trusted = name.value in found.plan.parameters(TrustedNamespaces).privileged
    outcomes = list(is_one_of(labels[ENFORCE], LEVELS if trusted else (RESTRICTED,)))
    yield from [name.undecided] if outcomes and name.value is UNKNOWN else outcomes
    oldest = least_minor()
    yield from labels[VERSION].must(
        lambda version: version == "latest" or is_recent(version, oldest), f"latest, or v1.{oldest} or later"
    )


def is_recent(version: object, oldest: int) -> bool:
    """Tell whether a version pins a minor, and none older than this."""
    match = PINNED.fullmatch(version) if isinstance(version, str) else None
    return match is not None and int(match[1]) >= oldest


def enforcing(level: object = RESTRICTED, version: object = "latest", **meta: object) -> Resource:
    """Make a namespace that enforces a level in a version."""
    return namespace(labels=LABELS | {ENFORCE: level, VERSION: version}, **meta)


RECENT = f"latest, or v1.{least_minor()} or later"

CONTROL.good("the newest rules", enforcing())
CONTROL.good("rules of a minor", enforcing(version=f"v1.{least_minor()}"))
CONTROL.good(
    "made elsewhere, labelled here",
    resource(NAMESPACE_PATCH, {"metadata": metadata(namespace=None, labels={ENFORCE: RESTRICTED, VERSION: "latest"})}),
)
CONTROL.good("the operator of drivers", enforcing("privileged", name="gpu-operator"))
CONTROL.good("restricted whatever its name", enforcing(name=UNKNOWN))
CONTROL.bad(
    "no labels",
    namespace(labels=None),
    finding=(
        f'metadata.labels["{ENFORCE}"]: found nothing, expected restricted',
        f'metadata.labels["{VERSION}"]: found nothing, expected {RECENT}',
    ),
)
CONTROL.bad(
    "a weaker level, rules from before they were complete",
    enforcing("baseline", f"v1.{least_minor() - 1}"),
    finding=(
        f'metadata.labels["{ENFORCE}"]: found baseline, expected restricted',
        f'metadata.labels["{VERSION}"]: found v1.{least_minor() - 1}, expected {RECENT}',
    ),
)
CONTROL.bad(
    "the operator of drivers without any level",
    enforcing(None, name="gpu-operator"),
    finding=f'metadata.labels["{ENFORCE}"]: found nothing, expected restricted or baseline or privileged',
)
CONTROL.bad(
    "a version that is none",
    enforcing(version=136),
    finding=f'metadata.labels["{VERSION}"]: found 136, expected {RECENT}',
)
CONTROL.good(
    "an operator of drivers under another name",
    enforcing("privileged", name="drivers"),
    parameters=TrustedNamespaces(privileged=("drivers",)),
)
CONTROL.unknown("level chosen elsewhere", enforcing(UNKNOWN), at=f'metadata.labels["{ENFORCE}"]')
CONTROL.unknown("privileged, whoever it is", enforcing("privileged", name=UNKNOWN), at="metadata.name")
CONTROL.not_applicable("a namespace of the cluster itself", enforcing(None, None, name="kube-system"))
CONTROL.not_applicable("a Service runs nothing", service())
