from __future__ import annotations

import pytest

from stacks.reference import markdown
from stacks.schema import FILE, rendered
from stacks.settings import stack_names
from tests.stacks.conftest import ROOT


def test_the_schema_beside_the_stack_files_is_the_settings_own() -> None:
    assert FILE.read_text(encoding="utf-8") == rendered(), "run: python -m stacks.schema"


@pytest.mark.parametrize("stack", stack_names())
def test_every_shipped_stack_file_names_the_schema(stack: str) -> None:
    first = (ROOT / "stacks" / "config" / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8").splitlines()[0]

    assert first == "# yaml-language-server: $schema=schema.json"


def test_the_reference_has_a_table_for_every_block() -> None:
    titles = [line for line in markdown().splitlines() if line.startswith("## ")]

    assert titles == [
        "## The file",
        "## `falaj:environment (local)`",
        "## `falaj:environment.gpus`",
        "## `falaj:environment (aws)`",
        "## `falaj:environment.network`",
        "## `falaj:environment.pools.<name>`",
        "## `falaj:environment.gpu_pools.<name>`",
        "## `falaj:environment.gpu_pools.<name>.capacity[]`",
        "## `falaj:environment.gpu_pools.<name>.reservation`",
        "## `falaj:environment.gpu_runtime`",
        "## `falaj:environment.gpu_runtime.packages`",
        "## `falaj:environment.budget`",
        "## `falaj:environment (azure)`",
        "## `falaj:tenant`",
        "## `falaj:tenant.budget`",
        "## `falaj:tenant.pool`",
        "## `falaj:tenant.endpoints.<name>`",
        "## `falaj:tenant.endpoints.<name>.routing`",
        "## `falaj:tenant.endpoints.<name>.routing.cpu`",
        "## `falaj:tenant.endpoints.<name>.routing.gpu`",
        "## `falaj:tenant.endpoints.<name>.routing.rules[]`",
        "## `falaj:tenant.endpoints.<name>.gpu`",
        "## `falaj:tenant.endpoints.<name>.resources`",
        "## `falaj:tenant.endpoints.<name>.calls[]`",
        "## `falaj:tenant.endpoints.<name>.governance`",
        "## `falaj:tenant.endpoints.<name>.governance.assessment`",
    ]


def test_the_reference_says_of_every_key_what_it_means() -> None:
    rows = [line.split(" | ") for line in markdown().splitlines() if line.startswith("| `")]

    assert rows
    assert [row for row in rows if not row[-1].strip(" |")] == []
