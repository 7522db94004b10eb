"""The controls of Kubernetes objects in CEL, for a cluster to refuse what bypasses the program.

A control's CEL may use ``object`` (``dyn(object)`` where it speaks of kinds of several shapes), ``namespaceObject``
and these:

- ``variables.annotations``: the object's own;
- for anything that runs containers ``variables.pod`` (the pod's specification), ``variables.lasting`` (its containers)
  and ``variables.containers`` (ephemeral ones too), ``variables.made`` (whether a controller makes it from another
  object) and ``variables.serves_model``;
- ``variables.development``: whether the cluster is there for development alone;
- what the operator may set for the control, such as ``variables.sup_002_registries``.

What they stand for, and the policies that a cluster is given, are made by `components.admission`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from policies.control import Control
from policies.controls import load
from policies.workloads.workload import MADE

FILE: Final = Path(__file__).parents[1] / "components" / "admission" / "rules.json"
"""Where the component that installs them finds them."""
IN_NO_NAMESPACE: Final = ("CiliumClusterwideNetworkPolicy", "ClusterIssuer", "ClusterRole", "ClusterRoleBinding")
"""Kinds that nothing tells from those of a cloud's own add-ons: the door is at namespaces."""


def rules(controls: Iterable[Control[Any]]) -> list[dict[str, Any]]:
    """Return one rule for each control that CEL can say: its id, what it judges, the expression, the refusal."""
    return [_rule(control) for control in controls if control.admits]


def guarded(control: Control[Any]) -> list[str]:
    """Return the objects that a control's CEL judges, each as `resource_of` writes it."""
    return sorted({resource_of(token) for token in judged(control)})


def is_of_a_cluster(control: Control[Any]) -> bool:
    """Tell whether a control judges any Kubernetes object."""
    return any(token.startswith("kubernetes:") for token in control.applies_to.tokens)


def _rule(control: Control[Any]) -> dict[str, Any]:
    return {
        "control": control.id,
        "resources": guarded(control),
        "runs_containers": any(token in MADE for token in judged(control)),
        "expression": control.admits,
        "message": f"{control.id} {control.title}. {control.remedy}",
        "parameters": _parameters(control),
    }


def judged(control: Control[Any]) -> list[str]:
    """Return the types of the objects that a control's CEL judges."""
    tokens = [token.removesuffix("*") for token in control.applies_to.tokens if token.startswith("kubernetes:")]
    return [
        token
        for token in tokens
        # A patch, and a release of Helm, is a thing of the program: what it makes arrives as the object itself.
        if not token.endswith("Patch") and ":helm.sh/" not in token and token.rpartition(":")[2] not in IN_NO_NAMESPACE
    ]


def _parameters(control: Control[Any]) -> dict[str, Any]:
    """Return what a control's CEL asks of the operator, with the pack's own defaults."""
    if control.parameters is None:
        return {}
    prefix = f"variables.{control.id.lower().replace('-', '_')}_"
    defaults = control.parameters().model_dump(mode="json")
    return {name: value for name, value in defaults.items() if f"{prefix}{name}" in control.admits}


def resource_of(token: str) -> str:
    """Return a type token as ``group/version/plural``, the core group empty."""
    _, version, kind = token.split(":")
    group, _, number = version.rpartition("/")
    return f"{'' if group == 'core' else group}/{number}/{_plural(kind.lower())}"


def _plural(singular: str) -> str:
    if singular.endswith("y") and not singular.endswith("ay"):
        return f"{singular.removesuffix('y')}ies"
    return f"{singular}es" if singular.endswith("s") else f"{singular}s"


def text() -> str:
    """Return the file's content."""
    return json.dumps(rules(load()), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"wrote {FILE}\n")
