"""The proofs of the pack notice changes to its logic: some example, or a test of a shared room, falls for each."""

from __future__ import annotations

import pytest

from tests.policies.excuses import equivalents_of
from tests.policies.excuses.everywhere import reason_everywhere
from tests.policies.excuses.rooms import NEVER_RUN
from tests.policies.mutation import sample
from tests.policies.mutation.code import functions_of
from tests.policies.mutation.noticing import Proof, is_noticed
from tests.policies.mutation.rooms import LEAST, ROOMS, names_of, tried

MODULES = [name for folder in ("controls", *ROOMS) for name in names_of(folder)]


@pytest.mark.slow
@pytest.mark.parametrize("name", MODULES)
def test_changes_of_logic_are_noticed(name: str) -> None:
    found, known = tried(name), equivalents_of(name)
    left = [mutant.change for mutant in found.left]
    unexplained = [change for change in left if change not in known and reason_everywhere(change) is None]

    print(f"{name}: {found.killed} of {found.made} code mutants killed, {len(unexplained)} unexplained")
    assert found.never_run == NEVER_RUN.get(name, ())
    assert len(unexplained) <= (1 - LEAST) * found.made, unexplained
    assert [change for change in known if change not in left] == []


def test_a_mutant_is_seen_by_whoever_has_imported_the_function_and_is_gone_afterwards() -> None:
    may_vote = sample.may_vote  # as another module knows it
    (function,) = (each for each in functions_of(sample) if each.name == "may_vote")
    proofs = [Proof(lambda: may_vote(18) is True), Proof(lambda: may_vote(17) is False)]

    noticed = {mutant.change: is_noticed(mutant, proofs) for mutant in function.mutants()}

    assert noticed == {
        "may_vote: age >= OF_AGE and not barred -> age >= OF_AGE or not barred": True,
        "may_vote: >= OF_AGE -> > OF_AGE": True,
        "may_vote: not barred -> barred": True,
    }
    assert all(proof.holds() for proof in proofs)
