"""How an endpoint's requests are divided between CPU and GPU: what its router is told."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Milliseconds = Annotated[float, Field(gt=0, le=3_600_000)]
Bound = Annotated[int, Field(ge=0, le=2**50)]


class RuleSpec(BaseModel):
    """Sends requests to a side, whatever is measured. All conditions that are given must hold. Refuses one of none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="What metrics and the audit log call it.")
    send: Literal["cpu", "gpu"] = Field(description="Where to.")
    strict: bool = Field(default=False, description="Whether a request is refused where that side is away.")
    rows_at_least: Bound | None = Field(default=None, description="Of the first tensor, where it is told early.")
    rows_at_most: Bound | None = Field(default=None, description="The same from above.")
    body_bytes_at_least: Bound | None = Field(default=None, description="Of the request's body or message.")
    body_bytes_at_most: Bound | None = Field(default=None, description="The same from above.")
    model_bytes_at_least: Bound | None = Field(default=None, description="Of the model, as `model_bytes` says.")
    model_bytes_at_most: Bound | None = Field(default=None, description="The same from above.")
    target_ms_at_most: Milliseconds | None = Field(default=None, description="Of the latency target that holds.")
    tiers: tuple[str, ...] = Field(default=(), description="Tiers of the tenant.")

    @model_validator(mode="after")
    def _can_hold(self) -> Self:
        for what in ("rows", "body_bytes", "model_bytes"):
            least, most = getattr(self, f"{what}_at_least"), getattr(self, f"{what}_at_most")
            if least is not None and most is not None and least > most:
                raise ValueError(
                    f"rule {self.name} never holds: {what}_at_least {least} is above {what}_at_most {most}"
                )
        return self


class SideCost(BaseModel):
    """What one pod of a side costs and how much it takes on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cost_per_hour: float = Field(ge=0, le=1_000_000, description="In any currency, the same for both sides.")
    concurrency: int = Field(default=1, ge=1, le=10_000, description="Requests that a pod works on at a time.")
    most_in_flight: int = Field(
        default=64, ge=1, le=100_000, description="Requests that a pod is given at a time; more go to the other side."
    )
    expected_ms: Milliseconds | None = Field(
        default=None, description="How long a request takes before anything was measured."
    )


class RoutingSpec(BaseModel):
    """Rules first, then the cheapest side that meets the latency target. Refuses two rules of one name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cpu: SideCost = Field(description="What a pod of the CPU side costs and takes on.")
    gpu: SideCost = Field(description="What a pod of the GPU side costs and takes on.")
    target_ms: Milliseconds | None = Field(
        default=None, description="How soon answers are wanted; without it the cheaper side is preferred."
    )
    model_bytes: Bound | None = Field(default=None, description="How large the model is, for rules.")
    rules: tuple[RuleSpec, ...] = Field(default=(), max_length=64, description="The first one that fits decides.")
    wishes: bool = Field(default=True, description="Whether clients may ask for a side, with the header falaj-route.")
    margin: float = Field(default=0.2, ge=0.05, le=0.9, description="By what share another side must be better.")
    dwell_seconds: float = Field(default=30, ge=1, le=86_400, description="How long a side stays preferred.")
    recovery_seconds: float = Field(
        default=10, ge=1, le=86_400, description="How long a side must be back before it is used again."
    )
    probe_share: float = Field(
        default=0.01, ge=0, le=0.5, description="Of the requests, that keep the other side's estimates fresh."
    )

    @model_validator(mode="after")
    def _names_rules_apart(self) -> Self:
        names = [rule.name for rule in self.rules]
        if len({*names}) < len(names):
            raise ValueError("two rules have one name; give each a name of its own")
        if any(self._bounds_model(rule) for rule in self.rules) and self.model_bytes is None:
            raise ValueError("a rule goes by the model's size; say model_bytes, or leave the rule out")
        return self

    @staticmethod
    def _bounds_model(rule: RuleSpec) -> bool:
        return rule.model_bytes_at_least is not None or rule.model_bytes_at_most is not None

    def document(self, *, tenant: str, tier: str) -> dict[str, Any]:
        """Return what the router reads; its own program checks it again when it starts."""
        said: dict[str, Any] = {
            "tenant": tenant,
            "tier": tier,
            "wishes": self.wishes,
            "cpu": self.cpu.model_dump(exclude_none=True),
            "gpu": self.gpu.model_dump(exclude_none=True),
            "rules": [rule.model_dump(exclude_none=True) for rule in self.rules],
            "steadiness": {
                "margin": self.margin,
                "dwell_seconds": self.dwell_seconds,
                "recovery_seconds": self.recovery_seconds,
            },
            "probing": {"share": self.probe_share},
        }
        if self.target_ms is not None:
            said["target_ms"] = self.target_ms
        if self.model_bytes is not None:
            said["model_bytes"] = {"*": self.model_bytes}
        return said
