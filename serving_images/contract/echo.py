"""Models that give back what they take.

``echo`` has every datatype of the protocol that each runtime has, ``typed`` those that gRPC has typed contents for,
``scalars`` the same without dimensions, ``brain`` BF16, which not every runtime has.

``python -m serving_images.contract.echo DIRECTORY`` writes the model repository ``models`` and a case for each model.
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
    "BF16": (TensorProto.BFLOAT16, [-3.140625, 0.0, 1.0, 2.0**100]),
}
_EVERYWHERE: Final = tuple(name for name in _TYPES if name != "BF16")
_WITH_FIELDS: Final = tuple(name for name in _EVERYWHERE if name != "FP16")
_ROWS: Final = ("rows", 2)
_MODELS: Final[dict[str, tuple[tuple[str, ...], tuple[str | int, ...]]]] = {
    "echo": (_EVERYWHERE, _ROWS),
    "typed": (_WITH_FIELDS, _ROWS),
    "scalars": (_WITH_FIELDS, ()),
    "brain": (("BF16",), _ROWS),
}
"""Datatypes and shape of each model's tensors."""


def model(name: str = "echo") -> bytes:
    """The ONNX file: inputs ``in_<datatype>`` and outputs ``out_<datatype>``."""
    datatypes, shape = _MODELS[name]
    kinds = {each: _TYPES[each][0] for each in datatypes}
    graph = helper.make_graph(
        [helper.make_node("Identity", [f"in_{each}"], [f"out_{each}"]) for each in kinds],
        name,
        [helper.make_tensor_value_info(f"in_{each}", kind, shape) for each, kind in kinds.items()],
        [helper.make_tensor_value_info(f"out_{each}", kind, shape) for each, kind in kinds.items()],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(proto, full_check=True)
    return proto.SerializeToString(deterministic=True)


def case(name: str = "echo") -> Case:
    """What the model must say and answer: extremes of every datatype, and where there are rows, none of them too."""
    datatypes, shape = _MODELS[name]
    told = [-1 if isinstance(size, str) else size for size in shape]
    values = {each: _TYPES[each][1] if shape else _TYPES[each][1][-1:] for each in datatypes}
    asked = [2, 2] if shape else []
    nothing: dict[str, list[Any]] = {each: [] for each in datatypes}
    return Case(
        model=name,
        version="1",
        inputs=[{"name": f"in_{each}", "datatype": each, "shape": told} for each in datatypes],
        outputs=[{"name": f"out_{each}", "datatype": each, "shape": told} for each in datatypes],
        request={"inputs": _tensors("in", asked, values)},
        answer=_tensors("out", asked, values),
        further=[{"inputs": _tensors("in", [0, 2], nothing), "answer": _tensors("out", [0, 2], nothing)}]
        if shape
        else [],
    )


def _tensors(side: str, shape: list[int], values: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [{"name": f"{side}_{each}", "datatype": each, "shape": shape, "data": data} for each, data in values.items()]


def write(directory: Path) -> tuple[Path, list[Path]]:
    """Write the model repository and the case files; their paths."""
    repository, files = directory / "models", []
    for name in _MODELS:
        folder = repository / name / "1"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.onnx").write_bytes(model(name))
        files.append(directory / f"{name}.json")
        files[-1].write_text(json.dumps(asdict(case(name)), indent=2, ensure_ascii=False), encoding="utf-8")
    return repository, files


if __name__ == "__main__":
    write(Path(sys.argv[1]))
