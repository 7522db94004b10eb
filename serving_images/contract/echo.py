"""Models that give back what they take.

``echo`` has every datatype of the protocol that ONNX has, ``typed`` those that gRPC has typed contents for.

``python -m serving_images.contract.echo DIRECTORY`` writes the model repository ``models`` and the cases ``echo.json``
and ``typed.json``.
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


_MODELS: Final = {"echo": tuple(_TYPES), "typed": tuple(name for name in _TYPES if name != "FP16")}


def model(name: str = "echo") -> bytes:
    """The ONNX file: inputs ``in_<datatype>`` and outputs ``out_<datatype>``, each of shape [rows, 2]."""
    kinds = {each: _TYPES[each][0] for each in _MODELS[name]}
    graph = helper.make_graph(
        [helper.make_node("Identity", [f"in_{each}"], [f"out_{each}"]) for each in kinds],
        name,
        [helper.make_tensor_value_info(f"in_{each}", kind, ["rows", 2]) for each, kind in kinds.items()],
        [helper.make_tensor_value_info(f"out_{each}", kind, ["rows", 2]) for each, kind in kinds.items()],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(proto, full_check=True)
    return proto.SerializeToString(deterministic=True)


def case(name: str = "echo") -> Case:
    """What the model must say and answer: extremes of every datatype."""
    values = {each: _TYPES[each][1] for each in _MODELS[name]}
    return Case(
        model=name,
        version="1",
        inputs=[{"name": f"in_{each}", "datatype": each, "shape": [-1, 2]} for each in values],
        outputs=[{"name": f"out_{each}", "datatype": each, "shape": [-1, 2]} for each in values],
        request={
            "inputs": [
                {"name": f"in_{each}", "datatype": each, "shape": [2, 2], "data": data} for each, data in values.items()
            ]
        },
        answer=[
            {"name": f"out_{each}", "datatype": each, "shape": [2, 2], "data": data} for each, data in values.items()
        ],
    )


def write(directory: Path) -> tuple[Path, Path]:
    """Write the model repository and the case files; the paths of the repository and of the case of ``echo``."""
    repository = directory / "models"
    for name in _MODELS:
        folder = repository / name / "1"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.onnx").write_bytes(model(name))
        text = json.dumps(asdict(case(name)), indent=2, ensure_ascii=False)
        (directory / f"{name}.json").write_text(text, encoding="utf-8")
    return repository, directory / "echo.json"


if __name__ == "__main__":
    write(Path(sys.argv[1]))
