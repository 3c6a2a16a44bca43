"""What a person should see next: the documents that wait, by what a look at each of them is worth."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

import tagwright.feedback.worth as worth
from tagwright.errors import ConfigError
from tagwright.recall.quotations import quotations
from tagwright.store.queued import Place, Queued, Waiting
from tagwright.store.reviews import Review
from tagwright.store.sqlite import SqliteStore
from tagwright.store.wanted import ORDERS, Wanted
from tagwright.tagger import Tagger
from tagwright.text.tokens import Analyzer
from tagwright.types import Document, Tag

# So many suggestions of a document are remembered.
K = 20
# So many letters are shown on either side of a quotation.
_AROUND = 90
# To look at a document costs a person about as much as two decisions about tags.
_LOOK = 2.0
# So many tags a document is taken to have: libraries give it two or three.
_USUAL = 3
# A document that somebody has before the eyes is not given to somebody else for so many seconds.
_HELD_SECONDS = 600.0
_ANY = Wanted()


@dataclass(frozen=True)
class Snippet:
    """A passage of a document's ``field`` ("text" or "title"), which ``text`` equals exactly.

    ``start`` and ``end`` say where in ``text`` the words stand that say the tag's name; both 0: none do.
    """

    field: str
    text: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True)
class Queue:
    """The documents of one project that wait for people; for many threads and processes at once.

    What was suggested for them is remembered, so that lists and counts need no tagger: `fill` makes it, a few documents
    at a time, and `order` says what each is worth among the others.
    """

    store: SqliteStore

    def counts(self) -> dict[str, int]:
        """{state: how many documents}, states without any left out."""
        return self._listed().counts()

    def count(self, wanted: Wanted) -> int:
        """How many documents are wanted, beside ``offset`` and ``limit``."""
        return self._listed().count(wanted)

    def page(self, wanted: Wanted) -> tuple[list[Waiting], int]:
        """The documents that are wanted, and how many there are beside ``offset`` and ``limit``.

        Raises `ConfigError` for an order that there is not.
        """
        if wanted.order not in ORDERS:
            raise ConfigError(f"there is no order {wanted.order!r}", hint=f"known are: {', '.join(ORDERS)}")
        listed = self._listed()
        return listed.find(wanted), listed.count(wanted)

    def next(self, wanted: Wanted = _ANY, *, without: Collection[str] = ()) -> Waiting | None:
        """The first of the wanted documents beside those; ``None`` where there is no other.

        Without a wish: the open one that is worth most to look at.
        """
        found = self._listed().find(replace(wanted, offset=0, limit=len(without) + 1))
        return next((one for one in found if one.document not in without), None)

    def tags(self, *, limit: int = 100, offset: int = 0) -> list[tuple[str, int, float]]:
        """(tag, how many open documents it was proposed for, how many of these are expected to be right).

        Proposed is what would be shown as likely, and was not decided yet; those that wait most often first.
        """
        return self._listed().tags(limit, offset)

    def review(self, reviews: Sequence[Review]) -> list[Review]:
        """What people said of documents as a whole, as it is recorded; see `Reviews.record`."""
        return self.store.reviews.record(reviews)

    # --- keeping the list ---------------------------------------------------------------------------------------

    def stale(self, model: str, since: int, limit: int) -> list[Document]:
        """Open documents to `fill` in: suggested for by no or another ``model``, or before the growth log's row."""
        found, listed = [], self._listed()
        for id in listed.stale(model, since, limit):
            document = self.store.current(id)
            if document is None:
                listed.forget(id)
            else:
                found.append(replace(document, tags=None))
        return found

    def fill(self, tagger: Tagger, documents: Sequence[Document], *, model: str, row: int) -> None:
        """Remembers what is suggested for these documents by this tagger, as it is at the ``row`` of the growth log."""
        points, near = worth.points(tagger, documents)
        rows, places = [], {}
        for number, (document, found) in enumerate(zip(documents, tagger.suggest(documents, k=K), strict=True)):
            shown = [(one.tag, one.confidence) for one in found]
            one = forecast(document.id, shown, tagger.cut if tagger.calibrated else None)
            rows.append(replace(one, model=model, row=row))
            places[document.id] = Place(document.id, points[number], float(near[number]), lack(shown))
        self.store.queued.put(rows, places)

    def order(self) -> int:
        """How many open documents were told what they are worth among the others."""
        places = list(self.store.queued.places())
        gains = worth.gains(places)
        self.store.queued.value(gains)
        return len(gains)

    def _listed(self) -> Queued:
        """The list, with every document that came or went meanwhile, whoever is the first to ask."""
        self.store.queued.sync()
        return self.store.queued


def forecast(document: str, shown: Sequence[tuple[str, float]], cut: float | None) -> Waiting:
    """What is to be expected of a document whose suggestions these are; ``cut`` ``None``: confidences are no chances.

    Exactly the likely ones (from the ``cut`` on) are right with the product of their confidences and of what the
    others lack to 1, as if each were right or wrong by itself. A person will accept what is right and reject what is
    wrong of the likely ones; to look at the document at all is counted as two decisions.
    """
    chances = np.array([confidence for _, confidence in shown], dtype=np.float64)
    if cut is None:
        return Waiting(document, shown=shown, effort=_LOOK)
    likely = int((chances >= cut).sum())
    right = float(np.prod(chances[:likely]) * np.prod(1 - chances[likely:]))
    effort = _LOOK + float(chances.sum() + (1 - chances[:likely]).sum())
    return Waiting(document, shown=shown, likely=likely, right=right, effort=effort)


def lack(shown: Sequence[tuple[str, float]]) -> float:
    """How much nDCG is expected to be missing from the suggestions of a document, in [0, 1]."""
    chances = np.array([confidence for _, confidence in shown], dtype=np.float64)
    weights = 1 / np.log2(np.arange(2, max(len(chances), _USUAL) + 2))
    return float(max(0.0, 1 - chances @ weights[: len(chances)] / weights[:_USUAL].sum()))


def snippet(document: Document, tag: Tag, analyzer: Analyzer) -> Snippet:
    """Where the document says the tag's name, with some words around; else how its text begins."""
    found = quotations("", document, tag, analyzer)
    if not found:
        name = "text" if document.text.strip() else "title"
        return Snippet(name, getattr(document, name)[: 2 * _AROUND])
    start, end = found[0].start or 0, found[0].end or 0
    text = getattr(document, found[0].field)
    low, high = max(0, start - _AROUND), min(len(text), end + _AROUND)
    return Snippet(found[0].field, text[low:high], start - low, end - low)


@dataclass
class Held:
    """Who has which document before the eyes, so that two people are not given the same one; for many threads."""

    clock: Callable[[], float] = time.monotonic
    _by: dict[str, tuple[str, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(
        self, person: str, choose: Callable[[Collection[str]], Waiting | None], *, still: Collection[str] = ()
    ) -> Waiting | None:
        """What ``choose`` gives beside the documents that others have; this person has it from now on.

        What the person had before is free again, but for what is ``still`` needed.
        """
        now = self.clock()
        with self._lock:
            self._by = {
                id: (who, until)
                for id, (who, until) in self._by.items()
                if until > now and (who != person or id in still)
            }
            found = choose({id for id, (who, _) in self._by.items() if who != person})
            if found is not None and person:
                self._by[found.document] = (person, now + _HELD_SECONDS)
            return found
