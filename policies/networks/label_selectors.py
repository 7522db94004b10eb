"""Which pods a label selector means."""

from __future__ import annotations

from collections.abc import Mapping

from policies.node import Node


def selects(selector: Node, labels: Node) -> bool | None:
    """Tell whether a selector of ``matchLabels`` and ``matchExpressions`` means pods with these labels.

    An empty one means every pod, none at all means no pod; `None` when it is not known yet.
    """
    if not (selector.known and labels.known):
        return None
    if selector.value is None:
        return False
    own = _texts(labels)
    wanted = _texts(selector["matchLabels"]).items()
    return wanted <= own.items() and all(_meets(each, own) for each in selector["matchExpressions"].items())


def selects_plainly(selector: Node, labels: Node) -> bool | None:
    """Tell whether a plain selector, as a Service has it, means pods with these labels; an empty one means none."""
    if not (selector.known and labels.known):
        return None
    wanted = _texts(selector)
    return bool(wanted) and wanted.items() <= _texts(labels).items()


def _meets(requirement: Node, labels: Mapping[str, object]) -> bool:
    key, operator = requirement["key"].value, requirement["operator"].value
    values = [each.value for each in requirement["values"].items()]
    present = isinstance(key, str) and key in labels
    if operator in ("Exists", "DoesNotExist"):
        return present is (operator == "Exists")
    among = present and labels[str(key)] in values
    return not among if operator == "NotIn" else operator == "In" and among


def _texts(node: Node) -> dict[str, object]:
    return dict(node.value) if isinstance(node.value, Mapping) else {}
