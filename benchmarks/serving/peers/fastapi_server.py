"""What most teams write first: FastAPI, NumPy and a session."""

from __future__ import annotations

from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI

from benchmarks.serving.peers import onnx_model

application = FastAPI()
model = onnx_model.OnnxModel()


@application.post(f"/v2/models/{onnx_model.NAME}/infer")  # type: ignore[untyped-decorator]  # a peer's library, not installed here
def infer(body: dict[str, Any]) -> dict[str, Any]:
    """One prediction; FastAPI runs it on its thread pool."""
    inputs = {
        each["name"]: np.array(each["data"], onnx_model.DATATYPES[each["datatype"]]).reshape(each["shape"])
        for each in body["inputs"]
    }
    outputs = [
        {
            "name": name,
            "datatype": onnx_model.NAMES[array.dtype.name],
            "shape": list(array.shape),
            "data": array.ravel().tolist(),
        }
        for name, array in model.run(inputs).items()
    ]
    return {"model_name": onnx_model.NAME, "outputs": outputs}


if __name__ == "__main__":
    uvicorn.run(
        application, port=onnx_model.HTTP_PORT, log_level="warning", access_log=False, loop="uvloop", http="httptools"
    )
