"""Whether what was chosen for a pool is one locked recipe, what is off, and which recipe is nearest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from falaj.catalog.gpu_recipes import GpuRecipe
from falaj.catalog.gpu_software import branch_of


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is said of one pool with GPUs. What nobody said is None, and taken as the recipe has it."""

    target: str
    kubernetes: str | None = None
    node_image: str | None = None
    gpu_family: str | None = None
    gpu_operator: str | None = None
    driver: str | None = None
    cuda: str | None = None
    triton: str | None = None
    onnxruntime: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One part that is not as the recipe has it."""

    part: str
    found: str
    locked: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A choice beside the recipe that is nearest to it."""

    recipe: str
    """Its name."""
    differences: tuple[Difference, ...]
    """What is off; nothing where the choice is that recipe."""

    @property
    def locked(self) -> bool:
        """Whether the choice is the recipe."""
        return not self.differences


def compare(chosen: Chosen, recipes: Mapping[str, GpuRecipe]) -> Comparison | None:
    """Return the recipe that takes the least change, and what that is; None where the target has no recipe.

    GPU and node image weigh more than versions: they take new machines.
    """
    found = [
        Comparison(name, tuple(_differences(chosen, recipe)))
        for name, recipe in recipes.items()
        if recipe.target == chosen.target
    ]
    return min(found, key=lambda each: _distance(each, recipes[each.recipe]), default=None)


@dataclass(frozen=True, slots=True)
class _Part:
    """How one part is compared, and how hard it is to change."""

    locked: Callable[[GpuRecipe], str]
    agrees: Callable[[str, GpuRecipe], bool]
    weight: int


def _distance(comparison: Comparison, recipe: GpuRecipe) -> tuple[int, tuple[int, ...]]:
    """Return how much work it takes to get there; of two as near, the newer Kubernetes is nearer."""
    newest_first = tuple(-number for number in _numbers(recipe.kubernetes))
    return sum(PARTS[each.part].weight for each in comparison.differences), newest_first


def _differences(chosen: Chosen, recipe: GpuRecipe) -> list[Difference]:
    said = ((name, part, getattr(chosen, name)) for name, part in PARTS.items())
    return [
        Difference(name, value, part.locked(recipe))
        for name, part, value in said
        if value is not None and not part.agrees(value, recipe)
    ]


def _within(cuda: str, recipe: GpuRecipe) -> bool:
    return _numbers(recipe.cuda_from) <= _numbers(cuda)[:2] <= _numbers(recipe.cuda_to)[:2]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


PARTS: Mapping[str, _Part] = {
    "gpu_family": _Part(lambda row: " or ".join(row.gpu_families), lambda value, row: value in row.gpu_families, 8),
    "node_image": _Part(lambda row: row.node_image, lambda value, row: value == row.node_image, 4),
    "kubernetes": _Part(lambda row: row.kubernetes, lambda value, row: value == row.kubernetes, 2),
    "gpu_operator": _Part(lambda row: row.gpu_operator, lambda value, row: value == row.gpu_operator, 1),
    "driver": _Part(
        lambda row: f"branch {branch_of(row.driver)}",
        lambda value, row: branch_of(value) == branch_of(row.driver),
        1,
    ),
    "cuda": _Part(lambda row: f"{row.cuda_from} to {row.cuda_to}", _within, 1),
    "triton": _Part(lambda row: row.triton, lambda value, row: value == row.triton, 1),
    "onnxruntime": _Part(lambda row: row.onnxruntime, lambda value, row: value == row.onnxruntime, 1),
}
"""Every part, the hardest to change first."""
