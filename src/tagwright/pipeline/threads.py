"""Numeric libraries held to one thread: the same sums on every machine, and no fight over cores."""

from __future__ import annotations

import sys
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
    """The limits, set by the first to enter and lifted by the last to leave; OpenMP's are each thread's own.

    A BLAS that runs on OpenMP (faiss brings one) asks OpenMP, so whoever enters second must set it for itself.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._own = threading.local()
        self._libraries = _Libraries()
        self._inside = 0
        self._blas: Any = None

    def enter(self) -> None:
        with self._lock:
            controller = self._libraries.found()
            depth = getattr(self._own, "depth", 0)
            if depth == 0:  # before BLAS, whose setting would change what is found here
                self._own.openmp = controller.select(user_api="openmp").limit(limits=1)
            self._own.depth = depth + 1
            if self._inside == 0:
                _take_control()
                self._blas = controller.select(user_api="blas").limit(limits=1)
            self._inside += 1

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                _take_control()
                self._blas.restore_original_limits()
            self._own.depth -= 1
            if self._own.depth == 0:
                self._own.openmp.restore_original_limits()


class _Libraries:
    """The numeric libraries that are loaded, looked for again when modules have been imported since."""

    def __init__(self) -> None:
        self._modules = 0
        self._controller: ThreadpoolController | None = None

    def found(self) -> ThreadpoolController:
        if self._controller is None or self._modules != len(sys.modules):
            self._modules, self._controller = len(sys.modules), ThreadpoolController()
        return self._controller


def _take_control() -> None:
    """Newer versions let only one thread change OpenBLAS and ignore all others without a word; we hold a lock."""
    clear = getattr(OpenBLASController, "clear_controlling_thread", None)
    if clear is not None:
        clear(force=True)


_HELD = _Held()
