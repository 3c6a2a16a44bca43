"""Which shards of a job are done, by whom, at what cost: one SQLite file in the job's folder.

Only the process that runs the job writes about shards, so the file needs to be on its disk alone, whatever the workers
are on. Others may look, and may ask for the job to stop.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tagwright.errors import JobError, StoreError
from tagwright.scale.order import Done
from tagwright.store.claims import SqliteLease, host
from tagwright.store.database import Database
from tagwright.store.migrations import Migration
from tagwright.store.table import Table

WAITING, RUNNING, DONE, POISONED = "waiting", "running", "done", "poisoned"
TRIES = 3
"""A shard that so many workers have died of is set aside."""
_RUN, _LEASE_SECONDS = "run", 60.0
_NOTHING: Mapping[str, Any] = MappingProxyType({})

LEDGER = (
    Migration(
        "the job, its shards, who runs it, what a language model took",
        (
            """CREATE TABLE job (
                number INTEGER PRIMARY KEY, identity TEXT NOT NULL, orders TEXT NOT NULL, executor TEXT NOT NULL,
                merged TEXT NOT NULL, complete INTEGER NOT NULL, cancelled INTEGER NOT NULL, state TEXT NOT NULL,
                said TEXT NOT NULL, began REAL NOT NULL, ended REAL NOT NULL, checksum INTEGER NOT NULL)""",
            """CREATE TABLE shards (
                number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, documents INTEGER NOT NULL,
                state TEXT NOT NULL, tries INTEGER NOT NULL, owner TEXT NOT NULL, rows INTEGER NOT NULL,
                failed INTEGER NOT NULL, degraded INTEGER NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
                seconds REAL NOT NULL, calls INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL,
                completion_tokens INTEGER NOT NULL, cost REAL NOT NULL, refused INTEGER NOT NULL,
                ended REAL NOT NULL, said TEXT NOT NULL, checksum INTEGER NOT NULL)""",
            "CREATE INDEX shards_state ON shards (state, number)",
            """CREATE TABLE claims (
                name TEXT PRIMARY KEY, owner TEXT NOT NULL, token TEXT NOT NULL, host TEXT NOT NULL,
                pid INTEGER NOT NULL, expires REAL NOT NULL) WITHOUT ROWID""",
            """CREATE TABLE held (
                owner TEXT PRIMARY KEY, calls INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL,
                completion_tokens INTEGER NOT NULL) WITHOUT ROWID""",
            """CREATE TABLE spent (
                one INTEGER PRIMARY KEY CHECK (one = 1), calls INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL,
                completion_tokens INTEGER NOT NULL)""",
            "INSERT INTO spent VALUES (1, 0, 0, 0)",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job: its ``identity`` (all that its rows depend on), its ``orders``, by whom it is done and how far it is.

    ``orders`` and ``executor`` are plain values, for whoever goes on with it; ``merged`` is the file that the parts
    become at the end ("" = they stay parts). ``complete``: all documents were read. ``began`` and ``ended`` are of its
    last run, in seconds since 1970.
    """

    identity: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    orders: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    executor: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    merged: str = ""
    complete: bool = False
    cancelled: bool = False
    state: str = WAITING
    said: str = ""
    began: float = 0.0
    ended: float = 0.0
    number: int = 0


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of the job's documents, and what came of it; ``number`` counts from 1, in the order of the documents.

    ``state`` is "waiting", "running" (by ``owner``), "done" or "poisoned": set aside after `TRIES` workers died of it,
    ``said`` being how. ``seconds`` of its worker, and what the language model took.
    """

    name: str
    documents: int
    state: str = WAITING
    tries: int = 0
    owner: str = ""
    rows: int = 0
    failed: int = 0
    degraded: int = 0
    size: int = 0
    sha256: str = ""
    seconds: float = 0.0
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    refused: int = 0
    ended: float = 0.0
    said: str = ""
    number: int = 0


class Ledger:
    """The ledger in the file ``path``; its folder must exist, on a local disk. ``clock``: seconds since 1970."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.path, self._clock = path, clock
        self.database = Database(path, LEDGER)
        self._jobs = Table(self.database, "job", JobRow)
        self._shards = Table(self.database, "shards", Shard)

    # --- the job -----------------------------------------------------------------------------------------------

    def job(self) -> JobRow | None:
        """The job, or ``None`` before `put`."""
        if not self.path.exists():
            return None
        with self.database.reading() as connection:
            return next(iter(list(self._jobs.select(connection))), None)

    def put(self, **fields: Any) -> JobRow:
        """The job, of which this is so from now on; it is made where there is none."""
        with self.database.writing() as connection:
            found = next(iter(list(self._jobs.select(connection))), None)
            if found is None:
                number = self._jobs.insert(connection, JobRow(**fields))
                return JobRow(**fields, number=number)
            changed = replace(found, **fields)
            self._jobs.update(connection, changed)
            return changed

    def alone(self) -> SqliteLease:
        """The right to run the job, for a ``with`` block; raises `JobError` where another process runs it."""
        try:
            return SqliteLease(
                self.database, _RUN, owner=f"{host()}:{os.getpid()}", seconds=_LEASE_SECONDS, clock=self._clock
            ).take()
        except StoreError as error:
            raise JobError(f"{self.path.parent} is being worked on by another process", hint=error.hint) from error

    def is_run(self) -> bool:
        """Whether a process runs the job now."""
        try:
            self.alone().release()
        except JobError:
            return True
        return False

    # --- shards ------------------------------------------------------------------------------------------------

    def add(self, name: str, documents: int) -> Shard:
        """The shard that comes after all that are there."""
        with self.database.writing() as connection:
            shard = Shard(name, documents)
            return replace(shard, number=self._shards.insert(connection, shard))

    def shard(self, number: int) -> Shard | None:
        """The shard of that number, or ``None``."""
        with self.database.reading() as connection:
            return next(iter(list(self._shards.select(connection, "WHERE number = ?", (number,)))), None)

    def shards(self, state: str = "") -> Iterator[Shard]:
        """All shards in their order, or those of a state, streamed as they were when the first one was read."""
        rest, values = ("WHERE state = ? ORDER BY number", (state,)) if state else ("ORDER BY number", ())
        with self.database.snapshot() as connection:
            yield from self._shards.select(connection, rest, values)

    def next(self) -> Shard | None:
        """The first shard that waits."""
        with self.database.reading() as connection:
            rest = "WHERE state = ? ORDER BY number LIMIT 1"
            return next(iter(list(self._shards.select(connection, rest, (WAITING,)))), None)

    def given(self, shard: Shard, owner: str) -> Shard:
        """The shard, which ``owner`` does from now on."""
        return self._change(replace(shard, state=RUNNING, owner=owner, said=""))

    def done(self, shard: Shard, done: Done) -> Shard:
        """The shard, whose output part is on the disk."""
        kept = {name: getattr(done, name) for name in Done.__dataclass_fields__ if name != "seen"}
        return self._change(replace(shard, **kept, state=DONE, ended=self._clock()))

    def lost(self, shard: Shard, said: str) -> Shard:
        """The shard, whose worker died: it waits for another one, or is set aside."""
        tries = shard.tries + 1
        state = POISONED if tries >= TRIES else WAITING
        return self._change(replace(shard, state=state, tries=tries, said=said))

    def set_aside(self, shard: Shard, done: Done) -> Shard:
        """The shard, which nobody tries any more; its output part says so at each document."""
        return self._change(replace(shard, rows=done.rows, failed=done.failed, size=done.size, sha256=done.sha256))

    def again(self, shard: Shard) -> Shard:
        """The shard, which waits as if nobody had tried it."""
        return self._change(replace(shard, state=WAITING, tries=0, owner="", said=""))

    def left(self, shard: Shard) -> Shard:
        """The shard, whose worker was stopped before it was done, which was no fault of its."""
        return self._change(replace(shard, state=WAITING))

    def _change(self, shard: Shard) -> Shard:
        with self.database.writing() as connection:
            self._shards.update(connection, shard)
        return shard

    def totals(self, began: float = 0.0) -> dict[str, float]:
        """Sums over the shards: of each state ("waiting", …) and of what they took; "since" = documents done since."""
        sums = "count(*), coalesce(sum(documents), 0)"
        found: dict[str, float] = dict.fromkeys([WAITING, RUNNING, DONE, POISONED], 0)
        names = ("failed", "degraded", "calls", "prompt_tokens", "completion_tokens", "cost", "refused", "seconds")
        with self.database.reading() as connection:
            query = f"SELECT state, {sums} FROM shards GROUP BY state"
            states: list[tuple[str, int, int]] = connection.execute(query).fetchall()
            took = connection.execute(f"SELECT {', '.join(f'coalesce(sum({n}), 0)' for n in names)} FROM shards")
            found |= dict(zip(names, took.fetchone(), strict=True))
            since = "SELECT coalesce(sum(documents), 0) FROM shards WHERE state = ? AND ended >= ?"
            found["since"] = connection.execute(since, (DONE, began)).fetchone()[0]
        for state, shards, documents in states:
            found[state] = shards
            found[f"documents {state}"] = documents
        return found

    def close(self) -> None:
        """The file is closed; it opens anew when it is next used."""
        self.database.close()
