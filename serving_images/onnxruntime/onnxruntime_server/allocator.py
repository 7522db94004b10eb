"""How glibc's allocator is told to deal with the memory of a server.

Source: https://man7.org/linux/man-pages/man3/mallopt.3.html
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8
"""Numbers of malloc.h."""

_ARENAS: Final = 2
_LARGE: Final = 4 * 1024 * 1024
"""Bytes that go back to the system as soon as they are free; less is kept for what comes next."""

_LARGEST_THRESHOLD: Final = 32 * 1024 * 1024
"""What glibc takes at most."""

_NEVER: Final = 2**31 - 1

_LIBRARY: Final = ctypes.CDLL(None)


def set_up() -> None:
    """Keep all threads to two heaps, where the environment says nothing else.

    Each thread that serves a call would have one of its own otherwise and keep what its largest message took: many bad
    clients made that twice as much. Does nothing with another C library.
    """
    if _is_ours():
        _LIBRARY.mallopt(_ARENA_MAX, _ARENAS)
        _give_back_from(_LARGE)


@contextmanager
def reused() -> Iterator[None]:
    """Use again meanwhile what becomes free, and give all of it back at the end.

    A model's weights are held two or three times while it is loaded. To get each page from the system anew takes a
    third of that time.
    """
    if not _is_ours():
        yield
        return
    _LIBRARY.mallopt(_MMAP_THRESHOLD, _LARGEST_THRESHOLD)
    _LIBRARY.mallopt(_TRIM_THRESHOLD, _NEVER)
    try:
        yield
    finally:
        _give_back_from(_LARGE)
        _LIBRARY.malloc_trim(0)


def _give_back_from(size: int) -> None:
    _LIBRARY.mallopt(_MMAP_THRESHOLD, size)
    _LIBRARY.mallopt(_TRIM_THRESHOLD, 2 * size)


def _is_ours() -> bool:
    """Whether there is glibc's allocator, and nobody set it otherwise."""
    return hasattr(_LIBRARY, "mallopt") and not any(name.startswith("MALLOC_") for name in os.environ)
