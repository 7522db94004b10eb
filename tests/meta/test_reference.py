"""The generated reference says what the code says."""

from __future__ import annotations

import pytest

from docs.generate import REFERENCE, pages

PAGES = pages()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_is_what_make_docs_would_write(name: str) -> None:
    assert (REFERENCE / name).read_text() == PAGES[name], "run `make docs`"


def test_no_page_is_left_over() -> None:
    found = [path.relative_to(REFERENCE).as_posix() for path in REFERENCE.rglob("*.md")]
    assert sorted(found) == sorted(PAGES)
