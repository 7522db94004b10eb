"""``python -m benchmarks.http_layers MODELS``: each layer under 32 connections, and alone, in turns.

MODELS is a repository with one small model. Needs wrk and, beside the project's packages, those of the candidates:
``uv run --with uvicorn --with granian python -m benchmarks.http_layers MODELS``.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from benchmarks.http_layers.load import NAMES, measured, summary


@click.command()
@click.argument("models", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--input", "name", default="X", show_default=True, help="The model's only input.")
@click.option("--features", default=13, show_default=True, help="Numbers in a row of it.")
@click.option("--rounds", default=5, show_default=True)
@click.option("--seconds", default=2, show_default=True)
def main(*, models: Path, name: str, features: int, rounds: int, seconds: int) -> None:
    """Print, as JSON, rate and processor time of each; servers on core 0, the generator on core 1.

    A share is taken within a round, of a neighbour in time: the machine's own speed may change between rounds.
    """
    values = [index + 0.5 for index in range(features)]
    tensor = {"name": name, "shape": [1, features], "datatype": "FP32", "data": values}
    body = json.dumps({"inputs": [tensor]})
    record: dict[str, dict[str, dict[str, float]]] = {}
    for connections in (32, 1):
        found: dict[str, list[tuple[float, float]]] = {each: [] for each in NAMES}
        for _ in range(rounds):
            for each in NAMES:
                found[each].append(measured(each, models, body, connections, seconds))
        record[f"{connections} connections"] = {each: summary(found[each], found["uvicorn"]) for each in NAMES}
    click.echo(json.dumps(record, indent=2))


if __name__ == "__main__":
    main()
