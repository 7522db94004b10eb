"""Day two, 1: a team asks for machines of another kind. They come; nothing that runs is touched."""

from __future__ import annotations

from typing import Any

import pytest

from falaj.catalog.blueprints import blueprints
from falaj.catalog.providers import Provider
from falaj.catalog.tags import Stage
from tests.day_two.conftest import AWS, AZURE, SiteOf, StackFile, on_aws, on_azure


def own(provider: Provider) -> dict[str, Any]:
    """The pool that a production environment has where its file names none."""
    return blueprints()[provider].pools(Stage.PRODUCTION).cpu.model_dump(mode="json")


CPU = {AWS: own(Provider.AWS), AZURE: own(Provider.AZURE)}
BATCH = {
    AWS: {"sizes": ["c7i.2xlarge"], "minimum": 2, "maximum": 4},
    AZURE: {"sizes": ["Standard_F8s_v2"], "minimum": 2, "maximum": 4},
}


def pools(file: StackFile, **asked: dict[str, Any]) -> None:
    file["environment"]["pools"] = asked


@pytest.mark.parametrize(
    ("stack", "made"),
    [
        pytest.param(AWS, ["pool-batch", "pool-batch-nodes", "pool-batch-template"], marks=on_aws),
        pytest.param(AZURE, ["pool-batch", "pool-batch-nodes"], marks=on_azure),
    ],
)
def test_a_pool_is_added_and_nothing_else_changes(site: SiteOf, stack: str, made: list[str]) -> None:
    change = site(stack).change(stack, lambda file: pools(file, cpu=CPU[stack], batch=BATCH[stack]))

    assert {"create": made} == {kind: names for kind, names in change.done.items() if kind != "update"}
    assert {name for name in change.done.get("update", ()) if not name.startswith("guardrails")} == set()
    assert (change.losses, change.harmed) == ([], [])
    assert change.settles()


@pytest.mark.parametrize(
    ("stack", "name"),
    [pytest.param(AWS, "nodeGroupName", marks=on_aws), pytest.param(AZURE, "agentPoolName", marks=on_azure)],
)
def test_a_pool_of_another_size_has_another_name_so_that_it_comes_before_the_old_one_goes(
    site: SiteOf, stack: str, name: str
) -> None:
    change = site(stack).change(stack, lambda file: pools(file, cpu={**CPU[stack], "sizes": BATCH[stack]["sizes"]}))

    assert "pool-cpu-nodes" in change.done["replace"]
    assert {each for each in change.done["replace"] if not each.startswith("pool-cpu")} == set()
    before, after = change.inputs("pool-cpu-nodes")
    assert before[name] != after[name]
    assert (change.losses, change.harmed) == ([], [])


@pytest.mark.parametrize("stack", [pytest.param(AWS, marks=on_aws), pytest.param(AZURE, marks=on_azure)])
def test_more_machines_of_a_pool_are_a_change_in_place(site: SiteOf, stack: str) -> None:
    change = site(stack).change(stack, lambda file: pools(file, cpu={**CPU[stack], "maximum": 20}))

    assert change.done == {"update": ["pool-cpu-nodes"]}
