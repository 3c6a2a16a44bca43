"""What language models were asked and answered, and the terms they proposed: a log that never stops the work."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any
from unicodedata import normalize

from tagwright.errors import StoreError, TagwrightError
from tagwright.store.database import DamagedStoreError, Database
from tagwright.store.migrations import CALLS

MOST_CALLS = 50_000
MOST_PROPOSALS = 50_000
_DOCUMENTS_NAMED = 3
_LONGEST_TERM = 200
_NAMES = (
    "id", "time", "template", "document", "model", "system", "user", "options", "text", "probabilities", "source",
    "error", "calls", "prompt_tokens", "completion_tokens", "cost",
)  # fmt: skip
_COLUMNS = ", ".join(_NAMES)
_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Call:
    """One question to a model and its answer.

    ``options`` are the choices, the JSON schema and the most tokens that it was asked with; ``calls`` and tokens are
    what the answer took, ``cost`` in the money of the project's prices. ``id`` and ``time`` (seconds since 1970; 0 =
    now) are filled in when it is logged.
    """

    template: str
    document: str
    model: str
    system: str
    user: str
    options: Mapping[str, Any] = field(default_factory=lambda: _NONE)
    text: str = ""
    probabilities: Mapping[str, float] = field(default_factory=lambda: _NONE)
    source: str = ""
    error: str = ""
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    id: int = 0
    time: float = 0.0


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all that was ever logged in a file: questions, how many ``failed``, calls, tokens, cost.

    ``kept``: how many of the questions are still there.
    """

    asked: int = 0
    failed: int = 0
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Proposal:
    """A term that no tag stands for: how many ``documents`` it was proposed for, and which were the ``latest``."""

    term: str
    documents: int
    latest: tuple[str, ...]
    first_seen: float
    last_seen: float


class CallLog:
    """Calls and proposals in a file of their own, which may be deleted at any time; several processes may write.

    The newest ``most`` calls are kept. What cannot be written is counted in ``lost`` and otherwise forgotten: a log
    must not stop the work that it tells of. A file that SQLite cannot read is set aside as ``<name>.damaged``, and a
    new one begun. What is read raises `StoreError` where the file cannot be used for another reason.
    """

    def __init__(
        self,
        path: Path,
        *,
        most: int = MOST_CALLS,
        busy_seconds: float = 5.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = path
        self.most = most
        self.lost = 0
        self._busy_seconds = busy_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._database = self._open()

    # --- calls -------------------------------------------------------------------------------------------------

    def append(self, rows: Sequence[Call]) -> None:
        """The calls are logged together, in their order."""
        now = self._clock()
        timed = [row if row.time else replace(row, time=now) for row in rows]
        self._write(
            f"INSERT INTO calls ({_COLUMNS}) VALUES (NULL{', ?' * (len(_NAMES) - 1)})",
            [_written(row) for row in timed],
            "DELETE FROM calls WHERE id <= (SELECT max(id) FROM calls) - ?",
            self.most,
        )

    def recent(self, n: int, document: str | None = None) -> list[Call]:
        """The newest ``n`` calls, the newest first; those about one ``document`` where it is named."""
        where, given = ("", ()) if document is None else (" WHERE document = ?", (_valid(document),))
        query = f"SELECT {_COLUMNS} FROM calls{where} ORDER BY id DESC LIMIT ?"
        return [_call(row) for row in self._read(query, (*given, n))]

    def get(self, id: int) -> Call:
        """The call with this number; raises `StoreError` where the log has none."""
        rows = self._read(f"SELECT {_COLUMNS} FROM calls WHERE id = ?", (id,)) if 0 < id < 2**63 else []
        if not rows:
            raise StoreError(f"the log has no call {id}", hint="tagwright llm log lists the newest ones")
        return _call(rows[0])

    def totals(self) -> Totals:
        """What all calls took together."""
        sums = self._read("SELECT asked, failed, calls, prompt_tokens, completion_tokens, cost FROM totals")
        kept = self._read("SELECT count(*) FROM calls")
        return Totals(*(*sums[0], kept[0][0])) if sums and kept else Totals()

    # --- proposals ---------------------------------------------------------------------------------------------

    def propose(self, document_id: str, term: str) -> None:
        """The term was proposed for this document; the same term of the same document counts once."""
        now, shown = self._clock(), _valid(" ".join(term.split()))[:_LONGEST_TERM]
        self._write(
            """INSERT INTO proposals (folded, document, term, first, last) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (folded, document) DO UPDATE SET term = excluded.term, last = excluded.last""",
            [(_folded(shown), _valid(document_id), shown, now, now)],
            "DELETE FROM proposals WHERE number <= (SELECT max(number) FROM proposals) - ?",
            MOST_PROPOSALS,
        )

    def proposals(self, n: int) -> list[Proposal]:
        """The ``n`` terms that were proposed for the most documents, ties to the one seen last."""
        terms = self._read(
            """SELECT folded, count(*), min(first), max(last) FROM proposals GROUP BY folded
            ORDER BY 2 DESC, 4 DESC, folded LIMIT ?""",
            (n,),
        )
        return [self._proposal(*row) for row in terms]

    def close(self) -> None:
        """The file is closed; it opens anew when it is next used."""
        self._database.close()

    def _proposal(self, folded: str, documents: int, first: float, last: float) -> Proposal:
        latest = self._read(
            "SELECT term, document FROM proposals WHERE folded = ? ORDER BY last DESC, number DESC LIMIT ?",
            (folded, _DOCUMENTS_NAMED),
        )
        shown = latest[0][0] if latest else folded
        return Proposal(shown, documents, tuple(document for _, document in latest), first, last)

    def _read(self, query: str, given: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query; none where there is no file, or the file was damaged."""
        if not self.path.exists():
            return []
        database = self._database
        try:
            with database.reading() as connection:
                return connection.execute(query, given).fetchall()
        except DamagedStoreError:
            self._begin_anew(database)
            return []

    def _write(self, insert: str, rows: Sequence[tuple[Any, ...]], trim: str, most: int) -> None:
        """Inserts the rows and deletes the oldest ones over ``most`` together; where it fails, the rows are lost."""
        database = self._database
        try:
            with database.writing() as connection:
                connection.executemany(insert, rows)
                connection.execute(trim, (most,))
        except DamagedStoreError:
            self.lost += len(rows)
            with suppress(OSError):
                self._begin_anew(database)
        except (TagwrightError, OSError):
            self.lost += len(rows)

    def _open(self) -> Database:
        return Database(self.path, CALLS, durable=False, busy_seconds=self._busy_seconds)

    def _begin_anew(self, failed: Database) -> None:
        """The unreadable file is set aside, once for all threads that found it so."""
        with self._lock:
            if self._database is not failed:
                return
            failed.close()
            for suffix in ("-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                self.path.replace(self.path.with_name(f"{self.path.name}.damaged"))
            self._database = self._open()


def _written(call: Call) -> tuple[Any, ...]:
    """A row in the order of `_COLUMNS`, without its id; texts as valid Unicode."""
    return (
        call.time,
        *map(_valid, (call.template, call.document, call.model, call.system, call.user)),
        json.dumps(dict(call.options), default=str),
        _valid(call.text),
        json.dumps(dict(call.probabilities)),
        *map(_valid, (call.source, call.error)),
        call.calls,
        call.prompt_tokens,
        call.completion_tokens,
        call.cost,
    )


def _call(row: tuple[Any, ...]) -> Call:
    said = dict(zip(_NAMES, row, strict=True))
    return Call(**{**said, "options": _plain(said["options"]), "probabilities": _plain(said["probabilities"])})


def _plain(text: str) -> dict[str, Any]:
    """The object of a JSON text; nothing where the text is damaged."""
    try:
        said = json.loads(text)
    except (ValueError, TypeError):
        return {}
    return said if isinstance(said, dict) else {}


def _valid(text: str) -> str:
    """The text as SQLite can keep it: half a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _folded(term: str) -> str:
    return normalize("NFKC", term).casefold()
