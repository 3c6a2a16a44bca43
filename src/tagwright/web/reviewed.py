"""What a person did last, decisions and documents together, as it can be taken back step by step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from tagwright.server.access import Visit
from tagwright.server.listed import name_of
from tagwright.store.decided import Decision
from tagwright.store.reviews import OPEN, Review
from tagwright.store.sqlite import SqliteStore
from tagwright.vocabulary import Vocabulary

# So many are looked at for one list.
_DECISIONS, _REVIEWS = 60, 500
_LONGEST_TITLE = 80


@dataclass(frozen=True)
class Step:
    """What is taken back as one: decisions that were sent together, or what was said of a document as a whole.

    ``verdict``: accept, add or reject; or done, skipped or flagged, where ``ids`` are none. ``time`` in seconds since
    1970; ``names``: of the tags that were given, or rejected where none was; ``other``: of one rejected beside them.
    """

    verdict: str
    document: str
    title: str
    time: float
    ids: Sequence[str] = ()
    names: Sequence[str] = ()
    other: str = ""
    reason: str = ""


@dataclass
class _Titles:
    """What documents are called; each is read once."""

    store: SqliteStore
    known: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, id: str) -> str:
        if id not in self.known:
            document = self.store.current(id)
            self.known[id] = id if document is None else (document.title or document.text)[:_LONGEST_TITLE]
        return self.known[id]


def history(here: Visit, before: float = math.inf) -> list[Step]:
    """The last steps of the caller before that time, the newest first; what was taken back is no step."""
    store, person = here.served.store, here.caller.name
    titles, vocabulary = _Titles(store), here.served.vocabulary()
    decisions = store.decisions.newest(person, before=before, limit=_DECISIONS)
    groups = [list(group) for _, group in groupby(decisions, key=_sent_as)]
    whole = len(decisions) < _DECISIONS
    if not whole and len(groups) > 1:
        groups.pop()  # the others of this group may lie beyond what was read
    oldest = 0.0 if whole else groups[-1][-1].time
    said = [one for one in standing(store.reviews.latest(person, _REVIEWS)) if oldest <= one.time < before]
    steps = [_step(group, titles, vocabulary) for group in groups]
    steps += [Step(one.state, one.document, titles[one.document], one.time) for one in said]
    return sorted(steps, key=lambda step: -step.time)


def _sent_as(decision: Decision) -> str:
    """What decisions that the page sent together have in common: "group.1", "group.2"."""
    return decision.id.partition(".")[0]


def standing(reviews: Sequence[Review]) -> Iterator[Review]:
    """What was said last of each document, where it is not open again; the newest first, as they are given."""
    seen = set()
    for one in reviews:
        if one.document not in seen and one.state != OPEN:
            yield one
        seen.add(one.document)


def _step(group: Sequence[Decision], titles: _Titles, vocabulary: Vocabulary) -> Step:
    """The step of decisions that were sent together, the newest first."""
    told = group[::-1]
    given = [one for one in told if one.wants]
    rejected = [one for one in told if not one.wants]
    first = (given or rejected)[0]
    names = dict.fromkeys(name_of(vocabulary, one.tag) for one in given or rejected)
    other = name_of(vocabulary, rejected[0].tag) if given and rejected else ""
    return Step(
        first.verdict, first.document, titles[first.document], group[0].time, [one.id for one in told], list(names),
        other=other, reason=first.reason,
    )  # fmt: skip
