"""What the provider was configured with: which cluster, as whom, and with which habits."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from lightkube.config.kubeconfig import KubeConfig, SingleConfig
from lightkube.core.exceptions import ConfigError

from falaj.engine.kubernetes.values import Json, is_unknown, reveal
from falaj.errors import ConfigurationError

_CLUSTER_KEYS = ("kubeconfig", "context", "cluster")
_UNSUPPORTED = ("renderYamlToDirectory", "alwaysRender", "helmReleaseSettings")


@dataclass(frozen=True)
class Settings:
    """The provider's configuration. ``kubeconfig`` is a path or a content; None means the environment's own."""

    kubeconfig: str | None = None
    context: str | None = None
    cluster: str | None = None
    namespace: str | None = None
    unknown: bool = False
    """Whether the cluster becomes known only during the update: a preview can then only repeat the inputs."""
    upsert_existing: bool = False
    patch_force: bool = False
    secret_mutable: bool = False
    config_map_mutable: bool = False
    delete_unreachable: bool = False

    @classmethod
    def parse(cls, properties: Mapping[str, Any]) -> Settings:
        """Read the provider's inputs, as the SDK sends them; secrets are opened."""
        given = reveal(dict(properties))
        kubeconfig = given.get("kubeconfig")
        if isinstance(kubeconfig, dict):
            kubeconfig = json.dumps(kubeconfig)
        return cls(
            kubeconfig=kubeconfig or None,
            context=given.get("context") or None,
            cluster=given.get("cluster") or None,
            namespace=given.get("namespace") or None,
            unknown=any(is_unknown(given.get(key)) for key in _CLUSTER_KEYS),
            upsert_existing=_truthy(given.get("upsertExistingObjects")),
            patch_force=_truthy(given.get("enablePatchForce")),
            secret_mutable=_truthy(given.get("enableSecretMutable")),
            config_map_mutable=_truthy(given.get("enableConfigMapMutable")),
            delete_unreachable=_truthy(given.get("deleteUnreachable")),
        )


def failures(properties: Mapping[str, Any]) -> dict[str, str]:
    """Name each property this provider can't honour, with the reason."""
    given = reveal(dict(properties))
    found = {
        key: f"the embedded engine does not know {key}; use the Pulumi CLI for it"
        for key in _UNSUPPORTED
        if given.get(key) not in (None, "", False, "false")
    }
    apply = given.get("enableServerSideApply")
    if apply is not None and not is_unknown(apply) and not _truthy(apply):
        found["enableServerSideApply"] = "the embedded engine applies on the server only; leave it true"
    return found


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Compare two configurations: the properties that changed, and those of them that mean another cluster.

    A ``clusterIdentifier`` decides where both have one. Otherwise the clusters that the kubeconfigs lead to are
    compared: their address and their certificate authority, not the path of the file.
    """
    before, after = reveal(dict(old)), reveal(dict(new))
    names = sorted({*before, *after} - {"version", "__internal"})
    changed = [name for name in names if before.get(name) != after.get(name)]
    if before.get("clusterIdentifier") and after.get("clusterIdentifier"):
        return changed, ["clusterIdentifier"] if "clusterIdentifier" in changed else []
    unknown = [key for key in _CLUSTER_KEYS if is_unknown(after.get(key))]
    if unknown:
        return changed, [key for key in unknown if key in changed]
    moved = [key for key in _CLUSTER_KEYS if key in changed]
    if moved and _differ(_identity(before), _identity(after)):
        return changed, moved
    return changed, []


def load(settings: Settings) -> SingleConfig:
    """Find the cluster and the user that the settings mean; refuses what is missing, unreadable or not TLS."""
    where = _where(settings)
    try:
        found = _chosen(settings)
    except _UnusableError as error:
        raise ConfigurationError(
            f"The kubeconfig can't be used: {error}",
            code="FAL-K8S-003",
            where=where,
            hint="name a kubeconfig that exists (`falaj cluster kubeconfig` prints the local one) "
            "and a context that is in it.",
        ) from error
    if found is None:
        raise ConfigurationError(
            "The kubeconfig has no current context.",
            code="FAL-K8S-004",
            where=where,
            hint="set `context` on the provider, or current-context in the file.",
        )
    if not found.cluster.server.startswith("https://") or found.cluster.insecure:
        raise ConfigurationError(
            f"{found.cluster.server} is not reached over verified TLS, so nothing is sent to it.",
            code="FAL-K8S-005",
            where=where,
            hint="use an https:// server and its certificate-authority-data; insecure-skip-tls-verify is refused.",
        )
    return found


class _UnusableError(Exception):
    """A kubeconfig that is missing, damaged or lacks what it names."""


def _chosen(settings: Settings) -> SingleConfig | None:
    """Give the cluster and user that the settings lead to; None when nothing chooses a context."""
    try:
        loaded = _kubeconfig(settings)
        return loaded.get(settings.context) if settings.context or loaded.current_context else None
    except ConfigError as error:
        raise _UnusableError(" ".join(str(error).split())) from error
    except KeyError as error:
        raise _UnusableError(f"{error.args[0]!r} is not in it") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _UnusableError(f"it is not YAML (line {line})") from error
    except Exception as error:  # a file of the wrong shape breaks the library's reader anywhere
        raise _UnusableError("it is not of the shape of a kubeconfig") from error


def _kubeconfig(settings: Settings) -> KubeConfig:
    text = settings.kubeconfig
    if text is None:
        loaded = KubeConfig.from_env()
    elif _is_content(text):
        loaded = KubeConfig.from_dict(yaml.safe_load(text))
    else:
        loaded = KubeConfig.from_file(text)
    if settings.cluster is not None:
        cluster = loaded.clusters[settings.cluster]
        loaded.clusters = dict.fromkeys(loaded.clusters, cluster)
    return loaded


def _is_content(text: str) -> bool:
    return "\n" in text or text.lstrip().startswith("{")


def _where(settings: Settings) -> str:
    if settings.kubeconfig is None:
        return os.environ.get("KUBECONFIG", "~/.kube/config")
    return "kubeconfig given as content" if _is_content(settings.kubeconfig) else settings.kubeconfig


def _identity(properties: Mapping[str, Any]) -> tuple[str, str] | None:
    """Give what tells one cluster from another: its address and its authority; None when it can't be known."""
    try:
        found = _chosen(Settings.parse(properties))
        if found is None:
            return None
        authority = found.cluster.certificate_auth_data or ""
        if found.cluster.certificate_auth:
            authority = Path(found.abs_file(found.cluster.certificate_auth)).read_text(encoding="utf-8")
    except (_UnusableError, OSError):
        return None
    return found.cluster.server, authority


def _differ(old: tuple[str, str] | None, new: tuple[str, str] | None) -> bool:
    return old is not None and new is not None and old != new


def _truthy(value: Json) -> bool:
    return value is True or (isinstance(value, str) and value.lower() == "true")
