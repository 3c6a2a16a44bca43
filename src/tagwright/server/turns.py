"""A lock whose waiting threads get it in the order in which they asked, or give up after a time."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from tagwright.server.refusals import TooLate


class Turns:
    """One thread at a time, first come, first served.

    A plain lock goes to whoever is quickest: a busy worker that lets go and takes it again would starve all others.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def taken(self, seconds: float) -> Iterator[None]:
        """Alone inside; raises `TooLate` where the turn did not come within ``seconds``."""
        began = time.monotonic()
        if not self._take(seconds):
            waited = time.monotonic() - began
            raise TooLate(f"the project was busy for {waited:.0f} seconds", retry_after=max(1.0, waited / 2))
        try:
            yield
        finally:
            self._give()

    def _take(self, seconds: float) -> bool:
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            turn = threading.Event()
            self._waiting.append(turn)
        if turn.wait(seconds):
            return True
        with self._guard:
            if turn.is_set():  # it came in this very moment
                return True
            self._waiting.remove(turn)
            return False

    def _give(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()  # the lock goes from hand to hand and is never free in between
            else:
                self._taken = False
