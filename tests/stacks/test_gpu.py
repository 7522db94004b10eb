"""Pools with GPUs and endpoints on Triton, from the stack file to the plan."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.serving.triton_pods import pod_template
from falaj.catalog.tags import Tag
from falaj.catalog.tiers import Disruption
from falaj.errors import ConfigurationError
from stacks import settings
from stacks.brought_along import brought_along
from stacks.environment_settings import AwsEnvironment, AzureEnvironment, LocalEnvironment
from stacks.gpu_specs import gpu_pool_specs, way_in
from stacks.images import TRITON
from stacks.placement import environment_placement
from stacks.residents import Resident, _gpu_quota
from stacks.servers import server_spec
from stacks.settings import StackFile, check, load
from tests.stacks.conftest import shipped
from tests.stacks.test_clouds import inputs, of_type, plan, texts
from tests.stacks.test_mistakes import COSTS, changed

AWS, AZURE = "aws-me-central-1-prod", "azure-uaenorth-prod"
SIMULATED = {"family": "h100-80gb", "resources": {"nvidia.com/gpu": 2}}
PREFIX = "111122223333.dkr.ecr.me-central-1.amazonaws.com/aws-me-central-1-prod/"
DOOR = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy"
SPOT = [{"kind": "on_demand", "minutes": 10}, {"kind": "spot", "minutes": 10}, {"kind": "cpu_route"}]


def cloud(stack: str, **more: Any) -> AwsEnvironment | AzureEnvironment:  # noqa: ANN401 - what a file may say
    """A shipped environment with other words in its file."""
    model = AwsEnvironment if stack.startswith("aws") else AzureEnvironment
    return model.model_validate_json(json.dumps(shipped(stack)["falaj:environment"] | more))


def named(stack: str, name: str) -> dict[str, Any]:
    """The inputs of the one resource of that name that is no component."""
    (found,) = [
        inputs(each)
        for each in plan(stack)
        if each["urn"].endswith(f"::{name}") and not each["type"].startswith("falaj:")
    ]
    return found


def test_each_step_of_a_capacity_is_a_pool_of_its_own_in_the_zones_that_sell_it() -> None:
    home = cloud(AWS, gpu_pools={"gpu": {"sizes": ["g6.xlarge", "g6.2xlarge"], "maximum": 2, "zones": ["mec1-az2"]}})
    home = home.model_copy(
        update={"gpu_pools": {"gpu": type(home.gpu_pools["gpu"]).model_validate({**_words(home), "capacity": SPOT})}}
    )

    specs = gpu_pool_specs(home, environment_placement(AWS, home))

    assert {name: (spec.capacity, spec.zones, spec.minimum) for name, spec in specs.items()} == {
        "gpu": ("on_demand", ("mec1-az2",), 0),
        "gpus": ("spot", ("mec1-az2",), 0),
    }


def _words(home: AwsEnvironment | AzureEnvironment) -> dict[str, Any]:
    return home.gpu_pools["gpu"].model_dump(exclude={"capacity"})


def test_nodes_lie_in_the_subnets_of_their_pools_zones() -> None:
    every = named(AWS, "pool-cpu-nodes")["subnetIds"]
    of_gpus = named(AWS, "gpu-pool-gpu-nodes")["subnetIds"]

    assert (len(every), len(of_gpus)) == (3, 2)


def test_a_tenants_own_pool_is_marked_and_booked_to_it() -> None:
    nodes = named(AWS, "gpu-pool-gov-nodes")

    assert {"key": "falaj.dev/tenant", "value": "aws-sovereign", "effect": "NO_SCHEDULE"} in nodes["taints"]
    assert nodes["labels"]["falaj.dev/gpu-sharing"] == "whole"
    assert nodes["tags"][Tag.TENANT.value] == "aws-sovereign"


def test_everything_a_cluster_pulls_has_a_repository_in_its_registry() -> None:
    made = {inputs(each)["name"] for each in of_type(AWS, "aws:ecr/repository:Repository")}
    asked = {
        text.removeprefix("oci://").partition("@")[0]
        for each in plan(AWS)
        if each["type"].startswith("kubernetes:")
        for text in texts(inputs(each))
        if re.match(rf"^(oci://)?{re.escape(PREFIX)}.+@sha256", text)
    }
    brought = {f"{PREFIX}{each.partition('@')[0]}" for each in brought_along(cloud(AWS))}

    assert len(asked) > 4
    assert len(brought) == 7
    host = PREFIX.partition("/")[0]
    assert {each.removeprefix(f"{host}/") for each in asked | brought} <= made


def test_the_autoscaler_of_aks_tries_pools_in_order_and_gives_each_the_time_of_its_steps() -> None:
    (cluster,) = of_type(AZURE, "azure-native:containerservice:ManagedCluster")
    (without,) = of_type("azure-uaenorth-dev", "azure-native:containerservice:ManagedCluster")

    assert inputs(cluster)["autoScalerProfile"]["expander"] == "priority"
    assert inputs(cluster)["autoScalerProfile"]["maxNodeProvisionTime"] == "15m"
    assert inputs(without)["autoScalerProfile"]["expander"] == "least-waste"
    assert named(AZURE, "gpu-expander-order")["data"] == {
        "priorities": "20:\n- ^aks-gov[0-9a-f]{5}-.*\n- ^aks-gpu[0-9a-f]{5}-.*\n"
    }


def test_nodes_of_aks_are_marked_by_what_is_there_before_their_pool() -> None:
    (marking,) = [each["urn"] for each in plan(AZURE) if each["urn"].endswith("::gpu-startup-taint-binding")]
    pools = [each for each in plan(AZURE) if re.search(r"::gpu-pool-(gpu|gov)$", each["urn"])]

    assert len(pools) == 2
    assert all(marking in each["dependencies"] for each in pools)
    assert [each for each in plan(AWS) if "startup-taint" in each["urn"]] == []


def test_tenants_are_told_what_to_ask_for_and_where() -> None:
    home = cloud(AZURE)

    told = way_in(gpu_pool_specs(home, environment_placement(AZURE, home)))

    assert told["gpu"] == {
        "resources": {"nvidia.com/gpu": 7},
        "machines": 3,
        "tenant": None,
        "node_selector": {
            "falaj.dev/pool": "gpu",
            "falaj.dev/gpu-family": "h100-nvl-94gb",
            "falaj.dev/gpu-sharing": "mig",
        },
        "tolerations": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}],
    }
    assert told["gov"]["tenant"] == "azure-sovereign"
    assert told["gov"]["tolerations"][0]["key"] == "falaj.dev/tenant"


@pytest.mark.parametrize(
    ("stack", "most"),
    [("aws-smb", "0"), ("aws-enterprise", "2"), ("aws-sovereign", "3"), ("azure-enterprise", "2")],
)
def test_a_tenant_may_hold_the_gpus_its_endpoints_ask_for_and_no_more(stack: str, most: str) -> None:
    (quota,) = of_type(stack, "kubernetes:core/v1:ResourceQuota")

    assert inputs(quota)["spec"]["hard"]["requests.nvidia.com/gpu"] == most


def test_an_endpoint_on_triton_runs_on_gpus_from_the_environments_own_registry() -> None:
    (deployment,) = of_type("aws-enterprise", "kubernetes:apps/v1:Deployment")
    pod = inputs(deployment)["spec"]["template"]["spec"]
    (container,) = pod["containers"]

    assert container["image"].startswith(f"{PREFIX}registry.example.ae/platform/triton@sha256:")
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert pod["nodeSelector"] == {"falaj.dev/pool": "gpu"}
    assert [each["key"] for each in pod["tolerations"]] == ["nvidia.com/gpu"]


def test_a_sovereign_endpoint_runs_on_its_tenants_own_gpus() -> None:
    (deployment,) = of_type("azure-sovereign", "kubernetes:apps/v1:Deployment")
    pod = inputs(deployment)["spec"]["template"]["spec"]

    assert pod["nodeSelector"] == {"falaj.dev/tenant": "azure-sovereign", "falaj.dev/pool": "gpu"}
    assert [each["key"] for each in pod["tolerations"]] == ["falaj.dev/tenant", "nvidia.com/gpu"]


def test_a_tenant_apart_from_others_needs_a_pool_of_its_own(lock: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        check("aws-treasury", {**changed("aws-sovereign", "falaj:tenant/owner", "risk"), "images": str(lock)})

    assert str(refused.value) == (
        "FAL-CFG-101  stacks/config/Pulumi.aws-treasury.yaml, key falaj:tenant.endpoints.iris.gpu\n"
        "  tier sovereign runs on machines of its own, and no pool with GPUs of environment aws-me-central-1-prod is "
        "kept for it, allowed: leave it out, or a pool there with tenant: aws-treasury.\n"
        "  Next: edit the file of stack aws-me-central-1-prod"
    )


@pytest.fixture
def local(lock: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., StackFile]:
    """A shipped tenant of the local cluster whose endpoint says more; Triton is built, and GPUs are as given."""
    images = json.loads(lock.read_text()) | {TRITON: {"digest": f"sha256:{'b' * 64}", "archive": "triton.tar"}}
    lock.write_text(json.dumps(images))

    def checked(stack: str, gpus: dict[str, Any] | None, **words: Any) -> StackFile:  # noqa: ANN401 - what a file says
        home = LocalEnvironment.model_validate({**shipped("local")["falaj:environment"], "gpus": gpus})
        monkeypatch.setattr(settings, "environment_of", {"local": home}.get)
        endpoint = shipped(stack)["falaj:tenant"]["endpoints"]["iris"] | words
        return check(stack, {**changed(stack, "falaj:tenant/endpoints/iris", endpoint), "images": str(lock)})

    return checked


def test_a_local_environment_has_no_gpus_unless_it_says_so(local: Callable[..., StackFile]) -> None:
    with pytest.raises(ConfigurationError) as refused:
        local("local-enterprise", None, runtime="triton", gpu={})

    assert str(refused.value) == (
        "FAL-CFG-101  stacks/config/Pulumi.local-enterprise.yaml, key falaj:tenant.endpoints.iris.gpu\n"
        "  environment local names no simulated GPUs (gpus), allowed: leave it out, or name there what falaj "
        "cluster up --gpu-node made.\n"
        "  Next: edit the file of stack local"
    )


@pytest.mark.parametrize(
    ("stack", "words", "most"),
    [
        ("local-enterprise", {"runtime": "triton", "gpu": {}}, 2),
        ("local-enterprise", {"runtime": "routed", "routing": COSTS, "gpu": {}, "gpu_replicas": 1}, 1),
        ("local-smb", {}, 0),
    ],
)
def test_tenants_of_a_local_cluster_hold_the_simulated_gpus_they_ask_for(
    local: Callable[..., StackFile], stack: str, words: dict[str, Any], most: int
) -> None:
    found = Resident.of(local(stack, SIMULATED, **words))

    assert _gpu_quota(found) == {"nvidia.com/gpu": most}
    assert [(pool.name, pool.family, pool.tenant) for pool in found.gpu_pools] == [("simulated-gpu", "h100-80gb", None)]


def test_cpus_answer_while_the_only_pod_with_a_gpu_is_exchanged_or_away(local: Callable[..., StackFile]) -> None:
    words = {"runtime": "routed", "routing": COSTS, "gpu": {}, "gpu_replicas": 1}

    spec = spec_of(Resident.of(local("local-enterprise", SIMULATED, **words)))

    assert (spec.cpu.replicas, spec.gpu.replicas) == (2, 1)
    assert (spec.gpu.rollout, spec.gpu.disruption) == ("replace", Disruption(max_unavailable=1))
    assert spec.gpu.variant == "local-cpu"


def test_more_simulated_gpus_than_the_node_has_are_refused(local: Callable[..., StackFile]) -> None:
    with pytest.raises(ConfigurationError) as refused:
        local("local-enterprise", SIMULATED, runtime="triton", gpu={"family": "l4"}, replicas=3)
    assert refused.value.message == "found 'l4', allowed here: h100-80gb."

    with pytest.raises(ConfigurationError) as refused:
        local("local-enterprise", SIMULATED, runtime="triton", gpu={}, replicas=3)
    assert refused.value.message == ("ask for 3 of nvidia.com/gpu with their updates, the pools simulated-gpu have 2.")


def resident(stack: str, **pool: Any) -> Resident:  # noqa: ANN401 - what a file may say
    """A shipped tenant whose environment has one pool with GPUs, with these words."""
    file = load(stack, images_built=False)
    assert isinstance(file.home, AwsEnvironment)
    words = {"sizes": ["g6.xlarge", "g6.2xlarge"], "maximum": 9, "zones": ["mec1-az1"], **pool}
    home = cloud(AWS, gpu_pools={"gpu": words})
    return Resident.of(StackFile(stack, file.settings, file.images, home))


def spec_of(found: Resident) -> Any:  # noqa: ANN401 - one of two specs
    """What its one endpoint asks for."""
    return server_spec(found, "iris", found.settings.endpoints["iris"])


def test_pods_run_on_spot_machines_where_their_pool_looks_for_some() -> None:
    assert not spec_of(resident("aws-enterprise")).spot
    spec = spec_of(resident("aws-enterprise", capacity=SPOT))

    assert spec.spot
    assert [each["key"] for each in pod_template(spec, {})["spec"]["tolerations"]] == [
        "nvidia.com/gpu",
        "falaj.dev/capacity",
        "kubernetes.azure.com/scalesetpriority",
    ]


def test_a_tenant_on_shared_machines_may_have_gpus_of_its_own() -> None:
    assert not spec_of(resident("aws-enterprise")).own_machines
    assert spec_of(resident("aws-enterprise", tenant="aws-enterprise")).own_machines


def test_an_old_pod_hands_its_gpu_to_the_new_one() -> None:
    found = resident("aws-enterprise")

    assert spec_of(found).rollout == "replace"
    assert _gpu_quota(found) == {"nvidia.com/gpu": 2}


def routed(lock: Path, stack: str = "aws-enterprise", **words: Any) -> StackFile:  # noqa: ANN401 - what a file may say
    """A shipped tenant whose endpoint has a runtime on each side, with these words."""
    size = {"cpu_request": "500m", "cpu_limit": "2", "memory_request": "1Gi", "memory_limit": "2Gi"}
    shared = {"runtime": "routed", "routing": COSTS, "resources": size}
    endpoint = {**shipped(stack)["falaj:tenant"]["endpoints"]["iris"], **shared, **words}
    given = {key: value for key, value in endpoint.items() if value is not None}
    return check(stack, {**changed(stack, "falaj:tenant/endpoints/iris", given), "images": str(lock)})


def test_a_routed_endpoint_has_a_runtime_on_each_side_and_gpus_for_one(lock: Path) -> None:
    file = routed(lock)
    found = Resident.of(file, file.images.below("registry.ae"))

    spec = spec_of(found)

    assert (spec.cpu.endpoint, spec.gpu.endpoint, spec.cpu.behind, spec.gpu.behind) == (
        "iris-cpu",
        "iris-gpu",
        "iris",
        "iris",
    )
    assert spec.gpu.gpu.resource == "nvidia.com/gpu"
    assert spec.router.image == spec.cpu.image
    assert [(pool.name, pool.family) for pool in spec.gpu_pools] == [("gpu", "l4")]
    assert _gpu_quota(found) == {"nvidia.com/gpu": 2}


def test_a_routed_endpoint_asks_for_gpus_by_name(lock: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        routed(lock, gpu=None)

    assert refused.value.where.endswith("key falaj:tenant.endpoints.iris.gpu")
    assert refused.value.message == (
        "is missing. What a pod of the GPU side asks for. For example: {resource: nvidia.com/gpu}."
    )


def test_both_runtimes_and_the_router_count_in_the_tenants_room(lock: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        routed(lock, resources=shipped("aws-enterprise")["falaj:tenant"]["endpoints"]["iris"]["resources"])

    assert refused.value.message == (
        "more than tier enterprise holds, with one pod more per endpoint for its update: 6300 of 4000 CPU requests in "
        "millicores, 27000 of 24000 CPU limits in millicores, 12480 of 8192 MiB of memory requests, 25344 of 16384 MiB "
        "of memory limits."
    )


def test_the_sides_of_a_routed_endpoint_take_no_other_endpoints_name(lock: Path) -> None:
    tenant = shipped("aws-enterprise")["falaj:tenant"]
    iris = {**tenant["endpoints"]["iris"], "runtime": "routed", "routing": COSTS}
    asked = changed("aws-enterprise", "falaj:tenant/endpoints", {"iris": iris, "iris-gpu": tenant["endpoints"]["iris"]})
    with pytest.raises(ConfigurationError) as refused:
        check("aws-enterprise", {**asked, "images": str(lock)})

    assert refused.value.message == (
        "routed makes iris-cpu and iris-gpu, and iris-gpu is there, allowed: another name."
    )


def test_the_door_lets_the_drivers_of_gpus_be_where_there_are_some() -> None:
    trusting = '!(request.namespace in ["gpu-operator"])'

    for stack in (AWS, AZURE):
        conditions = [text for each in of_type(stack, DOOR) for text in texts(inputs(each)) if text == trusting]
        assert len(conditions) > 1
    assert [each for each in of_type("azure-uaenorth-dev", DOOR) if trusting in texts(inputs(each))] == []
