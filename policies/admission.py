"""The controls of Kubernetes objects in CEL, for a cluster to refuse what bypasses the program.

A control's CEL may use ``object``, and for anything that runs containers ``variables.pod`` (the pod's specification),
``variables.lasting`` (its containers) and ``variables.containers`` (ephemeral ones too). What they stand for, and the
policies that a cluster is given, are made by `components.admission`.
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
IRREGULAR: Final = {"NetworkPolicy": "networkpolicies", "Ingress": "ingresses"}
"""Kinds whose plural has more than an s."""


def rules(controls: Iterable[Control[Any]]) -> list[dict[str, Any]]:
    """Return one rule for each control that CEL can say: its id, what it judges, the expression, the refusal."""
    return [_rule(control) for control in controls if control.admits]


def _rule(control: Control[Any]) -> dict[str, Any]:
    tokens = [token for token in control.applies_to.tokens if not token.endswith("Patch")]
    return {
        "control": control.id,
        "resources": sorted(_resource(token) for token in tokens),
        "runs_containers": any(token in MADE for token in tokens),
        "expression": control.admits,
        "message": f"{control.id} {control.title}. {control.remedy}",
    }


def _resource(token: str) -> str:
    """Return a type token as ``group/version/plural``, the core group empty."""
    _, version, kind = token.split(":")
    group, _, number = version.rpartition("/")
    return f"{'' if group == 'core' else group}/{number}/{IRREGULAR.get(kind) or f'{kind.lower()}s'}"


def text() -> str:
    """Return the file's content."""
    return json.dumps(rules(load()), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"wrote {FILE}\n")
