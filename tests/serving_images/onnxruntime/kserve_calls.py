"""Run by the interpreter that has KServe: its clients of both kinds against a server. Prints what they were told."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import numpy as np
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, RESTConfig


def asked(*, raw: bool) -> InferRequest:
    """Two tensors of four numbers, which the model adds up."""
    numbers = np.arange(4, dtype=np.float32).reshape(2, 2)
    inputs = []
    for name in ("a", "b"):
        tensor = InferInput(name, [2, 2], "FP32")
        tensor.set_data_from_numpy(numbers, binary_data=raw)
        inputs.append(tensor)
    return InferRequest(model_name="addition", infer_inputs=inputs, request_id="request-7")


def told(answer: Any) -> dict[str, Any]:  # noqa: ANN401 - the client's own type, which is not installed beside ours
    (output,) = answer.outputs
    return {"id": answer.id, "name": output.name, "shape": list(output.shape), "sum": output.as_numpy().tolist()}


async def over_rest(base: str) -> dict[str, Any]:
    client = InferenceRESTClient(RESTConfig(protocol="v2", timeout=30))
    try:
        return {
            "live": await client.is_server_live(base),
            "ready": await client.is_server_ready(base),
            "model_ready": await client.is_model_ready(base, "addition"),
            "answers": [told(await client.infer(base, asked(raw=raw), model_name="addition")) for raw in (False, True)],
        }
    finally:
        await client.close()


async def over_grpc(target: str) -> dict[str, Any]:
    client = InferenceGRPCClient(target)
    try:
        return {
            "live": await client.is_server_live(),
            "ready": await client.is_server_ready(),
            "model_ready": await client.is_model_ready("addition"),
            "answers": [told(await client.infer(asked(raw=raw))) for raw in (False, True)],
        }
    finally:
        await client.close()


async def main(base: str, target: str) -> None:
    print(json.dumps({"rest": await over_rest(base), "grpc": await over_grpc(target)}))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
