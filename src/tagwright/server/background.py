"""Work that a server does beside its answers: a thread that looks again and again whether there is something to do."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod

import tagwright.server.logs as logs
from tagwright.errors import TagwrightError


class Background(ABC):
    """A thread that calls `work` until it is stopped; after a fault it goes on.

    ``seconds``: how long it sleeps where there was nothing to do.
    """

    def __init__(self, name: str, seconds: float) -> None:
        self._name, self._seconds = name, seconds
        self._wake, self._stopped = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    @abstractmethod
    def work(self) -> bool:
        """Does one piece of work; whether there may be more to do at once."""

    @property
    def stopping(self) -> bool:
        """Whether long work is to end at the next place where it can."""
        return self._stopped.is_set()

    def start(self) -> None:
        """The thread begins."""
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There is something to do."""
        self._wake.set()

    def stop(self, seconds: float = 20.0) -> None:
        """The thread ends, after at most so long."""
        self._stopped.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        while not self.stopping:
            self._wake.clear()
            if not self._tried():
                self._wake.wait(self._seconds)

    def _tried(self) -> bool:
        try:
            return self.work()
        except TagwrightError as error:
            logs.trouble(self._name, fault=f"{type(error).__name__}: {error}")
        except Exception as error:
            logs.trouble(self._name, fault=type(error).__name__)
        return False
