"""Every way to break what a control reads is caught: mutants of the good examples, killed or explained."""

from __future__ import annotations

from typing import Any

import pytest

from policies.control import Control
from policies.controls import load
from tests.policies.excuses import excuses_of
from tests.policies.mutation.resources import covers, is_explained, tried


@pytest.mark.parametrize("control", load(), ids=lambda control: control.id)
def test_every_mutant_is_killed_or_explained(control: Control[Any]) -> None:
    found, excuses = tried(control), excuses_of(control.id)

    print(f"{control.id}: {found.killed} of {found.made} mutants killed, {len(found.left)} explained")
    assert [mutant.name for mutant in found.left if not is_explained(mutant)] == []
    assert found.killed > 10
    used = {(excuse, mutant.change) for mutant in found.left for excuse in excuses if covers(excuse, mutant)}
    assert used == {(excuse, change) for excuse in excuses for change in excuse.changes}
    for excuse in excuses:
        covered = [mutant for mutant in found.left if covers(excuse, mutant)]
        assert excuse.examples or excuse.of, f"says nowhere: {excuse.reason}"
        assert {mutant.example.label for mutant in covered} >= {*excuse.examples}
        assert excuse.of in ("", "*") or {mutant.kind for mutant in covered} & {*excuse.of.split()}
