"""A server that does not answer is left alone for a while, so that it does not hold up a batch at each document."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Breaker:
    """Opens after ``failures`` in a row for ``seconds``; then one question may try, and its luck decides.

    A server that fails three times in ten by chance fails sixteen times in a row once in 200 million questions.
    """

    failures: int = 16
    seconds: float = 30.0
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._row, self._until = 0, 0.0

    def closed(self) -> bool:
        """Whether the server may be asked now."""
        with self._lock:
            if self._row < self.failures:
                return True
            if self.clock() < self._until:
                return False
            self._until = self.clock() + self.seconds  # this one tries, the others go on waiting
            return True

    def failed(self, *, gone: bool = False) -> None:
        """A question got no answer; ``gone``: there is no server, so that none of the next ones can get one."""
        with self._lock:
            self._row = max(self._row + 1, self.failures if gone else 0)
            if self._row >= self.failures:
                self._until = self.clock() + self.seconds

    def worked(self) -> None:
        """A question got an answer."""
        with self._lock:
            self._row = 0
