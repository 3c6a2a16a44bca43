"""The store in two SQLite files: what people keep and decide, and beside it the cache."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tagwright.errors import TagwrightError
from tagwright.store.base import GrowthRow
from tagwright.store.cache import Cache
from tagwright.store.checks import Checks
from tagwright.store.claims import SqliteLease
from tagwright.store.database import Database
from tagwright.store.decisions import Decisions
from tagwright.store.documents import KeptDocuments
from tagwright.store.growth import GrowthLog
from tagwright.store.jobs import Jobs
from tagwright.store.keys import Keys
from tagwright.store.migrations import STORE
from tagwright.store.queued import Queued
from tagwright.store.reviews import Reviews
from tagwright.store.suggested import Suggested
from tagwright.store.texts import TagTexts
from tagwright.types import Document


@dataclass(eq=False)
class SqliteStore:
    """A `Store` in the file ``path`` (and ``NAME.cache.EXT`` beside it), for many threads and processes at once.

    What returned survives the end of the process and a power cut; the cache alone may forget. ``path``'s folder
    must exist, on a local disk (SQLite's write-ahead log does not work over a network). Nothing is opened before
    the first call. ``clock`` gives seconds since 1970.
    """

    path: Path = field(metadata={"given": True})
    clock: Callable[[], float] = field(default=time.time, metadata={"given": True})
    cache_megabytes: int = 1024
    """Size of the cached values at most, beside those of the tags; the oldest make room."""
    busy_seconds: float = 30.0
    """How long a writer waits for another one before it gives up."""

    def __post_init__(self) -> None:
        self.path = Path(self.path)
        self._database = Database(self.path, STORE, busy_seconds=self.busy_seconds)
        self._documents = KeptDocuments(self._database)
        self._growth = GrowthLog(self._database, self._documents, self.clock)
        self.texts = TagTexts(self._database, self.clock)
        """What was proposed for tags, and what became of it."""
        self.suggested = Suggested(self._database, self.clock)
        """What was shown for documents, and what it was found by."""
        self.decisions = Decisions(self._database, self._growth, self.clock)
        """What people decided about the tags of documents."""
        self.queued = Queued(self._database, self._growth)
        """Which documents wait for people, and what was suggested for them."""
        self.reviews = Reviews(self._database, self._growth, self.queued, self.clock)
        """With which documents people are done."""
        self.checks = Checks(self._database, self.clock)
        """What the decisions did to the quality, and which are held."""
        self.keys = Keys(self._database, self.clock)
        """Who may do what."""
        self.jobs = Jobs(self._database, self.clock)
        """Long work that was asked for."""
        beside = self.path.with_name(f"{self.path.stem}.cache{self.path.suffix}")
        self._cache = Cache(beside, self.cache_megabytes * 2**20, busy_seconds=self.busy_seconds)

    def reserve(self, size: int) -> None:
        """From now on the cache has room for so many bytes beside ``cache_megabytes``, or more."""
        self._cache.limit = max(self._cache.limit, self.cache_megabytes * 2**20 + size)

    def keep_documents(self, documents: Iterable[Document]) -> int:
        """The number of documents that are kept from now on, instead of all others; all of them or no change.

        They are taken to include whatever the growth log holds so far. Raises `StoreError` where two have one id.
        """
        return self._documents.replace(documents)

    def documents(self) -> Iterator[Document]:
        """The kept documents in their order, streamed, as they stood when the first one was read."""
        return self._documents.all()

    def n_documents(self) -> int:
        """How many documents are kept."""
        return self._documents.count()

    def document(self, document_id: str) -> Document | None:
        """The kept document of that id, or ``None``."""
        with self._database.reading() as connection:
            return self._documents.find(connection, document_id)

    def current(self, document_id: str) -> Document | None:
        """The document of that id as the growth log has it, else as it is kept; ``None`` where there is none."""
        return self._growth.document(document_id)

    def current_ids(self, after: str = "", limit: int = 100) -> list[str]:
        """The ids of such documents that come after ``after``, in order, at most ``limit``."""
        return self._growth.ids(after, limit)

    def tag_rows(self, id: str) -> list[GrowthRow]:
        """The log's rows on a tag that still have their say, the newest first."""
        return self._growth.tag_rows(id) if self.path.exists() else []

    def add_missing(self, documents: Sequence[Document]) -> list[str]:
        """The ids of those that were not there yet; they are added to the log, the others stay as they stand."""
        return self._growth.add_missing(documents)

    def append(self, rows: Sequence[GrowthRow]) -> int:
        """The number of the log's last row, after these were added together or not at all."""
        return self._growth.append(rows)

    def revert(self, seqs: Sequence[int]) -> int:
        """The number of the log's last row, after the opposites of these rows were added, newest first.

        Raises `StoreError` where there is no such row, or where a later one that is not among them had its say
        on the same document or tag.
        """
        return self._growth.revert(seqs)

    def read(self, after: int) -> list[GrowthRow]:
        """All rows with a number above ``after``, in order."""
        return self._growth.read(after)

    def last(self) -> int:
        """The number of the last row ever appended; 0 where there is none."""
        return self._growth.last()

    def fold(self, up_to: int) -> int:
        """The row number at which the kept documents stand, after the rows up to there were applied to them.

        The rows stay: a process that still answers from the older base reads them, and they can be taken back.
        """
        return self._growth.fold(up_to)

    def folded(self) -> int:
        """The row number at which the kept documents stand: what was added since has a higher one."""
        return self._growth.folded()

    def get(self, key: str) -> bytes | None:
        """The cached value of a key made by `tagwright.store.base.cache_key`, or ``None``."""
        return self._cache.get_many([key]).get(key)

    def put(self, key: str, value: bytes) -> None:
        """The value can be had from the cache from now on, until it is the oldest and the cache is full."""
        self._cache.put_many({key: value})

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """The cached values of those keys that have one."""
        return self._cache.get_many(keys)

    def put_many(self, values: Mapping[str, bytes]) -> None:
        """Like `put` for each, together."""
        self._cache.put_many(values)

    def claim(self, name: str, owner: str, seconds: float) -> SqliteLease:
        """A lease on the work ``name``, for a ``with`` block; raises `StoreError` where another owner has it."""
        return SqliteLease(self._database, name, owner=owner, seconds=seconds, clock=self.clock).take()

    def statistics(self) -> dict[str, int]:
        """How much there is of each: documents, log rows, and the cache's entries, bytes and dropped bad entries."""
        cache = {f"cache_{name}": value for name, value in self._cache.statistics().items()}
        return {"documents": self.n_documents(), "growth": self.last(), **cache}

    def check(self) -> list[str]:
        """What is wrong, a sentence each; an empty list where all is well. Every row is read."""
        return [*self._check_database(), *self._cache.check()]

    def close(self) -> None:
        """Both files are closed; the store may be used again and opens them anew."""
        self._database.close()
        self._cache.close()

    def _check_database(self) -> list[str]:
        try:
            with self._database.reading() as connection:
                found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(10)")]
                loose = len(connection.execute("PRAGMA foreign_key_check").fetchall())
            for _ in self._documents.all():
                pass
            tables = (self._growth, self.suggested, self.decisions, self.reviews, self.checks, self.keys, self.jobs)
            for table in tables:
                table.check()
            for _ in self.texts.all():
                pass
        except TagwrightError as error:
            return [str(error)]
        problems = [f"{self.path} is damaged: {problem}" for problem in found if problem != "ok"]
        return [*problems, *([f"{self.path} is damaged: {loose} rows point to nothing"] if loose else [])]
