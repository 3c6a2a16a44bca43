"""Numeric libraries held to one thread: the same sums on every machine, and no fight over cores."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from threadpoolctl import OpenBLASController, ThreadpoolController


@contextmanager
def one_thread() -> Iterator[None]:
    """BLAS and OpenMP run on one thread inside; as long as any thread is inside, for the limit is the process's."""
    _HELD.enter()
    try:
        yield
    finally:
        _HELD.leave()


class _Held:
    """The limit, set by the first to enter and lifted by the last to leave.

    Whoever leaves last lifts it, and what is restored is always what the very first found.
    """

    def __init__(self) -> None:
        self._controller: ThreadpoolController | None = None
        self._lock = threading.Lock()
        self._inside = 0
        self._limit: Any = None

    def enter(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._controller = self._controller or ThreadpoolController()  # looks through all loaded libraries
                _take_control()
                limit = self._controller.limit(limits=1)
                self._limit = self._limit or limit
            self._inside += 1

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                _take_control()
                self._limit.restore_original_limits()


def _take_control() -> None:
    """Newer versions let only one thread change OpenBLAS and ignore all others without a word; we hold a lock."""
    clear = getattr(OpenBLASController, "clear_controlling_thread", None)
    if clear is not None:
        clear(force=True)


_HELD = _Held()
