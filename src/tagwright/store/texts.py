"""Texts that were proposed for tags, with where they come from and what a person decided about them."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tagwright.store.codec import checksum
from tagwright.store.database import Database

DESCRIPTION, SYNONYM, NAME = "description", "synonym", "name"
KINDS = (DESCRIPTION, SYNONYM, NAME)
PERSON, VOCABULARY, REFERENCE, LLM = "person", "vocabulary", "reference", "llm"
SOURCES = (PERSON, VOCABULARY, REFERENCE, LLM)
"""Where texts come from, the source first that goes before all others."""
PROPOSED, ACCEPTED, REJECTED, REFUSED, SUPERSEDED = "proposed", "accepted", "rejected", "refused", "superseded"
STATES = (PROPOSED, ACCEPTED, REJECTED, REFUSED, SUPERSEDED)
_NAMES = (
    "number", "tag", "kind", "language", "text", "source", "model", "template", "time", "state", "reason", "decided",
    "row",
)  # fmt: skip
_COLUMNS = ", ".join(_NAMES)


@dataclass(frozen=True, slots=True)
class TagText:
    """One text for one tag, and its history.

    ``kind`` is one of `KINDS` (a "name" is the preferred name in another language), ``source`` one of `SOURCES`;
    ``model`` names the language model or the reference file, ``template`` the prompt with its version. ``state``:
    "proposed" waits for a person, "refused" was turned down by a check, "superseded" by a better source; ``reason``
    says why, of a proposed one what to look at. ``time`` and ``decided`` are seconds since 1970, ``row`` the row of the
    growth log by which it entered the vocabulary; 0 = not yet.
    """

    tag: str
    kind: str
    language: str
    text: str
    source: str
    model: str = ""
    template: str = ""
    time: float = 0.0
    state: str = PROPOSED
    reason: str = ""
    decided: float = 0.0
    row: int = 0
    number: int = 0


class TagTexts:
    """The texts in the project's own database: they are work of people and of money, and must not be lost.

    So they lie beside the growth log, through which those that are accepted enter the vocabulary: one copy of the
    project has both, one check reads both, several processes may write. A text that a tag has already from the same
    source is kept as it is, so that what was rejected stays rejected.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def add(self, texts: Iterable[TagText]) -> int:
        """How many of these texts are new; all of them are kept, or none."""
        now = self._clock()
        fresh = [replace(text, time=text.time or now) for text in texts]
        if not fresh:
            return 0
        with self._database.writing() as connection:
            return sum(self._insert(connection, text) for text in fresh)

    def all(self) -> Iterator[TagText]:
        """All texts in the order in which they came, as they stood when the first one was read."""
        if not self._database.path.exists():
            return
        with self._database.snapshot() as connection:
            for row in connection.execute(f"SELECT {_COLUMNS}, checksum FROM texts ORDER BY number"):
                yield self._text(row)

    def find(
        self, states: Collection[str] = STATES, tags: Collection[str] = (), sources: Collection[str] = ()
    ) -> list[TagText]:
        """Those in one of these ``states``, of one of these ``tags`` and ``sources`` (none named = any)."""
        return [
            one
            for one in self.all()
            if one.state in states and (not tags or one.tag in tags) and (not sources or one.source in sources)
        ]

    def count(self) -> Counter[tuple[str, str]]:
        """{(state, source): how many}."""
        return Counter((one.state, one.source) for one in self.all())

    def decide(self, texts: Sequence[TagText]) -> None:
        """These texts, told by their number, have this state, reason and row from now on; "proposed" is undecided."""
        if not texts:
            return
        now = self._clock()
        with self._database.writing() as connection:
            for text in texts:
                decided = replace(text, decided=0.0 if text.state == PROPOSED else now)
                fields = _fields(decided)
                connection.execute(
                    "UPDATE texts SET state = ?, reason = ?, decided = ?, row = ?, checksum = ? WHERE number = ?",
                    (decided.state, decided.reason, decided.decided, decided.row, _sum(fields), decided.number),
                )

    def _insert(self, connection: sqlite3.Connection, text: TagText) -> int:
        fields = _fields(text)
        done = connection.execute(
            f"INSERT OR IGNORE INTO texts ({_COLUMNS}, checksum) VALUES (NULL{', ?' * len(_NAMES)})",
            (*fields, _sum(fields)),
        )
        return done.rowcount

    def _text(self, row: tuple[Any, ...]) -> TagText:
        *said, found = row
        text = TagText(**dict(zip(_NAMES, said, strict=True)))
        if _sum(_fields(text)) != found:
            raise self._database.damaged(f"the checksum of the text {text.number} of the tag {text.tag!r} differs")
        return text


def _fields(text: TagText) -> tuple[str | float, ...]:
    """The values of a row without its number; texts as valid Unicode."""
    return tuple(_valid(getattr(text, name)) for name in _NAMES[1:])


def _valid(value: str | float) -> str | float:
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value


def _sum(fields: Sequence[str | float]) -> int:
    return checksum(*fields, what="a proposed text")
