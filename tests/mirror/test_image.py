from __future__ import annotations

import pytest

from falaj.errors import ConfigurationError
from falaj.mirror import Image, read_reference

DIGEST = f"sha256:{'ab' * 32}"


def test_an_image_is_named_by_digest_and_tagged_with_it() -> None:
    image = Image("falaj.local/traefik", DIGEST, "oci-archive:traefik.tar", "registry.ae/prod/falaj.local/traefik")

    assert image.reference == f"registry.ae/prod/falaj.local/traefik@{DIGEST}"
    assert image.tagged == f"registry.ae/prod/falaj.local/traefik:mirrored-{'ab' * 32}"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (f"registry.example.ae/pause@{DIGEST}", "registry.example.ae/pause"),
        (f"registry.example.ae/pause:3.10@{DIGEST}", "registry.example.ae/pause"),
        (f"localhost:5000/a/b__c-d.e@{DIGEST}", "localhost:5000/a/b__c-d.e"),
    ],
)
def test_a_reference_is_read_without_its_tag(given: str, name: str) -> None:
    assert read_reference(given) == (name, DIGEST)


@pytest.mark.parametrize(
    "given",
    ["registry.example.ae/pause:3.10", "registry.example.ae/pause", "pause@sha256:ab", f"UPPER/case@{DIGEST}", ""],
)
def test_an_image_without_digest_is_refused(given: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read_reference(given)

    assert str(raised.value) == (
        f"FAL-MIR-001  image {given}\n"
        "  It has no digest: what a tag stands for can change.\n"
        "  Next: write it as name@sha256:<64 hex>"
    )
