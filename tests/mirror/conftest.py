"""A real registry for every test that copies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.mirror.registry import Registry, serve


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """An empty registry that anyone may write to; each test takes a repository of its own."""
    with serve(tmp_path_factory.mktemp("registry")) as served:
        yield served
