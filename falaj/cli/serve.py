"""``falaj serve``: the serving image's own server, as a plain process on this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from falaj.cli.console import messages
from falaj.cli.project import project_root
from falaj.errors import ConfigurationError

MODELS = Path("examples", "models")


@click.command()
@click.argument("model")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535), help="Port on 127.0.0.1.")
def serve(*, model: str, port: int) -> None:
    """Serve MODEL (a name under examples/models, or a folder of models in Triton's layout) on this machine only."""
    root = project_root()
    folder = model_folder(root, model)
    messages.print(f"serving {folder} on http://127.0.0.1:{port}/v2, stop with Ctrl-C", markup=False)
    environment = {**os.environ, "ORT_DISABLE_TELEMETRY": "1"}
    arguments = ["-m", "onnxruntime_server", "--models", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    os.execve(sys.executable, [sys.executable, *arguments], environment)  # noqa: S606 - the interpreter running this


def model_folder(root: Path, model: str) -> Path:
    """The folder to serve for a model's name or path; ConfigurationError FAL-MOD-001 where there is none."""
    choices = sorted(card.parent.name for card in (root / MODELS).glob("*/image.toml"))
    for folder in (root / MODELS / model, Path(model)):
        if folder.is_dir():
            return folder.resolve()
    raise ConfigurationError(
        f"There is no model folder of that name. Models here: {', '.join(choices) or 'none'}.",
        code="FAL-MOD-001",
        where=f"MODEL {model}",
        hint="give one of these names, or a folder that holds <model>/<version>/model.onnx",
    )
