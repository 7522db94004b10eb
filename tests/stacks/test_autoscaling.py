"""Who adds machines to the pools of an environment on AWS, from the stack file to the plan and to what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from falaj import engine
from stacks.autoscaling import autoscaler_spec, warning
from stacks.environment_settings import AwsEnvironment
from stacks.images import Images
from tests.fakes.forked_python import ForkedPython
from tests.fakes.plans import CLOUDS, ROOT, image_lock
from tests.stacks.conftest import shipped
from tests.stacks.test_clouds import inputs, of_type, plan

PROD, DEV = "aws-me-central-1-prod", "aws-me-central-1-dev"
PREFIX = "111122223333.dkr.ecr.me-central-1.amazonaws.com/aws-me-central-1-prod"
STAYS = (
    "Pools stay at the minimum for want of environment.autoscaler_image: cpu (1 of 4 machines), system (1 of 3 "
    "machines). Next: name cluster-autoscaler:v1.36.1 by digest, then run: falaj mirror -s aws-me-central-1-dev"
)


ONE_STAYS = (
    "A pool stays at the minimum for want of environment.autoscaler_image: cpu (2 of 3 machines). Next: name "
    "cluster-autoscaler:v1.35.2 by digest, then run: falaj mirror -s aws-me-central-1-dev"
)


def environment(stack: str, **words: Any) -> AwsEnvironment:  # noqa: ANN401 - what a file may say
    """A shipped environment with other words in its file."""
    return AwsEnvironment.model_validate_json(json.dumps(shipped(stack)["falaj:environment"] | words))


def pool(size: str, minimum: int, maximum: int) -> dict[str, Any]:
    return {"sizes": [size], "minimum": minimum, "maximum": maximum}


STEADY = {"cpu": pool("m7i.xlarge", 2, 2), "system": pool("m7i.large", 1, 1)}


@pytest.mark.parametrize(
    ("home", "said"),
    [
        (environment(PROD), None),
        (environment(DEV), STAYS),
        (environment(DEV, pools=STEADY), None),
        (environment(DEV, kubernetes="1.35", pools={**STEADY, "cpu": pool("m7i.xlarge", 2, 3)}), ONE_STAYS),
    ],
)
def test_pools_that_nobody_makes_grow_are_named_with_what_would(home: AwsEnvironment, said: str | None) -> None:
    assert warning(home, DEV) == said


def test_a_plan_says_so_and_goes_on(tmp_path: Path, stacks_python: ForkedPython) -> None:
    heard: list[engine.Event] = []
    options = engine.Options(
        config=image_lock(tmp_path),
        providers=CLOUDS,
        offline=True,
        state_directory=tmp_path / "state",
        listener=heard.append,
    )

    with stacks_python.in_use():
        engine.preview(engine.Project.load(ROOT), DEV, options)

    warned = [
        each.message
        for each in heard
        if isinstance(each, engine.Diagnostic) and each.severity is engine.Severity.WARNING
    ]
    assert [message.strip() for message in warned] == [STAYS]


@pytest.mark.parametrize(("words", "in_order"), [({}, True), ({"gpu_pools": {}, "gpu_runtime": None}, False)])
def test_its_image_comes_from_the_environments_own_registry(words: dict[str, Any], *, in_order: bool) -> None:
    home = environment(PROD, **words)

    spec = autoscaler_spec(PROD, home, Images(locked={}, lock=Path("none"), prefix=PREFIX))

    assert spec is not None
    assert spec.image.startswith(f"{PREFIX}/registry.example.ae/autoscaling/cluster-autoscaler@sha256:")
    assert (spec.cluster, spec.kubernetes, spec.in_order) == (PROD, "1.36", in_order)


def test_where_no_image_is_named_nobody_has_the_power_to_change_counts() -> None:
    roles = [inputs(each)["name"] for each in of_type(DEV, "aws:iam/role:Role")]

    assert "aws-me-central-1-dev-autoscaler" not in roles
    assert [each for each in plan(DEV) if "utoscaler" in each["type"]] == []


def test_it_finds_the_order_of_pools_where_it_runs_and_waits_for_no_gpus() -> None:
    (order,) = [each for each in plan(PROD) if each["urn"].endswith("::gpu-expander-order")]
    (pods,) = [each for each in plan(PROD) if each["urn"].endswith("::cluster-autoscaler-pods")]

    assert inputs(order)["metadata"]["namespace"] == inputs(pods)["metadata"]["namespace"] == "falaj-autoscaler"
    assert [urn for urn in pods["dependencies"] if "::gpu-" in urn] == []
    (association,) = of_type(PROD, "aws:eks/podIdentityAssociation:PodIdentityAssociation")[-1:]
    assert association["urn"] in pods["dependencies"]
