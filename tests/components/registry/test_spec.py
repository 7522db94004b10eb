from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from components.registry.flows import registry_flows
from components.registry.names import REPOSITORY, image_below, repository_of
from components.registry.spec import (
    AKS_SYSTEM_IMAGES,
    RegistrySpec,
    image_in_registry,
    registry_host,
    registry_name,
    registry_prefix,
    repositories_for,
)
from tests.components.locked_storage.samples import aws, azure, placement

DIGEST = f"sha256:{'ab' * 32}"
HOSTS = st.from_regex(r"[a-z0-9]+(\.[a-z0-9]+){0,3}(:[1-9][0-9]{0,4})?", fullmatch=True)
PATHS = st.lists(st.from_regex(r"[a-z0-9]+(([._]|__|-{1,2})[a-z0-9]+){0,2}", fullmatch=True), min_size=1, max_size=4)
KUBERNETES = {"name": "kubernetes", "source": "public.ecr.aws", "target": "k8s"}


def refusal(**fields: Any) -> str:  # noqa: ANN401 - fields of the specification
    with pytest.raises(ValidationError) as raised:
        RegistrySpec.model_validate(fields)
    return str(raised.value.errors()[0]["msg"]).removeprefix("Value error, ")


def test_its_host_is_known_before_it_exists() -> None:
    in_aws = RegistrySpec(**aws())
    assert registry_host(in_aws) == "111122223333.dkr.ecr.me-central-1.amazonaws.com"
    assert registry_prefix(in_aws) == "111122223333.dkr.ecr.me-central-1.amazonaws.com/aws-me-central-1-prod"

    named = RegistrySpec(**azure(), name="falajprod")
    assert registry_host(named) == registry_prefix(named) == "falajprod.azurecr.io"
    assert registry_name(RegistrySpec(**azure())) == "azureuaenorthprodregistrya906c9c3"


def test_an_image_keeps_its_whole_name_and_digest() -> None:
    spec = RegistrySpec(**aws())

    assert image_in_registry(spec, f"falaj.local/models/iris@{DIGEST}") == (
        f"111122223333.dkr.ecr.me-central-1.amazonaws.com/aws-me-central-1-prod/falaj.local/models/iris@{DIGEST}"
    )
    assert image_below("registry.ae", f"localhost:5000/a/b:1.2@{DIGEST}") == f"registry.ae/localhost-5000/a/b@{DIGEST}"


def test_an_image_without_digest_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^public.ecr.aws/pause:3.10 has no digest, allowed: name@sha256:<64 hex>$"):
        image_below("registry.ae", "public.ecr.aws/pause:3.10")


@given(host=HOSTS, path=PATHS)
def test_every_image_gets_a_repository_that_both_clouds_take(host: str, path: list[str]) -> None:
    repository = repository_of("/".join([host, *path]))

    # What the clouds add to OCI's own rule: neither takes two separators in a row.
    if "__" not in repository and "--" not in repository:
        assert re.fullmatch(REPOSITORY, repository)
    assert image_below("registry.ae", f"{'/'.join([host, *path])}@{DIGEST}") == f"registry.ae/{repository}@{DIGEST}"


def test_repositories_are_listed_once() -> None:
    images = (f"falaj.local/b@{DIGEST}", "falaj.local/a", f"falaj.local/a@{DIGEST}")

    assert repositories_for(images) == ("falaj.local/a", "falaj.local/b")
    assert refusal(**aws(), repositories=("falaj.local/a", "falaj.local/a")) == "allowed: each repository once"
    assert RegistrySpec(**aws(), repositories=("x/b", "x/a")).repositories == ("x/a", "x/b")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({**aws(), "name": "Prod"}, "name 'Prod', allowed: a-z and 0-9, with . _ - between them"),
        ({**azure(), "name": "falaj-prod"}, "name 'falaj-prod', allowed: 5 to 50 of a-z and 0-9"),
        ({**azure(), "name": "prod"}, "name 'prod', allowed: 5 to 50 of a-z and 0-9"),
        (
            {**azure(), "repositories": ("falaj.local/a",)},
            "repositories, allowed: none on Azure, where the first push makes them",
        ),
        ({**aws(), "replicas": ("me-south-1",)}, "replicas 'me-south-1', allowed: none in this region"),
        ({**azure(), "replicas": ("westeurope",)}, "replicas 'westeurope', allowed: uaecentral"),
        ({**azure(), "replicas": ("uaenorth",)}, "replicas 'uaenorth', allowed: uaecentral"),
        (
            {**aws(), "mirrors": ({**KUBERNETES, "source": "registry.example.com"},)},
            "mirrors source 'registry.example.com', allowed: public.ecr.aws",
        ),
        (
            {**aws(), "mirrors": ({**KUBERNETES, "target": "kubernetes"},)},
            "mirrors target 'kubernetes', allowed: without *, and with aws-me-central-1-prod/ at most 30 characters",
        ),
    ],
)
def test_what_a_cloud_would_refuse_is_refused_before(fields: dict[str, Any], message: str) -> None:
    assert refusal(**fields) == message


def test_both_sites_in_the_country_may_hold_the_images() -> None:
    assert RegistrySpec(**azure(), replicas=("uaecentral",)).replicas == ("uaecentral",)
    assert RegistrySpec(**azure("uaecentral"), replicas=("uaenorth",)).replicas == ("uaenorth",)


def test_every_flow_ends_in_the_region_or_its_pair() -> None:
    spec = RegistrySpec(**azure(), replicas=("uaecentral",), mirrors=(AKS_SYSTEM_IMAGES,))

    assert [(flow.source, flow.sink, flow.region, flow.data_class.value) for flow in registry_flows(spec)] == [
        ("platform-team", "registry", "uaenorth", "internal"),
        ("registry", "nodes", "uaenorth", "internal"),
        ("registry", "azure/image-scanner", "uaenorth", "internal"),
        ("registry", "registry-uaecentral", "uaecentral", "internal"),
        ("mcr.microsoft.com/*", "registry", "uaenorth", "public"),
    ]
    assert {flow.encryption.value for flow in registry_flows(spec)} == {"tls"}


def test_a_stack_in_capitals_gets_a_name_that_ecr_takes() -> None:
    given = placement("me-central-1").model_copy(update={"stack": "PROD"})

    assert registry_name(RegistrySpec(placement=given, account="111122223333")) == "prod"
