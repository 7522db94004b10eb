"""``python -m onnxruntime_server.base_check`` stops an image build whose base has another Python than the wheels."""

from __future__ import annotations

import importlib
import os
import sys


def main() -> None:
    """Compare versions, then import the server: a missing system library shows here and not in the first pod."""
    wanted = os.environ["PYTHON_VERSION"]
    found = f"{sys.version_info.major}.{sys.version_info.minor}"
    if found != wanted:
        sys.exit(
            f"the base image has Python {found}, but the wheels are for Python {wanted}:\n"
            f"set PYTHON_VERSION to {found} in image.toml and build again, or choose another base"
        )
    for program in ("onnxruntime_server", "inference_router"):
        importlib.import_module(f"{program}.__main__")


if __name__ == "__main__":
    main()
