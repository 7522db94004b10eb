"""Profiles: which rules an environment has to keep, by the law or regulator that asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Self

from pydantic import Field, model_validator

from falaj.catalog.facts import Fact, read_rows
from falaj.catalog.tags import Stage

BASELINE = "baseline"
"""What every environment keeps; a profile that says otherwise is stricter, or says why it may be looser."""

_STRICT_WHEN_TRUE = (
    "private_api",
    "hardware_keys",
    "tenant_keys",
    "second_site",
    "network_isolated_bootstrap",
)
_STRICT_WHEN_FALSE = ("residency_waivable",)
_STRICT_WHEN_HIGH = ("log_retention_days", "immutable_days", "least_zones", "deletion_window_days")
RULES = (*_STRICT_WHEN_TRUE, *_STRICT_WHEN_FALSE, *_STRICT_WHEN_HIGH, "allowed_stages", "requires")
"""The names of the rules."""


class Profile(Fact):
    """One set of rules. Refuses a rule without a reason and a reason for no rule."""

    name: str = Field(description="Its key, or the keys of the profiles it combines, joined by +.")
    summary: str = Field(description="Whom it is for.")
    private_api: bool = Field(description="The API server answers inside the network only.")
    hardware_keys: bool = Field(description="Keys lie in a hardware security module.")
    tenant_keys: bool = Field(description="Each tenant has a key of its own.")
    log_retention_days: int = Field(ge=1, description="How long logs are kept.")
    immutable_days: int = Field(ge=1, description="How long audit records can't be changed or removed.")
    least_zones: int = Field(ge=1, description="Zones to span, in a region that has zones.")
    second_site: bool = Field(description="A copy lies at a second site in the country.")
    allowed_stages: frozenset[Stage] = Field(
        min_length=1, description="What an environment of this profile may be for."
    )
    residency_waivable: bool = Field(description="Whether a reviewed waiver may let data leave the country.")
    network_isolated_bootstrap: bool = Field(description="Nodes start from the environment's own registry alone.")
    requires: tuple[str, ...] = Field(default=(), description="Documents whose ids the stack file has to name.")
    deletion_window_days: int = Field(ge=7, le=90, description="Days between the order to delete a key and its end.")
    because: Mapping[str, str] = Field(description="The reason for each rule: who asks for it, where.")

    @model_validator(mode="after")
    def _every_rule_has_a_reason(self) -> Self:
        if missing := set(RULES) - self.because.keys():
            raise ValueError(f"no reason for {', '.join(sorted(missing))}")
        if extra := self.because.keys() - set(RULES):
            raise ValueError(f"a reason for what is no rule: {', '.join(sorted(extra))}")
        return self


@cache
def profiles() -> Mapping[str, Profile]:
    """Return every profile by its name."""
    return read_rows("profiles.yaml", Profile)


def combined(names: Iterable[str]) -> Profile:
    """Return the strictest of each rule of the named profiles, with the reason of the one that decides.

    Without names it is the baseline. KeyError for a name that is no profile.
    """
    chosen = [profiles()[name] for name in dict.fromkeys(names)] or [profiles()[BASELINE]]
    if len(chosen) == 1:
        return chosen[0]
    deciding = {
        rule: _strictest(rule, chosen) for rule in (*_STRICT_WHEN_TRUE, *_STRICT_WHEN_FALSE, *_STRICT_WHEN_HIGH)
    }
    stages = frozenset.intersection(*(each.allowed_stages for each in chosen))
    requires = tuple(dict.fromkeys(document for each in chosen for document in each.requires))
    fewest_stages = min(chosen, key=lambda each: len(each.allowed_stages))
    asking = [each for each in chosen if each.requires] or chosen[:1]
    return Profile(
        name="+".join(each.name for each in chosen),
        summary="; ".join(each.summary for each in chosen),
        **{rule: getattr(profile, rule) for rule, profile in deciding.items()},
        allowed_stages=stages,
        requires=requires,
        because={rule: profile.because[rule] for rule, profile in deciding.items()}
        | {
            "allowed_stages": fewest_stages.because["allowed_stages"],
            "requires": "; ".join(each.because["requires"] for each in asking),
        },
        source="; ".join(dict.fromkeys(each.source for each in chosen)),
        reviewed=min(each.reviewed for each in chosen),
    )


def _strictest(rule: str, chosen: list[Profile]) -> Profile:
    if rule in _STRICT_WHEN_FALSE:
        return min(chosen, key=lambda each: getattr(each, rule))
    return max(chosen, key=lambda each: getattr(each, rule))
