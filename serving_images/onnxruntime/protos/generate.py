"""``python serving_images/onnxruntime/protos/generate.py [DIRECTORY]`` writes the Python messages of the protocol file.

Needs grpcio-tools, a dependency of development. The messages stand in a descriptor pool of their own: the names of the
protocol belong to every client of it too, and two files with the same names can't share the default pool.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from grpc_tools import protoc

HERE: Final = Path(__file__).parent
COMMITTED: Final = HERE.parent / "onnxruntime_server" / "protocol" / "grpc"
MODULE: Final = "grpc_predict_v2_pb2.py"
_SHARED_POOL: Final = "_descriptor_pool.Default()"
_OWN_POOL: Final = "_descriptor_pool.DescriptorPool()"


def generate(directory: Path) -> None:
    """Write the messages and their types into a folder. Refuses a compiler whose output can't be given its own pool."""
    protocol = HERE / "grpc_predict_v2.proto"
    code = protoc.main(["protoc", f"-I{HERE}", f"--python_out={directory}", f"--pyi_out={directory}", str(protocol)])
    if code:
        sys.exit(code)
    module = directory / MODULE
    text = module.read_text(encoding="utf-8")
    if text.count(_SHARED_POOL) != 1:
        sys.exit(f"{module}: expected {_SHARED_POOL} once; this grpcio-tools writes modules in another way")
    module.write_text(text.replace(_SHARED_POOL, _OWN_POOL), encoding="utf-8")


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else COMMITTED)
