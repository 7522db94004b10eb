"""Builders of workloads that mount or fetch models, and of the stores they fetch from."""

from __future__ import annotations

from typing import Any, Final

from falaj.catalog.model_annotations import ModelAnnotation
from policies.examples.helm import HERE
from policies.examples.kubernetes import DIGEST, container, metadata, pod_spec
from policies.resources import Resource, resource
from policies.workloads.registries import STACK_REFERENCE

MODEL: Final = f"{HERE}/models/iris@{DIGEST}"
OTHER: Final = f"{HERE}/models/iris@sha256:{'b' * 64}"


def mounting(*references: object, said: object = None) -> Resource:
    """Make a Deployment that mounts models, whose pods say which."""
    volumes = [{"name": f"model-{place}", "image": {"reference": each}} for place, each in enumerate(references)]
    return _serving(said, pod_spec(volumes=[{"name": "tmp", "emptyDir": {}}, *volumes]))


def fetching(*arguments: object, said: object = f"iris@{DIGEST}", **variables: object) -> Resource:
    """Make a Deployment that fetches models by itself, whose pods say which."""
    env = [{"name": name, "value": value} for name, value in variables.items()]
    return _serving(said, pod_spec([container(args=list(arguments), env=env)]))


def bucket(name: object = "acme-models") -> Resource:
    """Make a bucket."""
    return resource("aws:s3/bucket:Bucket", {"bucket": name})


def account(name: object = "acmemodels") -> Resource:
    """Make a storage account."""
    return resource("azure-native:storage:StorageAccount", {"accountName": name})


def environment(outputs: object) -> Resource:
    """Make the reference to an environment's stack that exports these."""
    return resource(STACK_REFERENCE, {"name": "organization/falaj/azure", "outputs": outputs})


def _serving(said: object, spec: dict[str, Any]) -> Resource:
    annotations = {"annotations": {ModelAnnotation.IMAGE.value: said}} if said is not None else {}
    template = {"metadata": annotations, "spec": spec}
    return resource("kubernetes:apps/v1:Deployment", {"metadata": metadata(), "spec": {"template": template}})
