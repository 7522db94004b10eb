"""Builders of policies that verify images: each keeps every control until told otherwise.

A keyword set to `None` leaves the property out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policies.examples.kubernetes import without_none
from policies.resources import Resource, resource
from policies.workloads.signatures import ADMISSION, BINDING

CLUSTER_POLICY: Final = "kubernetes:kyverno.io/v1:ClusterPolicy"
IMAGE_VALIDATING_POLICY: Final = "kubernetes:policies.kyverno.io/v1:ImageValidatingPolicy"
CLUSTER_IMAGE_POLICY: Final = "kubernetes:policy.sigstore.dev/v1beta1:ClusterImagePolicy"
KEY: Final = "awskms:///alias/images"
OWN_REKOR: Final = "https://rekor.acme.ae"


def kyverno(*entries: object, kind: object = None, action: object = "Enforce", **spec: object) -> Resource:
    """Make Kyverno's policy that verifies by a key whose signatures are published nowhere."""
    signed = list(entries) or [{"keys": {"kms": KEY, "rekor": {"ignoreTlog": True}}}]
    images = without_none({"type": kind, "failureAction": action, "attestors": [{"entries": signed}]})
    return resource(CLUSTER_POLICY, {"spec": {"rules": [{"name": "signed", "verifyImages": [images]}], **spec}})


def image_validation(*attestors: object, **spec: object) -> Resource:
    """Make Kyverno's newer policy that does the same."""
    signed = list(attestors) or [{"cosign": {"key": {"kms": KEY}, "ctlog": {"insecureIgnoreTlog": True}}}]
    return resource(IMAGE_VALIDATING_POLICY, {"spec": {"attestors": signed, **spec}})


def image_policy(*authorities: object, **spec: object) -> Resource:
    """Make Sigstore's policy that verifies by a key."""
    return resource(
        CLUSTER_IMAGE_POLICY, {"spec": {"authorities": list(authorities) or [{"key": {"kms": KEY}}], **spec}}
    )


def digests(
    name: object = "digests", expression: object = "c.image.matches('^[^@]+@sha256:[0-9a-f]{64}$')"
) -> Resource:
    """Make an admission policy of Kubernetes that asks for digests."""
    spec = {"failurePolicy": "Fail", "validations": [{"expression": expression}]}
    return resource(ADMISSION, {"metadata": {"name": name}, "spec": spec})


def bound(
    policy: object = "digests", actions: object = ("Deny", "Audit"), *, made_from: Sequence[str] = ()
) -> Resource:
    """Make the binding of that policy."""
    said = list(actions) if isinstance(actions, tuple) else actions
    return resource(
        BINDING,
        {"metadata": {"name": "digests"}, "spec": {"policyName": policy, "validationActions": said}},
        property_dependencies={"spec": made_from},
    )
