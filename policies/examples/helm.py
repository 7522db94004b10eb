"""Builders of Helm releases and charts: each keeps every control until told otherwise.

A keyword set to `None` leaves the property out.
"""

from __future__ import annotations

from typing import Final

from policies.examples.kubernetes import without_none
from policies.resources import Resource, resource
from policies.workloads.helm import CHART, RELEASE

HERE: Final = "111122223333.dkr.ecr.me-central-1.amazonaws.com"
"""A registry in the UAE, by its host."""


def release(*, name: str = "example", **properties: object) -> Resource:
    """Make a release of a chart, its images from a registry in the UAE."""
    made = {
        "chart": f"oci://{HERE}/charts/keda",
        "version": "2.17.1",
        "values": {"image": {"registry": HERE, "repository": "kedacore/keda", "tag": "2.17.1"}},
    }
    return resource(RELEASE, without_none(made | properties), urn=f"urn:pulumi:stack::project::{RELEASE}::{name}")


def chart(**properties: object) -> Resource:
    """Make a chart that is unfolded into its objects."""
    return resource(CHART, without_none({"chart": f"oci://{HERE}/charts/keda", "version": "2.17.1"} | properties))
