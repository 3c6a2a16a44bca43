"""How far people are with the documents that wait: done, skipped, flagged, or open again."""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from tagwright.errors import DecisionError, UnknownDocumentError
from tagwright.store.database import Database
from tagwright.store.growth import GrowthLog
from tagwright.store.queued import Queued
from tagwright.store.table import Table

OPEN, DONE, SKIPPED, FLAGGED = "open", "done", "skipped", "flagged"
STATES = (OPEN, DONE, SKIPPED, FLAGGED)


@dataclass(frozen=True, slots=True)
class Review:
    """What one person said of a document as a whole; the last word on it is its ``state``.

    ``seconds``: how long the person had it before the eyes. ``id`` is chosen by whoever sends it, so that it can be
    sent again. The store fills in ``number`` (from 1) and ``time`` (seconds since 1970).
    """

    document: str
    state: str
    person: str = ""
    seconds: float = 0.0
    id: str = ""
    time: float = 0.0
    number: int = 0

    def is_like(self, other: Review) -> bool:
        """Whether both say the same, as one that is sent again does."""
        return (self.document, self.state, self.person) == (other.document, other.state, other.person)


@dataclass
class Reviews:
    """The reviews in the project's own database, which are only ever appended: to undo one is to say "open" again.

    The list of what waits is told in the same transaction, so that both always say the same.
    """

    database: Database
    growth: GrowthLog
    queued: Queued
    clock: Callable[[], float] = time.time
    _table: Table[Review] = field(init=False)

    def __post_init__(self) -> None:
        self._table = Table(self.database, "reviews", Review)

    def record(self, reviews: Sequence[Review]) -> list[Review]:
        """The reviews as they are recorded, all of them or none; one that was recorded before is answered as then.

        Raises `UnknownDocumentError` for a document that is not there, `DecisionError` for a state that there is not,
        and where an id was used for another review.
        """
        for one in reviews:
            if one.state not in STATES:
                raise DecisionError(f"there is no state {one.state!r}", hint=f"known are: {', '.join(STATES)}")
        with self.database.writing() as connection:
            return [self._record(connection, one) for one in reviews]

    def states(self, documents: Collection[str]) -> dict[str, str]:
        """The state of each of these documents; open is what nobody has said anything of."""
        known = self._last(documents)
        return {id: known[id].state if id in known else OPEN for id in documents}

    def of(self, document: str) -> list[Review]:
        """All that was said of the document, the newest first."""
        return self._found("WHERE document = ? ORDER BY number DESC", (document,))

    def latest(self, person: str | None = None, limit: int = 10) -> list[Review]:
        """What was said last, by anybody or by one person, the newest first."""
        if person is None:
            return self._found("ORDER BY number DESC LIMIT ?", (limit,))
        return self._found("WHERE person = ? ORDER BY number DESC LIMIT ?", (person, limit))

    def check(self) -> None:
        """Every row is read; raises `StoreError` at the first whose checksum differs."""
        with self.database.snapshot() as connection:
            self._table.check(connection)

    def _record(self, connection: sqlite3.Connection, review: Review) -> Review:
        known = list(self._table.select(connection, "WHERE id = ?", (review.id,))) if review.id else []
        if known and not known[0].is_like(review):
            raise DecisionError(f"the id {review.id!r} is that of another review", hint="choose another id")
        if known:
            return known[0]
        if self.growth.state(connection, "document", review.document) is None:
            raise UnknownDocumentError(f"there is no document {review.document!r}")
        kept = replace(review, id=review.id or uuid.uuid4().hex, time=float(self.clock()))
        number = self._table.insert(connection, kept)
        self.queued.note(connection, review.document, review.state)
        return replace(kept, number=number)

    def _last(self, documents: Collection[str]) -> dict[str, Review]:
        last = "WHERE document = ? ORDER BY number DESC LIMIT 1"
        if not self.database.path.exists():
            return {}
        with self.database.reading() as connection:
            found = (one for id in documents for one in self._table.select(connection, last, (id,)))
            return {one.document: one for one in found}

    def _found(self, rest: str, values: tuple[str | int, ...]) -> list[Review]:
        if not self.database.path.exists():
            return []
        with self.database.reading() as connection:
            return list(self._table.select(connection, rest, values))
