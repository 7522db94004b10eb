"""A model that gives back what it takes, in every datatype of the protocol that ONNX has.

``python -m serving_images.contract.echo DIRECTORY`` writes the model repository ``models`` and the case ``echo.json``.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from onnx import TensorProto, checker, helper

from serving_images.contract.case import Case

_TYPES: Final[dict[str, tuple[int, list[Any]]]] = {
    "BOOL": (TensorProto.BOOL, [True, False, False, True]),
    "UINT8": (TensorProto.UINT8, [0, 1, 254, 255]),
    "UINT16": (TensorProto.UINT16, [0, 1, 256, 2**16 - 1]),
    "UINT32": (TensorProto.UINT32, [0, 1, 2**31, 2**32 - 1]),
    "UINT64": (TensorProto.UINT64, [0, 1, 2**63, 2**64 - 1]),
    "INT8": (TensorProto.INT8, [-128, -1, 0, 127]),
    "INT16": (TensorProto.INT16, [-(2**15), -1, 0, 2**15 - 1]),
    "INT32": (TensorProto.INT32, [-(2**31), -1, 0, 2**31 - 1]),
    "INT64": (TensorProto.INT64, [-(2**63), -1, 2**53 + 1, 2**63 - 1]),
    "FP16": (TensorProto.FLOAT16, [-65504.0, -0.5, 0.0, 1.5]),
    "FP32": (TensorProto.FLOAT, [-1.5, 0.0, 2.0**-149, 3.0e38]),
    "FP64": (TensorProto.DOUBLE, [-1.7e308, 0.1, 0.0, 5e-324]),
    "BYTES": (TensorProto.STRING, ["", "falaj", "فلج", 'quote " and \\ and \n']),
}


def model() -> bytes:
    """The ONNX file: inputs ``in_<datatype>`` and outputs ``out_<datatype>``, each of shape [rows, 2]."""
    graph = helper.make_graph(
        [helper.make_node("Identity", [f"in_{name}"], [f"out_{name}"]) for name in _TYPES],
        "echo",
        [helper.make_tensor_value_info(f"in_{name}", kind, ["rows", 2]) for name, (kind, _) in _TYPES.items()],
        [helper.make_tensor_value_info(f"out_{name}", kind, ["rows", 2]) for name, (kind, _) in _TYPES.items()],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(proto, full_check=True)
    return proto.SerializeToString(deterministic=True)


def case() -> Case:
    """What the model must say and answer: extremes of every datatype."""
    values = {name: data for name, (_, data) in _TYPES.items()}
    return Case(
        model="echo",
        version="1",
        inputs=[{"name": f"in_{name}", "datatype": name, "shape": [-1, 2]} for name in values],
        outputs=[{"name": f"out_{name}", "datatype": name, "shape": [-1, 2]} for name in values],
        request={
            "inputs": [
                {"name": f"in_{name}", "datatype": name, "shape": [2, 2], "data": data} for name, data in values.items()
            ]
        },
        answer=[
            {"name": f"out_{name}", "datatype": name, "shape": [2, 2], "data": data} for name, data in values.items()
        ],
    )


def write(directory: Path) -> tuple[Path, Path]:
    """Write the model repository and the case file; their paths."""
    repository, file = directory / "models", directory / "echo.json"
    folder = repository / "echo" / "1"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model())
    file.write_text(json.dumps(asdict(case()), indent=2, ensure_ascii=False), encoding="utf-8")
    return repository, file


if __name__ == "__main__":
    write(Path(sys.argv[1]))
