"""The mistakes a user can make in a cloud's stack file: each is refused in one message before anything runs."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from falaj.errors import ConfigurationError
from stacks.settings import check
from tests.stacks.conftest import shipped

AWS, AZURE, DR = "aws-me-central-1-prod", "azure-uaenorth-prod", "azure-uaecentral-dr"
TENANT = "azure-enterprise"
SOVEREIGN = "aws-sovereign"
SIZES = {"sizes": ["m7i.2xlarge"], "minimum": 3, "maximum": 6}
AZURE_SIZES = {"sizes": ["Standard_D8s_v5"], "minimum": 3, "maximum": 6}
GPUS = {"sizes": ["g6.xlarge"], "maximum": 2, "zones": ["mec1-az1"]}
AZURE_GPUS = {"sizes": ["Standard_NC40ads_H100_v5"], "maximum": 2, "acknowledge_unknown": True}
COSTS = {"cpu": {"cost_per_hour": 0.2}, "gpu": {"cost_per_hour": 1.2}}
DIGEST = f"sha256:{'a' * 64}"
RESERVED = [{"kind": "reserved", "minutes": 15}, {"kind": "cpu_route"}]
OWN_GROUP = (
    "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/azure-uaenorth-prod-group/providers/"
    "Microsoft.Compute/capacityReservationGroups/gpus"
)
SPOT = [{"kind": "on_demand", "minutes": 10}, {"kind": "spot", "minutes": 10}, {"kind": "cpu_route"}]


def changed(stack: str, path: str, value: object) -> dict[str, str]:
    """The shipped file with one key changed, None takes it away; as Pulumi hands it over, without the project."""
    config: dict[str, Any] = copy.deepcopy(shipped(stack))
    *above, last = path.split("/")
    block = config
    for part in above:
        block = block.setdefault(part, {})
    if value is None:
        del block[last]
    else:
        block[last] = value
    return {
        key.removeprefix("falaj:"): each if isinstance(each, str) else json.dumps(each) for key, each in config.items()
    }


def refusal(stack: str, path: str, value: object, lock: Path) -> str:
    with pytest.raises(ConfigurationError) as refused:
        check(stack, {**changed(stack, path, value), "images": str(lock)})
    assert refused.value.exit_code == 3
    return str(refused.value)


E = "falaj:environment"
T = "falaj:tenant"
POOLS = f"{E}/pools"
GPU = f"{E}/gpu_pools/gpu"
RUNTIME = f"{E}/gpu_runtime"
ENTERPRISE = "aws-enterprise"
IRIS = f"{T}/endpoints/iris"
MISTAKES: list[tuple[str, str, object, str]] = [
    (AWS, f"{E}/region", "eu-west-1", "environment.region"),
    (AWS, f"{E}/region", "me-south-1", "environment.region"),
    (AWS, f"{E}/region", "uaenorth", "environment.account"),
    (AWS, f"{E}/stage", "production", "environment.stage"),
    (AWS, f"{E}/stage", "dev", "environment.data_class"),
    (AWS, f"{E}/profiles", ["cbuea"], "environment.profiles[0]"),
    (AWS, f"{E}/profiles", ["baseline"], "environment.profiles"),
    (AWS, f"{E}/profiles", ["cbuae", "difc_adgm"], "environment.documents"),
    (AWS, f"{E}/profiles", "cbuae", "environment.profiles"),
    (AWS, f"{E}/owner", "Platform Team", "environment.owner"),
    (AWS, f"{E}/ownr", "platform", "environment.ownr"),
    (AWS, f"{E}/cost_centre", None, "environment.cost_centre"),
    (AWS, f"{E}/data_class", "secret", "environment.data_class"),
    (AWS, f"{E}/data_class", "health", "environment.profiles"),
    (AWS, f"{E}/processing_record", None, "environment.processing_record"),
    (AWS, f"{E}/domain", "Bank.AE", "environment.domain"),
    (AWS, f"{E}/kubernetes", "1.29", "environment.kubernetes"),
    (AWS, f"{E}/kubernetes", 1.35, "environment.kubernetes"),
    (AWS, f"{E}/api_access", "public", "environment.api_access"),
    (AWS, f"{E}/zones", ["mec1-az4"], "environment.zones"),
    (AWS, f"{E}/zones", ["mec1-az1", "mec1-az2"], "environment.zones"),
    (AWS, f"{E}/zones", ["mec1-az1", "mec1-az1", "mec1-az2"], "environment.zones"),
    (AWS, f"{E}/account", 111122223333, "environment.account"),
    (AWS, f"{E}/account", "11112222333", "environment.account"),
    (AWS, f"{E}/administrators", [], "environment.administrators"),
    (AWS, f"{E}/administrators", ["arn:aws:iam::111122223333:root"], "environment.administrators[0]"),
    (AWS, f"{E}/administrators", ["arn:aws:iam::999999999999:role/admin"], "environment.administrators[0]"),
    (AWS, f"{E}/network/cidr", "10.31.0.0/16", "environment.network.cidr"),
    (AWS, f"{E}/network/cidr", "172.20.128.0/17", "environment.network.cidr"),
    (AWS, f"{E}/network/cidr", "8.8.0.0/16", "environment.network.cidr"),
    (AWS, f"{E}/network/cidr", "10.20.0.0/24", "environment.network.cidr"),
    (AWS, f"{E}/network/cidr", "10.20.0.1/16", "environment.network.cidr"),
    (AWS, f"{E}/network/egress", "open", "environment.network.egress"),
    (AWS, f"{E}/network/egress", "nat", "environment.network.egress"),
    (AWS, f"{E}/network/egress", "firewall", "environment.network.allowed_names"),
    (AWS, f"{E}/network/allowed_names", ["api.example.ae"], "environment.network.allowed_names"),
    (AWS, f"{E}/network/allowed_names", ["https://api.example.ae"], "environment.network.allowed_names[0]"),
    (AWS, f"{POOLS}/cpu", {**SIZES, "sizes": ["g4dn.xlarge"]}, "environment.pools.cpu.sizes[0]"),
    (AWS, f"{POOLS}/cpu", {**SIZES, "sizes": ["g5.xlarge"]}, "environment.pools.cpu.sizes[0]"),
    (AWS, f"{POOLS}/cpu", {**SIZES, "sizes": ["c6i.2xlarge"]}, "environment.pools.cpu.sizes[0]"),
    (AWS, f"{POOLS}/cpu", {**SIZES, "sizes": ["m7i.2xlarge", "m7g.2xlarge"]}, "environment.pools.cpu.sizes"),
    (AWS, f"{POOLS}/cpu", {**SIZES, "minimum": 9}, "environment.pools.cpu.minimum"),
    (AWS, f"{POOLS}/cpu", {**SIZES, "minimum": 1}, "environment.pools.cpu.minimum"),
    (AWS, f"{POOLS}/cpu", {**SIZES, "capacity": "spot"}, "environment.pools.cpu.capacity"),
    (AWS, f"{POOLS}/system", {**SIZES, "capacity": "spot"}, "environment.pools.system.capacity"),
    (AWS, f"{POOLS}/CPU", SIZES, "environment.pools.CPU"),
    (AWS, f"{E}/budget/monthly", 0, "environment.budget.monthly"),
    (AWS, f"{E}/budget/currency", "AED", "environment.budget.currency"),
    (AWS, f"{E}/budget/alerts", ["platform"], "environment.budget.alerts[0]"),
    (AWS, f"{E}/alert_receivers", None, "environment.alert_receivers"),
    (AWS, f"{E}/alert_receivers", [], "environment.alert_receivers"),
    (AWS, f"{E}/alert_receivers", ["security"], "environment.alert_receivers[0]"),
    (AWS, f"{E}/alert_receivers", ["http://siem.example.ae"], "environment.alert_receivers[0]"),
    (AWS, f"{E}/alert_receivers", ["a@example.ae", "A@example.ae"], "environment.alert_receivers"),
    (AZURE, f"{E}/alert_receivers", ["security@example.ae"], "environment.alert_receivers"),
    (AZURE, f"{E}/last_verified_restore", "last month", "environment.last_verified_restore"),
    (AWS, "falaj:kubeconfig", "/tmp/kubeconfig", "kubeconfig"),
    (AZURE, f"{E}/subscription", "my-subscription", "environment.subscription"),
    (AZURE, f"{E}/region", "uaecentral", "environment.access_grant"),
    (AZURE, f"{E}/redundancy", "GRS", "environment.redundancy"),
    (AZURE, f"{POOLS}/cpu", {**AZURE_SIZES, "sizes": ["Standard_NC24ads_A100_v4"]}, "environment.pools.cpu.sizes[0]"),
    (
        AZURE,
        f"{POOLS}/cpu",
        {**AZURE_SIZES, "sizes": ["Standard_D4s_v5", "Standard_D8s_v5"]},
        "environment.pools.cpu.sizes",
    ),
    (DR, f"{E}/zones", ["1"], "environment.zones"),
    (DR, f"{E}/redundancy", "ZRS", "environment.redundancy"),
    (DR, f"{E}/access_grant", None, "environment.access_grant"),
    (DR, f"{E}/stage", "prod", "environment.stage"),
    (TENANT, f"{T}/environment", "azure-prod", "tenant.environment"),
    (TENANT, f"{T}/region", "me-central-1", "tenant.region"),
    (TENANT, f"{T}/tier", "gold", "tenant.tier"),
    (TENANT, f"{T}/profiles", "gov", "tenant.profiles"),
    (TENANT, f"{T}/profiles", ["cbuae", "cbuea"], "tenant.profiles[1]"),
    (TENANT, f"{T}/profiles", ["health"], "tenant.profiles[0]"),
    (TENANT, f"{T}/profiles", ["gdpr"], "tenant.profiles[0]"),
    (TENANT, f"{T}/pool", AZURE_SIZES, "tenant.pool"),
    (TENANT, f"{T}/endpoints/iris/data_class", "health", "tenant.endpoints.iris.data_class"),
    (SOVEREIGN, f"{T}/pool", {**SIZES, "sizes": ["p5.48xlarge"]}, "tenant.pool.sizes[0]"),
    (SOVEREIGN, f"{T}/pool", {**SIZES, "sizes": ["g6.xlarge"]}, "tenant.pool.sizes[0]"),
    (AWS, GPU, {**GPUS, "sizes": ["p4d.24xlarge"]}, "environment.gpu_pools.gpu.sizes"),
    (AWS, GPU, {**GPUS, "sizes": ["m7i.2xlarge"]}, "environment.gpu_pools.gpu.sizes"),
    (AWS, GPU, {**GPUS, "zones": None}, "environment.gpu_pools.gpu.zones"),
    (AWS, GPU, {**GPUS, "zones": ["mec1-az9"]}, "environment.gpu_pools.gpu.zones"),
    (AWS, GPU, {**GPUS, "minimum": 5}, "environment.gpu_pools.gpu.minimum"),
    (AWS, GPU, {**GPUS, "sharing": "mig", "mig_layout": {"1g.10gb": 7}}, "environment.gpu_pools.gpu.sharing"),
    (AWS, GPU, {**GPUS, "sharing": "mps", "replicas": 4}, "environment.gpu_pools.gpu.sharing"),
    (AWS, GPU, {**GPUS, "sharing": "vgpu"}, "environment.gpu_pools.gpu.sharing"),
    (AWS, GPU, {**GPUS, "mig_layout": {"half": 2}}, "environment.gpu_pools.gpu.mig_layout.half"),
    (AWS, GPU, {**GPUS, "image": "eks-auto-mode"}, "environment.gpu_pools.gpu.image"),
    (AWS, GPU, {**GPUS, "driver_owner": "operator"}, "environment.gpu_pools.gpu.driver_owner"),
    (AWS, GPU, {**GPUS, "capacity": SPOT[1::-1]}, "environment.gpu_pools.gpu.capacity"),
    (AWS, GPU, {**GPUS, "capacity": SPOT}, "environment.gpu_pools.gpu.sizes"),
    (AWS, GPU, {**GPUS, "vcpu_quota": 4}, "environment.gpu_pools.gpu.maximum"),
    (AWS, GPU, {**GPUS, "tenant": "Treasury"}, "environment.gpu_pools.gpu.tenant"),
    (AWS, GPU, {**GPUS, "size": "g6.xlarge"}, "environment.gpu_pools.gpu.size"),
    (AWS, f"{E}/gpu_pools/gpupool", GPUS, "environment.gpu_pools.gpupool"),
    (
        AWS,
        f"{E}/gpu_pools",
        {"gpu": {**GPUS, "sizes": ["g6.xlarge", "g6.2xlarge"], "capacity": SPOT}, "gpus": GPUS},
        "environment.gpu_pools.gpu",
    ),
    (AWS, f"{E}/gpu_pools", None, "environment.gpu_runtime"),
    (AWS, RUNTIME, None, "environment.gpu_runtime"),
    (AWS, f"{RUNTIME}/images/operator", None, "environment.gpu_runtime.images.operator"),
    (
        AWS,
        f"{RUNTIME}/images/operator",
        f"r.ae/gpu-operator:v26.7.0@{DIGEST}",
        "environment.gpu_runtime.images.operator",
    ),
    (AWS, f"{RUNTIME}/images/toolkit", f"r.ae/toolkit@{DIGEST}", "environment.gpu_runtime.images.toolkit"),
    (AWS, f"{RUNTIME}/chart", "r.ae/gpu-operator:v26.3.3", "environment.gpu_runtime.chart"),
    (AWS, f"{RUNTIME}/driver", "580.95.05", "environment.gpu_runtime.driver"),
    (AWS, f"{E}/triton_image", "registry.example.ae/triton:26.07", "environment.triton_image"),
    (AWS, f"{E}/autoscaler_image", None, "environment.autoscaler_image"),
    (AWS, f"{E}/autoscaler_image", "r.ae/cluster-autoscaler:v1.36.1", "environment.autoscaler_image"),
    (AWS, f"{E}/autoscaler_image", f"r.ae/cluster-autoscaler:v1.35.2@{DIGEST}", "environment.autoscaler_image"),
    (AWS, f"{E}/kubernetes", "1.35", "environment.autoscaler_image"),
    (AZURE, f"{E}/autoscaler_image", f"r.ae/cluster-autoscaler@{DIGEST}", "environment.autoscaler_image"),
    (AZURE, f"{E}/kubernetes", "1.35", "environment.kubernetes"),
    (AZURE, GPU, {**AZURE_GPUS, "acknowledge_unknown": False}, "environment.gpu_pools.gpu.acknowledge_unknown"),
    (AZURE, GPU, {**AZURE_GPUS, "capacity": SPOT[::2]}, "environment.gpu_pools"),
    (
        AZURE,
        GPU,
        {**AZURE_GPUS, "capacity": RESERVED, "reservation": {"id": OWN_GROUP}},
        "environment.gpu_pools.gpu.reservation.id",
    ),
    (
        AZURE,
        GPU,
        {**AZURE_GPUS, "image": "aks-ubuntu-driver-none"},
        "environment.gpu_pools",
    ),
    (
        AZURE,
        GPU,
        {**AZURE_GPUS, "sharing": "mig", "mig_layout": {"3g.47gb": 3}},
        "environment.gpu_pools.gpu.mig_layout",
    ),
    (TENANT, f"{IRIS}/runtime", "onnxruntime", "tenant.endpoints.iris.gpu"),
    (TENANT, f"{IRIS}/runtime", "vllm", "tenant.endpoints.iris.runtime"),
    (TENANT, f"{IRIS}/runtime", "routed", "tenant.endpoints.iris.routing"),
    (TENANT, f"{IRIS}/routing", COSTS, "tenant.endpoints.iris.routing"),
    (TENANT, f"{IRIS}/routing", {"cpu": {}, "gpu": COSTS["gpu"]}, "tenant.endpoints.iris.routing.cpu.cost_per_hour"),
    (TENANT, f"{IRIS}/gpu/resource", "nvidia.com/mig-1g.12gb", "tenant.endpoints.iris.gpu.resource"),
    (TENANT, f"{IRIS}/gpu/resource", "amd.com/gpu", "tenant.endpoints.iris.gpu.resource"),
    (ENTERPRISE, f"{IRIS}/gpu/count", 2, "tenant.endpoints.iris.gpu.count"),
    (ENTERPRISE, f"{IRIS}/gpu/family", "h100-nvl-94gb", "tenant.endpoints.iris.gpu.family"),
    (ENTERPRISE, f"{IRIS}/replicas", 5, "tenant.endpoints"),
    (ENTERPRISE, f"{IRIS}/replicas", 9, "tenant.endpoints"),
    (ENTERPRISE, f"{IRIS}/gpu_replicas", 1, "tenant.endpoints.iris.gpu_replicas"),
    (ENTERPRISE, f"{IRIS}/gpu_replicas", 0, "tenant.endpoints.iris.gpu_replicas"),
    (ENTERPRISE, f"{IRIS}/gpu_replicas", 11, "tenant.endpoints.iris.gpu_replicas"),
    ("local", f"{E}/gpus", {"family": "mi300x", "resources": {"nvidia.com/gpu": 1}}, "environment.gpus.family"),
    ("local", f"{E}/gpus", {"family": "l4", "resources": {"nvidia.com/mig-1g.10gb": 7}}, "environment.gpus.resources"),
    ("local", f"{E}/gpus", {"family": "l4", "resources": {}}, "environment.gpus.resources"),
    (ENTERPRISE, f"{T}/tier", "smb", "tenant.endpoints.iris.gpu"),
    (ENTERPRISE, f"{T}/environment", "aws-me-central-1-dev", "tenant.endpoints.iris.runtime"),
]
"""Stack, path to change, value, key named in the message. The messages stand in mistakes.json, each read in review."""
MESSAGES = Path(__file__).with_name("mistakes.json")


def label(mistake: tuple[str, str, object, str]) -> str:
    stack, path, value, _ = mistake
    return f"{stack} {path.removeprefix('falaj:')} {json.dumps(value)}"


@pytest.mark.parametrize("mistake", MISTAKES, ids=label)
def test_a_mistake_is_refused_with_key_value_reason_and_what_is_allowed(
    mistake: tuple[str, str, object, str], lock: Path
) -> None:
    stack, path, value, key = mistake

    said = refusal(stack, path, value, lock)

    known: dict[str, str] = json.loads(MESSAGES.read_text(encoding="utf-8"))
    assert said == known[label(mistake)]
    assert f"stacks/config/Pulumi.{stack}.yaml" in said.splitlines()[0]
    assert f"falaj:{key}" in said


def test_there_are_forty_mistakes_and_each_has_one_message() -> None:
    known = json.loads(MESSAGES.read_text(encoding="utf-8"))

    assert len(MISTAKES) >= 40
    assert sorted(known) == sorted(label(mistake) for mistake in MISTAKES)
