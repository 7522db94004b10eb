"""``falaj recipe check | plan``: versions that work together, and the way from one set of them to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from falaj.catalog.gpu_recipes import gpu_recipes
from falaj.cli.console import output, print_json
from falaj.cli.project import project_root
from falaj.cli.tables import print_table
from falaj.errors import ConfigurationError
from falaj.recipes.checkpoint import Checkpoint, Done, checkpoint_file
from falaj.recipes.comparison import Chosen
from falaj.recipes.review import Finding, Verdict, review_gpu
from falaj.recipes.upgrade import Upgrade, upgrade

if TYPE_CHECKING:
    from falaj.recipes.steps import Step

NOT_RUN = "Locked from the makers' documents; none of these was run on a GPU by this project."
RecipeName = click.Choice(list(gpu_recipes()))
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.group()
def recipe() -> None:
    """Versions that work together on nodes with GPUs, and upgrades from one recipe to another."""


@recipe.command()
@click.option("-s", "--stack", help="Which stack: a file stacks/config/Pulumi.STACK.yaml.")
@click.option("--target", type=click.Choice(["eks", "aks"]), help="Where the cluster runs; the stack says it.")
@click.option("--kubernetes", help="Kubernetes minor, such as 1.36.")
@click.option("--node-image", help="Operating system of the nodes with GPUs, a key of node_images.")
@click.option("--gpu", "gpu_family", help="GPU family, a key of gpus such as l4.")
@click.option("--operator", "gpu_operator", help="Release of the GPU operator.")
@click.option("--driver", help="Driver version or branch.")
@click.option("--cuda", help="CUDA toolkit of a container of your own.")
@click.option("--triton", help="Tag of the Triton image, such as 26.07.")
@click.option("--onnxruntime", help="ONNX Runtime inside Triton.")
@json_option
def check(*, stack: str | None, target: str | None, as_json: bool, **said: str | None) -> None:
    """Say whether the versions of a stack, or those named here, are one locked recipe, what is off, and the nearest.

    What is named here stands beside what the stack says of its GPUs. Exit code 3 when anything is off.
    """
    findings = _of_stack(stack, said) if stack is not None else [_of_words(target, said)]
    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        _show(findings)
    off = [finding for finding in findings if finding.verdict is Verdict.OFF]
    if off:
        raise ConfigurationError(
            "\n".join(f"{each.what}: {each.difference}." for each in off),
            code="FAL-REC-001",
            where="stack " + stack if stack is not None else "falaj recipe check",
            hint=f"change them to recipe {off[0].recipe}: falaj catalog show recipes",
        )


@recipe.command()
@click.argument("source", metavar="FROM", type=RecipeName)
@click.argument("target", metavar="TO", type=RecipeName)
@click.option("-s", "--stack", help="Name of the stack, for the commands and for a checkpoint of its own.")
@click.option("--done", metavar="STEP", help="Mark the next step as done, once its check holds.")
@click.option("--rolled-back", metavar="STEP", help="Forget that the newest step was done, after its rollback.")
@json_option
def plan(
    *, source: str, target: str, stack: str | None, done: str | None, rolled_back: str | None, as_json: bool
) -> None:
    """Print the ordered steps from one recipe to another: precondition, command, check and rollback of each.

    How far it is stands in .falaj/upgrades, so that it goes on after any interruption: only you mark steps, this runs
    none. Exit code 3 where there is no legal way or a step's turn has not come, 7 where the file is damaged.
    """
    if done is not None and rolled_back is not None:
        raise click.UsageError("name one of --done and --rolled-back")
    way = upgrade(source, target, gpu_recipes())
    checkpoint = Checkpoint(checkpoint_file(project_root(), way, stack), way)
    if done is not None:
        checkpoint.mark(done, datetime.now(tz=UTC))
    if rolled_back is not None:
        checkpoint.take_back(rolled_back)
    finished = checkpoint.done()
    if as_json:
        print_json(_plain(way, finished, stack))
    else:
        _show_plan(way, finished, stack)


def _of_words(target: str | None, said: dict[str, str | None]) -> Finding:
    if target is None:
        raise click.UsageError("name a stack with -s, or a cluster with --target")
    return review_gpu("what was named", Chosen(target, **said), gpu_recipes())


def _of_stack(stack: str, said: dict[str, str | None]) -> list[Finding]:
    project_root()
    from falaj.cli.stack_versions import findings_of  # noqa: PLC0415 - imports the stack program, only in a project
    from stacks.settings import load  # noqa: PLC0415 - as above

    return findings_of(load(stack, images_built=False), said)


def _show(findings: Sequence[Finding]) -> None:
    rows = [(each.verdict.value, each.what, each.found, each.recipe or "none") for each in findings]
    print_table(("", "what", "versions", "recipe"), rows, notes=[each.difference for each in findings])
    if any(each.gpu for each in findings):
        output.print(NOT_RUN, style="dim", markup=False)


def _show_plan(way: Upgrade, finished: Sequence[Done], stack: str | None) -> None:
    at = {each.step: each.at for each in finished}
    for number, step in enumerate(way.steps, start=1):
        mark = f"done {at[step.name]}" if step.name in at else "next" if number == len(finished) + 1 else "to do"
        output.print(f"{number}. {step.name}: {step.change}  [{mark}]", style="bold", markup=False)
        for name, text in _sentences(step, stack):
            output.print(f"   {name:<9} {text}", markup=False)
    output.print(f"\n{len(finished)} of {len(way.steps)} done. {NOT_RUN}", style="dim", markup=False)


def _sentences(step: Step, stack: str | None) -> list[tuple[str, str]]:
    back = step.rollback if step.rollback is not None else f"none. {step.no_rollback}"
    said = [("before", step.precondition), ("run", step.command), ("check", step.check), ("rollback", back)]
    return [(name, text if stack is None else text.replace("STACK", stack)) for name, text in said]


def _plain(way: Upgrade, finished: Sequence[Done], stack: str | None) -> dict[str, Any]:
    at = {each.step: each.at for each in finished}
    return {
        "from": way.source,
        "to": way.target,
        "run_on_a_gpu": False,
        "steps": [
            {
                "step": step.name,
                "change": step.change,
                **dict(_sentences(step, stack)),
                "can_be_rolled_back": step.rollback is not None,
                "done": at.get(step.name),
            }
            for step in way.steps
        ],
    }
