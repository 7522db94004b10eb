"""The order in which the cluster autoscaler tries pools with GPUs, as it reads it."""

from __future__ import annotations

import yaml

from components.node_pools.expander import ExpanderPriorities
from falaj.catalog.providers import Provider
from tests.components.conftest import Run
from tests.components.gpu.wishes import RESERVATION, aws_wish, steps
from tests.components.node_pools.gpu_examples import pools_of

ON_AWS = {"capacity": steps("reserved", "on_demand", "spot"), "reservation": {"id": RESERVATION, "zone": "mec1-az2"}}


def test_the_autoscaler_finds_its_order_under_the_name_and_key_that_it_looks_for(run: Run) -> None:
    def program() -> None:
        ExpanderPriorities("gpu-expander", Provider.AWS, pools_of(aws_wish(ON_AWS)), namespace="falaj-autoscaler")

    (made,) = run(program).typed("kubernetes:core/v1:ConfigMap")

    assert made.inputs["metadata"]["name"] == "cluster-autoscaler-priority-expander"
    assert made.inputs["metadata"]["namespace"] == "falaj-autoscaler"
    assert yaml.safe_load(made.inputs["data"]["priorities"]) == {
        30: ["^eks-gpur-[0-9a-f]{8}-.*"],
        20: ["^eks-gpu-[0-9a-f]{8}-.*"],
        10: ["^eks-gpus-[0-9a-f]{8}-.*"],
    }
