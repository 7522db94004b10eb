"""``falaj models triton``: the configuration of models for Triton, checked and written as it reads it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml
from pydantic import ValidationError

from falaj.cli.console import output
from falaj.errors import ConfigurationError, MachineError

if TYPE_CHECKING:
    from triton_model_configuration import Model

CONFIGURATION = "config.pbtxt"
VARIANTS = ("official", "local-cpu")


@click.command("triton")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("-o", "--output", "repository", type=click.Path(path_type=Path), help="Folder of models to write into.")
@click.option(
    "--image",
    default=VARIANTS[0],
    show_default=True,
    type=click.Choice(VARIANTS),
    help="The variant of the Triton image that is to serve them.",
)
def triton(*, files: tuple[Path, ...], repository: Path | None, image: str) -> None:
    """Write a config.pbtxt for the model that each of FILES describes in YAML, with Triton's own field names.

    Every file is checked first, steps of ensembles against the models of the other files too: what Triton or the
    image would refuse is refused with exit code 3, and nothing is written. Without --output it is printed. Write it
    before the models are sealed: a manifest lists it.
    """
    texts = _texts(files, image)
    for name, text in texts.items():
        if repository is None:
            output.print(f"# {name}/{CONFIGURATION}\n{text}", markup=False, highlight=False)
            continue
        target = repository / name / CONFIGURATION
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        output.print(f"wrote {target}", markup=False)


def _texts(files: tuple[Path, ...], image: str) -> dict[str, str]:
    try:
        import triton_model_configuration as configuration  # noqa: PLC0415 - a package of the image's own, not of ours
    except ModuleNotFoundError as missing:
        raise MachineError(
            f"The Python package {missing.name} is not installed.",
            code="FAL-MOD-012",
            where="falaj models triton",
            hint="run: uv sync, in a clone of the project",
        ) from None
    models: dict[str, Model] = {}
    places: dict[str, Path] = {}
    for file in files:
        model = _read(file, configuration.Model)
        if model.name in models:
            raise _wrong(file, f"name: {places[model.name]} has the same, {model.name}", "rename one of them")
        models[model.name], places[model.name] = model, file
    variant = configuration.OFFICIAL if image == VARIANTS[0] else configuration.LOCAL_CPU
    for name, model in models.items():
        try:
            configuration.check_image(model, variant)
            configuration.check_steps(model, models)
        except ValueError as error:
            raise _wrong(places[name], str(error), "mend it, then run the same command again") from None
    return {name: configuration.write(model) for name, model in models.items()}


def _read(file: Path, kind: type[Model]) -> Model:
    try:
        content: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise _wrong(
            file, f"it can't be read: {error.strerror}", "name a file in YAML that describes a model"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _wrong(file, f"it is no YAML: {error}", "mend it") from None
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(map(str, problem["loc"]))
        sentence = problem["msg"].removeprefix("Value error, ")
        raise _wrong(file, f"{place}: {sentence}" if place else sentence, "mend it, then run it again") from None


def _wrong(file: Path, sentence: str, hint: str) -> ConfigurationError:
    return ConfigurationError(f"{sentence}.", code="FAL-MOD-013", where=str(file), hint=hint)
