"""Triton's core with its Python backend and dynamic batcher, as PyTriton packs them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pytriton.decorators import batch
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

from benchmarks.serving.peers import onnx_model

TYPES = {"tensor(float)": np.float32, "tensor(int64)": np.int64}
model = onnx_model.OnnxModel()


@batch  # type: ignore[untyped-decorator]  # a peer's library, not installed here
def infer(**inputs: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
    """One batch; Triton wants a second dimension where an output has only rows."""
    found = model.run(inputs)
    return {name: array if array.ndim > 1 else array[:, None] for name, array in found.items()}


def described(each: Any) -> Tensor:  # noqa: ANN401 - ONNX Runtime ships no types
    """A tensor without its batch, as Triton declares it."""
    shape = tuple(size if isinstance(size, int) else -1 for size in each.shape[1:])
    return Tensor(name=each.name, dtype=TYPES[each.type], shape=shape or (1,))


if __name__ == "__main__":
    ports = TritonConfig(
        http_port=onnx_model.HTTP_PORT, grpc_port=onnx_model.GRPC_PORT, metrics_port=onnx_model.METRICS_PORT
    )
    with Triton(config=ports) as triton:
        triton.bind(
            model_name=onnx_model.NAME,
            infer_func=infer,
            inputs=[described(each) for each in model.session.get_inputs()],
            outputs=[described(each) for each in model.session.get_outputs()],
            config=ModelConfig(
                max_batch_size=onnx_model.MOST_ROWS, batcher=DynamicBatcher(max_queue_delay_microseconds=0)
            ),
        )
        triton.serve()
