"""What the program asks for: one resource as it should be."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from falaj.engine.resource_state import ResourceState
from falaj.engine.values import PropertyMap, Value


@dataclass(frozen=True, slots=True)
class Alias:
    """A former identity of a resource: a whole URN, or what of it was different."""

    urn: str = ""
    """The whole former URN; empty when the other fields say it."""

    name: str = ""
    """Former name; empty for the present one."""

    type: str = ""
    """Former type; empty for the present one."""

    stack: str = ""
    """Former stack; empty for the present one."""

    project: str = ""
    """Former project; empty for the present one."""

    parent: str = ""
    """URN of the former parent; empty for the present one."""

    no_parent: bool = False
    """Whether it had no parent."""


@dataclass(slots=True)
class Goal:
    """A resource as the program wants it."""

    type: str
    """Its type."""

    name: str
    """Its logical name."""

    custom: bool
    """Whether a provider manages it."""

    properties: PropertyMap = field(default_factory=PropertyMap)
    """Its inputs."""

    parent: str = ""
    """URN of the resource it belongs to."""

    provider: str = ""
    """Reference of its provider."""

    dependencies: list[str] = field(default_factory=list)
    """URNs it is made after."""

    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    """URNs that each input comes from."""

    aliases: list[Alias] = field(default_factory=list)
    """Former identities."""

    protect: bool | None = None
    """Refuse to delete it; None to do as the parent does."""

    retain_on_delete: bool | None = None
    """Forget it instead of deleting it; None to do as the parent does."""

    delete_before_replace: bool | None = None
    """Whether the old one goes first; None to leave it to the provider."""

    deleted_with: str = ""
    """URN of the resource whose deletion takes it along."""

    replace_with: list[str] = field(default_factory=list)
    """URNs whose replacement replaces it too."""

    replacement_trigger: Value = None
    """A value whose change replaces it."""

    ignore_changes: list[str] = field(default_factory=list)
    """Property paths whose changes are ignored."""

    replace_on_changes: list[str] = field(default_factory=list)
    """Property paths whose changes replace it."""

    additional_secret_outputs: list[str] = field(default_factory=list)
    """Outputs that must stay hidden."""

    custom_timeouts: dict[str, float] = field(default_factory=dict)
    """Seconds allowed to create, update and delete it."""

    hooks: dict[str, list[str]] = field(default_factory=dict)
    """Names of the program's hooks to call around its steps."""

    def state(self, urn: str, old: ResourceState | None, alias: str) -> ResourceState:
        """The state it starts from, before its provider has said anything."""
        return ResourceState(
            urn=urn,
            type=self.type,
            custom=self.custom,
            inputs=self.properties,
            parent=self.parent,
            provider=self.provider,
            dependencies=sorted(self.dependencies),
            property_dependencies={name: sorted(names) for name, names in sorted(self.property_dependencies.items())},
            protect=bool(self.protect),
            retain_on_delete=bool(self.retain_on_delete),
            deleted_with=self.deleted_with,
            replace_with=self.replace_with,
            replacement_trigger=self.replacement_trigger,
            additional_secret_outputs=self.additional_secret_outputs,
            aliases=[alias] if alias else [],
            ignore_changes=self.ignore_changes,
            replace_on_changes=self.replace_on_changes,
            custom_timeouts=self.custom_timeouts,
            hooks=self.hooks,
            created=old.created if old else "",
            modified=old.modified if old else "",
            import_id=old.import_id if old else "",
            delete_before_replace=self.delete_before_replace,
        )


class Completion(enum.Enum):
    """How a registration ended."""

    SUCCEEDED = "succeeded"
    """The resource is as it should be."""

    FAILED = "failed"
    """It could not be made so."""

    SKIPPED = "skipped"
    """One that it depends on failed, or the run was cancelled."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A registration's end, as told to the program."""

    state: ResourceState
    """The resource."""

    completion: Completion = Completion.SUCCEEDED
    """How it ended."""
