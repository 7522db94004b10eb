"""What is said of each pool and runtime of a stack: its versions, the recipe they are, and what is off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from falaj.catalog.gpu_recipes import GpuRecipe
from falaj.catalog.recipes import kubernetes_minors, minor_of, offered_minors, recipes
from falaj.recipes.comparison import Chosen, compare

SAID = ("kubernetes", "node_image", "gpu_family", "gpu_operator", "driver", "cuda", "triton", "onnxruntime")


class Verdict(StrEnum):
    """Whether versions are locked together."""

    LOCKED = "locked"
    """They are one recipe."""
    OFFERED = "offered"
    """They are not, and may be chosen: the provider supports them."""
    OFF = "OFF"
    """They are not, and nothing says that they work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One pool or runtime beside the recipe that is nearest."""

    what: str
    """Which."""
    found: str
    """Its versions, in words."""
    verdict: Verdict
    """Whether they are the recipe."""
    recipe: str | None
    """The nearest recipe; none where the target has none."""
    difference: str
    """What is off and what the recipe has; empty where nothing is."""
    gpu: bool
    """Whether it is about GPUs."""


def review_gpu(what: str, chosen: Chosen, recipes_: Mapping[str, GpuRecipe]) -> Finding:
    """Compare what was chosen for a pool with GPUs with every recipe of its target."""
    said = [f"{part.replace('_', ' ')} {value}" for part in SAID if (value := getattr(chosen, part)) is not None]
    found = ", ".join(said) or "nothing said, all as the recipe has it"
    nearest = compare(chosen, recipes_)
    if nearest is None:
        return Finding(what, found, Verdict.OFF, None, f"{chosen.target} has no recipe with GPUs", gpu=True)
    difference = ", ".join(
        f"{each.part.replace('_', ' ')} {each.found} where {nearest.recipe} has {each.locked}"
        for each in nearest.differences
    )
    verdict = Verdict.LOCKED if nearest.locked else Verdict.OFF
    return Finding(what, found, verdict, nearest.recipe, difference, gpu=True)


def review_cluster(target: str, minor: str) -> Finding:
    """Compare the Kubernetes minor of a cluster with the recipe of its target and with what the provider offers."""
    locked = minor_of(recipes()[target].kubernetes)
    difference = "" if minor == locked else f"Kubernetes {minor} where {target} has {locked}"
    verdict = (
        Verdict.LOCKED if minor == locked else Verdict.OFFERED if minor in kubernetes_minors(target) else Verdict.OFF
    )
    if verdict is Verdict.OFFERED:
        difference += f"; offered until {offered_minors(target)[minor].supported_until}"
    return Finding("cluster", f"Kubernetes {minor}", verdict, target, difference, gpu=False)


def review_engine(target: str, version: str) -> Finding:
    """Compare the ONNX Runtime of the default server's image with the recipe of the target."""
    locked = recipes()[target].onnxruntime
    same = version == locked
    difference = "" if same else f"ONNX Runtime {version} where {target} has {locked}"
    found = f"ONNX Runtime {version}"
    return Finding("default server", found, Verdict.LOCKED if same else Verdict.OFF, target, difference, gpu=False)
