"""Models of every kind give what onnxruntime itself gives: bit for bit alone, in the last digits beside others."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import numpy as np
import numpy.typing as npt
import onnxruntime
import orjson
import pytest
from onnxruntime_server.protocol.datatypes import ONNX, Datatype
from onnxruntime_server.protocol.tensors import from_bytes, to_bytes

from tests.serving_images import models
from tests.serving_images.kinds import KINDS, Inputs, Kind
from tests.serving_images.process import ServerProcess

LENGTH = "inference-header-content-length"
CALLERS = 16
TURNS = 12


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("kinds")
    for kind in KINDS:
        models.save(kind.model, folder, kind.name)
    process = ServerProcess(folder, "--drain-seconds", "0")
    process.said("ready")
    yield process
    process.close()


def truth(session: onnxruntime.InferenceSession, inputs: Inputs) -> list[npt.NDArray[np.generic]]:
    """What onnxruntime says without us."""
    found = session.run(None, inputs)
    return [np.asarray(each) for each in found]


def session_of(kind: Kind) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(kind.model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def asked(
    client: httpx2.Client, kind: Kind, session: onnxruntime.InferenceSession, inputs: Inputs
) -> list[npt.NDArray[np.generic]]:
    """The server's answer over the binary extension, which loses no digit."""
    datatypes = {node.name: ONNX[node.type] for node in session.get_inputs()}
    raw = {name: to_bytes(datatypes[name], array) for name, array in inputs.items()}
    head = orjson.dumps(
        {
            "inputs": [
                {
                    "name": name,
                    "datatype": datatypes[name],
                    "shape": list(array.shape),
                    "parameters": {"binary_data_size": len(raw[name])},
                }
                for name, array in inputs.items()
            ],
            "parameters": {"binary_data_output": True},
        }
    )
    body = head + b"".join(raw.values())
    response = client.post(f"/v2/models/{kind.name}/infer", content=body, headers={LENGTH: str(len(head))})
    assert response.status_code == 200, response.text
    length = int(response.headers[LENGTH])
    tail = memoryview(response.content)[length:]
    found = []
    for entry in orjson.loads(response.content[:length])["outputs"]:
        size = entry["parameters"]["binary_data_size"]
        datatype = Datatype[entry["datatype"]]
        found.append(from_bytes(entry["name"], datatype, tuple(entry["shape"]), tail[:size]))
        tail = tail[size:]
    return found


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_alone_it_is_the_same_bit_for_bit(server: ServerProcess, kind: Kind) -> None:
    session, chance = session_of(kind), np.random.default_rng(7)
    with server.client() as client:
        for _ in range(TURNS):
            inputs = kind.request(chance)
            for found, expected in zip(asked(client, kind, session, inputs), truth(session, inputs), strict=True):
                assert found.shape == expected.shape
                assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_beside_others_it_is_the_same_in_all_but_the_last_digits(server: ServerProcess, kind: Kind) -> None:
    session = session_of(kind)

    def call(number: int) -> None:
        chance = np.random.default_rng(number)
        with server.client() as client:
            for _ in range(TURNS):
                inputs = kind.request(chance)
                found, expected = asked(client, kind, session, inputs), truth(session, inputs)
                for one, other in zip(found, expected, strict=True):
                    assert one.shape == other.shape
                    if kind.rounded and one.dtype.kind == "f":
                        np.testing.assert_allclose(
                            one.astype(np.float64), other.astype(np.float64), rtol=1e-5, atol=1e-6
                        )
                    else:
                        assert one.tolist() == other.tolist()

    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(call, range(CALLERS)))
