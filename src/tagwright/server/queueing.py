"""Keeps the list of waiting documents: what is suggested for each, and what a look at it is worth."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from collections.abc import Sequence

import tagwright.server.logs as logs
from tagwright.errors import StoreError
from tagwright.pipeline.threads import one_thread
from tagwright.server.background import Background
from tagwright.server.lane import State
from tagwright.server.served import Served
from tagwright.types import Document

_LOOK_SECONDS, _LEASE_SECONDS = 1.0, 60.0
# So many documents keep a request from its answer for about 75 ms (9 each, 78,741 tags); where somebody asked for
# suggestions in the last half minute, and so may ask again, fewer are filled in at once: 50 ms (16 each).
_AT_ONCE, _BESIDE, _ABOUT_SECONDS = 8, 3, 30.0
# While there are requests, and for so long after the last one, it waits.
_QUIET_SECONDS = 0.3
# After so many documents that were filled in, and so many rows of the growth log, documents are put in order anew.
_ORDERED_AFTER, _ROWS_AFTER = 512, 40
# To put many documents in order takes seconds: decisions alone do not cause it again before so many times as long.
_REST = 30


class Queueing(Background):
    """Fills in the waiting documents of one project while nobody waits for an answer, in one process of several.

    New documents first, then, after a training or many decisions, all others again.
    """

    def __init__(self, served: Served) -> None:
        super().__init__(f"queue {served.id}", _LOOK_SECONDS)
        self._served, self._queue = served, served.queue
        self._filled, self._ordered_at, self._rests_until = 0, -1, 0.0

    def work(self) -> bool:
        """Fills in some documents, or puts all of them in order; whether there is more to do."""
        store = self._served.store
        if not store.path.exists() or self._busy():
            return False
        state = self._served.state()
        since = state.row - self._served.feedback.options.check_every
        documents = self._queue.stale(model_of(state), since, _BESIDE if self._asked(_ABOUT_SECONDS) else _AT_ONCE)
        if not documents and not self._disordered(state):
            return False
        try:
            lease = store.claim("queue", f"{socket.gethostname()}:{os.getpid()}", _LEASE_SECONDS)
        except StoreError:
            return False  # another process is at it
        with lease:
            if documents and self._filled < _ORDERED_AFTER:
                self._fill(documents, state)
            else:
                self._order(state)
        return True

    def _busy(self) -> bool:
        """Whether somebody waits for an answer, or did a moment ago."""
        return bool(self._served.waiting()) or self._asked(_QUIET_SECONDS)

    def _asked(self, seconds: float) -> bool:
        """Whether somebody asked for suggestions in the last so many seconds."""
        return time.monotonic() - self._served.asked < seconds

    def _fill(self, documents: Sequence[Document], state: State) -> None:
        with self._served.using() as project, one_thread():
            self._queue.fill(project.tagger, documents, model=model_of(state), row=state.row)
        self._filled += len(documents)

    def _disordered(self, state: State) -> bool:
        """Whether the order is not that of what is known by now."""
        decided = state.row - self._ordered_at >= _ROWS_AFTER and time.monotonic() >= self._rests_until
        return self._filled > 0 or self._ordered_at < 0 or decided

    def _order(self, state: State) -> None:
        began = time.monotonic()
        ordered = self._queue.order()
        seconds = time.monotonic() - began
        logs.event("queue in order", project=self._served.id, documents=ordered, seconds=round(seconds, 2))
        self._filled, self._ordered_at = 0, state.row
        self._rests_until = time.monotonic() + _REST * seconds


def model_of(state: State) -> str:
    """Names what suggestions are made by, whatever was decided since."""
    return hashlib.sha256(f"{state.model} {state.settings}".encode()).hexdigest()[:16]
