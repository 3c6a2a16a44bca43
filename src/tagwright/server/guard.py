"""Looks, beside the answers, whether the newest decisions made suggestions worse."""

from __future__ import annotations

import os
import socket

import tagwright.server.logs as logs
from tagwright.errors import StoreError
from tagwright.feedback import Canary
from tagwright.server.background import Background
from tagwright.server.guard_process import measured
from tagwright.server.served import Served

_LOOK_SECONDS, _LEASE_SECONDS = 5.0, 60.0


class Guard(Background):
    """Measures one project on its canary documents whenever enough has been decided, in one process of several."""

    def __init__(self, served: Served) -> None:
        super().__init__(f"guard {served.id}", _LOOK_SECONDS)
        self._served, self._seen = served, -1

    def work(self) -> bool:
        """Looks once; nothing is opened while the growth log stays as it was."""
        store = self._served.store
        last = store.last() if store.path.exists() else 0
        if last == self._seen:
            return False
        canary = Canary(self._served.folder, self._served.overrides)
        if canary.due():
            self._check()
        self._seen = last
        return False

    def _check(self) -> None:
        try:
            lease = self._served.store.claim("canary", f"{socket.gethostname()}:{os.getpid()}", _LEASE_SECONDS)
        except StoreError:
            return  # another process is at it
        with lease:
            found = measured(self._served.folder, self._served.overrides, lambda: self.stopping)
        if found is not None:
            logs.event(
                "decisions held back" if found["held"] else "decisions checked", project=self._served.id,
                **{key: found[key] for key in ("good", "newest", "before", "after")},
            )  # fmt: skip
