"""``python -m benchmarks.grpc_servers MODEL.onnx``: each candidate under 32 calls at once, in turns.

Needs h2load (Debian: nghttp2-client) and, beside the project's packages, those of the candidates:
``uv run --with grpclib --with jh2 --with pygrpc-native python -m benchmarks.grpc_servers MODEL.onnx``.
"""

from __future__ import annotations

import json
import statistics

import click
import numpy as np
from tritonclient.grpc.service_pb2 import ModelInferRequest

from benchmarks.grpc_servers import candidates
from benchmarks.grpc_servers.measurement import measured


@click.command()
@click.argument("model", type=click.Path(exists=True, dir_okay=False))
@click.option("--features", default=13, show_default=True, help="Numbers in a row of the model's only input, X.")
@click.option("--rounds", default=5, show_default=True)
@click.option("--seconds", default=2, show_default=True)
@click.option("--only", multiple=True, type=click.Choice(list(candidates.CANDIDATES)))
def main(*, model: str, features: int, rounds: int, seconds: int, only: tuple[str, ...]) -> None:
    """Print, as JSON, the rate and the processor time of each; servers on core 0, the generator on core 1."""
    row = np.random.default_rng(0).random((1, features), dtype=np.float32)
    request = ModelInferRequest(model_name="m", raw_input_contents=[row.tobytes()])
    request.inputs.add(name="X", datatype="FP32", shape=row.shape)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in only or candidates.CANDIDATES}
    for _ in range(rounds):
        for name, figures in found.items():
            figures.append(measured(name, model, request.SerializeToString(), seconds))
    record = {
        name: {
            "requests_per_second": round(statistics.median(rate for rate, _ in figures)),
            "cpu_microseconds_per_request": round(statistics.median(cost for _, cost in figures)),
            "rounds": [round(rate) for rate, _ in figures],
        }
        for name, figures in found.items()
    }
    click.echo(json.dumps(record, indent=2))


if __name__ == "__main__":
    main()
