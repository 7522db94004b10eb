"""Which resource of the state a registration is about: by its URN, or by one it had before."""

from __future__ import annotations

from falaj.engine import urn as urns
from falaj.engine.deployment import Deployment, ResourceError
from falaj.engine.goal import Alias, Goal
from falaj.engine.resource_state import ResourceState


class FormerNames:
    """Finds the old state of each resource and sees to it that no two claim the same one."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._taken: dict[str, str] = {}
        self._used: dict[str, str] = {}

    def find(self, urn: str, goal: Goal) -> tuple[ResourceState | None, str]:
        """The old state and the alias it was found by, if any."""
        with self._deployment.lock:
            if urn in self._taken:
                raise ResourceError(f"{self._taken[urn]} already is this resource by an alias")
            for candidate in (urn, *self.candidates(goal)):
                old = self._deployment.olds.get(candidate)
                if old is None:
                    continue
                if candidate == urn:
                    return old, ""
                if candidate in self._deployment.record.claimed or candidate in self._taken:
                    owner = self._taken.get(candidate, candidate)
                    raise ResourceError(f"its alias {candidate} is already used by {owner}")
                self._taken[candidate] = urn
                self._used[urn] = candidate
                return old, candidate
        return None, ""

    def renamed(self, old_urn: str, urn: str) -> bool:
        """Whether the resource once named ``old_urn`` is now ``urn``."""
        return self._taken.get(old_urn) == urn

    def is_taken(self, old_urn: str) -> bool:
        """Whether a resource took this former name over."""
        return old_urn in self._taken

    def candidates(self, goal: Goal) -> list[str]:
        """URNs that the resource may have had before, the program's own aliases first."""
        own = [self._collapse(alias, goal) for alias in goal.aliases]
        found = list(own)
        parent_alias = self._used.get(goal.parent, "")
        if parent_alias:
            parent_name = urns.name_of(goal.parent)
            found.append(self._inherited(goal.type, goal.name, parent_name, parent_alias))
            found += [
                self._inherited(urns.type_of(alias), urns.name_of(alias), parent_name, parent_alias) for alias in own
            ]
        return list(dict.fromkeys(found))

    def _collapse(self, alias: Alias, goal: Goal) -> str:
        if alias.urn:
            return alias.urn
        parent = self._used.get(alias.parent, alias.parent) or goal.parent
        if alias.no_parent or (parent and urns.qualified_type(parent) == urns.ROOT_STACK_TYPE):
            parent = ""
        target = self._deployment.target
        return urns.make(
            alias.stack or target.stack,
            alias.project or target.project,
            parent,
            alias.type or goal.type,
            alias.name or goal.name,
        )

    def _inherited(self, child_type: str, child_name: str, parent_name: str, parent_alias: str) -> str:
        """The child's former URN when its parent had another; a name made from the parent's name follows it."""
        name = child_name
        if child_name.startswith(parent_name):
            name = urns.name_of(parent_alias) + child_name.removeprefix(parent_name)
        return self._deployment.target.urn(parent_alias, child_type, name)
