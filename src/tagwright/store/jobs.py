"""Long work that a server was asked for: what waits, what runs, how far it is, and what came of it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from tagwright.store.database import Database
from tagwright.store.table import Table

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
STATES = (WAITING, RUNNING, DONE, FAILED, CANCELLED)
_ENDED = (DONE, FAILED, CANCELLED)
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of long work: its ``kind`` and ``options`` (plain values), who asked for it, and its ``state``.

    ``done`` of ``total`` parts are finished (``total`` 0 = not known yet); ``said`` is what it says of itself, of a
    failed one what went wrong; ``result`` what came of it, as plain values. ``cancelled``: somebody wants it to stop.
    ``time`` when it was asked for, ``started`` and ``ended``, in seconds since 1970; 0 = not yet.
    """

    kind: str
    options: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    person: str = ""
    state: str = WAITING
    cancelled: bool = False
    done: int = 0
    total: int = 0
    said: str = ""
    result: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    time: float = 0.0
    started: float = 0.0
    ended: float = 0.0
    id: str = ""
    number: int = 0


class Jobs:
    """The jobs in the project's own database, so that whichever process takes one up next can go on with it.

    A job that runs when its process dies stays "running": `take` gives it first. Take jobs under the store's claim on
    "jobs", so that two processes do not run them together.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock
        self._jobs = Table(database, "jobs", Job)

    def add(self, kind: str, options: Mapping[str, Any], *, person: str = "", id: str = "") -> Job:
        """The new job, which waits; one whose ``id`` is there already is answered with what that one is."""
        with self._database.writing() as connection:
            known = list(self._jobs.select(connection, "WHERE id = ?", (id,))) if id else []
            if known:
                return known[0]
            job = Job(kind, dict(options), person, time=self._clock(), id=id or uuid.uuid4().hex)
            return replace(job, number=self._jobs.insert(connection, job))

    def find(self, id: str) -> Job | None:
        """The job of that id, or ``None``."""
        if not self._database.path.exists():
            return None
        with self._database.reading() as connection:
            return next(iter(list(self._jobs.select(connection, "WHERE id = ?", (id,)))), None)

    def all(self, *, limit: int = 100) -> list[Job]:
        """The newest jobs, the newest first."""
        if not self._database.path.exists():
            return []
        with self._database.reading() as connection:
            return list(self._jobs.select(connection, "ORDER BY number DESC LIMIT ?", (limit,)))

    def take(self) -> Job | None:
        """The job to run now: one that a dead process left running, else the one that waits longest; or ``None``."""
        if not self._database.path.exists():
            return None
        with self._database.writing() as connection:
            rest = "WHERE state IN (?, ?) ORDER BY state = ? DESC, number LIMIT 1"
            found = list(self._jobs.select(connection, rest, (RUNNING, WAITING, RUNNING)))
            if not found:
                return None
            job = replace(found[0], state=RUNNING, started=found[0].started or self._clock())
            self._jobs.update(connection, job)
            return job

    def progress(self, id: str, done: int, total: int = 0, said: str = "") -> bool:
        """Whether the job is to go on; so much of it is done by now."""
        job = self._change(id, lambda job: replace(job, done=done, total=total or job.total, said=said or job.said))
        return job is not None and not job.cancelled and job.state == RUNNING

    def finish(self, id: str, state: str, said: str = "", result: Mapping[str, Any] = _NOTHING) -> Job | None:
        """The job, which has ended: "done", "failed" or "cancelled"."""
        assert state in _ENDED, state
        return self._change(
            id, lambda job: replace(job, state=state, said=said, result=dict(result), ended=self._clock())
        )

    def cancel(self, id: str) -> Job | None:
        """The job, which has ended if it waited, and ends soon if it runs; ``None`` where there is no such job."""
        return self._change(id, self._cancelled)

    def resume(self, id: str) -> Job | None:
        """The job, which waits once more if it had failed or been cancelled; ``None`` where there is no such job."""
        return self._change(id, _again)

    def check(self) -> None:
        """Every row is read; raises `StoreError` at the first whose checksum differs."""
        with self._database.snapshot() as connection:
            self._jobs.check(connection)

    def _cancelled(self, job: Job) -> Job:
        if job.state == WAITING:
            return replace(job, cancelled=True, state=CANCELLED, ended=self._clock())
        return replace(job, cancelled=True) if job.state == RUNNING else job

    def _change(self, id: str, change: Callable[[Job], Job]) -> Job | None:
        with self._database.writing() as connection:
            found = list(self._jobs.select(connection, "WHERE id = ?", (id,)))
            if not found:
                return None
            job = change(found[0])
            self._jobs.update(connection, job)
            return job


def _again(job: Job) -> Job:
    if job.state not in (FAILED, CANCELLED):
        return job
    return replace(job, state=WAITING, cancelled=False, said="", ended=0.0)
