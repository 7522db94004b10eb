"""Day two, 2: the next Kubernetes minor. Cluster, pools and add-ons change in place, and nothing that runs on them."""

from __future__ import annotations

import pytest

from tests.day_two.conftest import AWS, AZURE, NEXT_MINOR, SiteOf, StackFile, on_aws, on_azure
from tests.stacks.conftest import shipped

ON_CPUS = ["pool-cpu-nodes", "pool-system-nodes"]
OF_AWS = [*ON_CPUS, "gpu-pool-gpu-nodes", "gpu-pool-gov-nodes", "cluster-autoscaler-pods"]
"""The autoscaler is of the cluster's minor, and goes along with it."""


def raised(file: StackFile) -> None:
    """The next minor, and the autoscaler that fits it where there is one of ours."""
    file["environment"]["kubernetes"] = NEXT_MINOR
    if "autoscaler_image" in file["environment"]:
        file["environment"]["autoscaler_image"] = shipped(AWS)["falaj:environment"]["autoscaler_image"]


@pytest.mark.parametrize(
    ("stack", "cluster", "pools"),
    [
        pytest.param(AWS, "cluster-cluster", OF_AWS, marks=on_aws),
        pytest.param(AZURE, "cluster-cluster", ON_CPUS, marks=on_azure),
    ],
)
def test_the_minor_is_raised_in_place(site: SiteOf, stack: str, cluster: str, pools: list[str]) -> None:
    change = site(stack).change(stack, raised)

    assert {*change.done} == {"update"}
    assert {cluster, *pools} <= {*change.done["update"]}
    others = {*change.done["update"]} - {cluster, *pools}
    assert {name for name in others if change.type_of(name) != "aws:eks/addon:Addon"} == set()
    assert (change.losses, change.harmed) == ([], [])
    assert change.settles()
