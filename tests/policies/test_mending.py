"""Fixes find pods by the shape of what holds them, and leave what is not known yet as it is."""

from __future__ import annotations

from typing import Any

import pytest

from policies.values import UNKNOWN
from policies.workloads.mending import Part, inside, put, with_mended_pods

POD: dict[str, Any] = {"containers": [{"name": "server"}]}


def mark(pod: Part) -> None:
    pod["marked"] = True


@pytest.mark.parametrize(
    "around",
    [
        lambda pod: {"spec": pod},
        lambda pod: {"spec": {"template": {"spec": pod}}},
        lambda pod: {"spec": {"jobTemplate": {"spec": {"template": {"spec": pod}}}}},
        lambda pod: {"items": [{"spec": pod}, {"spec": {"template": {"spec": pod}}}]},
    ],
)
def test_a_pod_is_found_in_whatever_holds_it(around: Any) -> None:  # noqa: ANN401 - a function of a test
    before = around(POD)

    assert with_mended_pods(before, mark) == around(POD | {"marked": True})
    assert before == around(POD)


def test_what_a_pod_holds_is_copied_as_well() -> None:
    def rename(pod: Part) -> None:
        pod["containers"][0]["name"] = "another"

    before = {"spec": {"containers": [{"name": "server"}]}}
    with_mended_pods(before, rename)

    assert before == {"spec": {"containers": [{"name": "server"}]}}


@pytest.mark.parametrize("unknown", [UNKNOWN, {"inside": UNKNOWN}, [UNKNOWN]])
def test_what_is_not_known_yet_is_not_overwritten(unknown: object) -> None:
    part = {"name": unknown, "other": 1}
    put(part, "name", "new")
    put(part, "other", 2)

    assert part == {"name": unknown, "other": 2}


def test_what_lies_in_something_unknown_is_lost() -> None:
    part: Part = {"spec": UNKNOWN}
    inside(part, "spec", "template")["name"] = "new"

    assert part == {"spec": UNKNOWN}
