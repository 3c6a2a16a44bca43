"""The search box over a vocabulary: by name, synonym, notation, beginning, words, pieces, and with one typo."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from tagwright.vocabulary.base import Vocabulary
from tagwright.vocabulary.folded import Beginnings, Rows, Typos, Words, fold
from tagwright.vocabulary.strings import Strings

# How good a find is, from 0 to 1: by the way it was found, and by how much of the label the query fills.
_WAYS = ("exact", "prefix", "typo", "word", "piece", "short typo", "typo in a word")
_BASE = np.array([1.0, 0.6, 0.75, 0.4, 0.25, 0.5, 0.25])
_FILLED = np.array([0.0, 0.35, 0.0, 0.35, 0.35, 0.0, 0.35])
# A name is meant sooner than a synonym that begins alike; a deprecated tag is far less likely to be meant.
_KINDS = ("name", "preferred name", "synonym", "hidden label", "notation")
_BEHIND = np.array([0.0, 0.01, 0.08, 0.1, 0.0])
_DEPRECATED = 0.3
# Nobody types longer ones; a pasted page is cut.
_LONGEST_QUERY = 200
# Every second shorter word is one typo away from another one; "soil" that is found means neither "soul" nor "oil".
_SHORTEST_TYPO, _SHORT = 4, 8
_CORRECTIONS = 8
_SHORTEST_PIECE = 3
# What begins with so short a query is better than all that only holds it.
_SHORTEST_WORD = 3
# So many labels of the best tags may be alike.
_LABELS = 20
# Beside so many tags that are new or changed the others' rows are used again.
_MOST_CHANGED = 5_000
# So few texts are read faster than another list of rows is made.
_FEW = 2_000
_CHUNK = 1 << 15


@dataclass(frozen=True, slots=True)
class Hit:
    """A tag that was found: ``label`` and its ``kind`` ("name", "synonym"…) say through what, ``way`` how.

    ``score`` lies in [0, 1], higher = nearer to the query.
    """

    position: int
    id: str
    name: str
    label: str
    kind: str
    way: str
    score: float


class Search:
    """Finds tags by what people type; held in memory, made in seconds from 250,000 labels, safe for any query."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        labels = vocabulary.labels
        noted = [tag for tag, notation in enumerate(vocabulary.notations) if notation]
        self._vocabulary = self._now = vocabulary
        self._noted = noted
        self._changed: frozenset[int] = frozenset()
        self._more: Search | None = None
        self._tags = np.concatenate([labels.tags, np.array(noted, dtype=np.int32)])
        notations = np.full(len(noted), _KINDS.index("notation"), dtype=np.int8)
        self._behind = _BEHIND[np.concatenate([labels.kinds, notations])] + _DEPRECATED * ~vocabulary.active[self._tags]
        self._folded = folded = self._fold()
        self._lengths = np.fromiter(map(len, folded), dtype=np.int32, count=len(self._tags))
        self._beginnings = Beginnings(folded)
        self._words = Words(folded)
        self._typos = Typos(folded)
        self._word_typos = Typos(self._words.words)
        vocabulary.find("")  # the ids are read now, and not when somebody types

    @classmethod
    def following(cls, vocabulary: Vocabulary, before: Search | None = None) -> Search:
        """The search over a vocabulary, in moments where ``before`` was one over what it was extended from."""
        start, changed = vocabulary.origin
        if len(changed) > _MOST_CHANGED:
            return cls(vocabulary)
        first = before if before is not None and before._vocabulary is start else cls(start)
        return first._with(vocabulary, changed)

    def find(self, query: str, *, limit: int = 10) -> list[Hit]:
        """At most ``limit`` tags, the best first; ties by the label's length, then by position. An id is found, too."""
        position = self._now.find(query)
        if position >= 0:
            name = self._now.name(position)
            return [Hit(position, self._now.ids[position], name, query, "id", "exact", 1.0)]
        asked = fold(query[:_LONGEST_QUERY].replace("\n", " "))
        if not asked:
            return []
        found = self._found(asked, limit)
        if self._more is not None:
            more = (replace(hit, position=self._now.find(hit.id)) for hit in self._more._found(asked, limit))
            found = sorted([*found, *more], key=lambda hit: (-hit.score, len(hit.label), hit.position))
        return found[:limit]

    def _with(self, vocabulary: Vocabulary, changed: frozenset[int]) -> Self:
        """The same rows, but for the changed tags, which have some of their own."""
        made = copy(self)
        made._now, made._changed = vocabulary, changed
        tags = [vocabulary.tag(position) for position in sorted(changed)]
        made._more = Search(Vocabulary.from_tags(tags)) if tags else None
        return made

    def _found(self, asked: str, limit: int) -> list[Hit]:
        """At most ``limit`` tags for a folded query, of those that have not changed."""
        found = list(self._finds(asked, limit))
        if not found:
            return []
        ways = np.repeat([way for way, _ in found], [len(rows) for _, rows in found])
        rows = np.concatenate([rows for _, rows in found])
        lengths = self._lengths[rows]
        filled = np.minimum(1.0, len(asked) / np.maximum(lengths, 1))
        scores = _BASE[ways] + _FILLED[ways] * filled - self._behind[rows]
        hits: dict[int, Hit] = {}
        for place in np.lexsort((self._tags[rows], lengths, -scores)).tolist():
            if len(hits) >= limit:
                break
            row = int(rows[place])
            tag = int(self._tags[row])
            if tag not in hits and tag not in self._changed:
                hits[tag] = self._hit(row, _WAYS[ways[place]], float(scores[place]))
        return list(hits.values())

    def _finds(self, asked: str, limit: int) -> Iterator[tuple[int, Rows]]:
        """(number of the way, rows) for each way that finds something."""
        words = sorted(set(asked.split()), key=len, reverse=True)
        begun = self._beginnings.find(asked)
        short = len(asked) < _SHORTEST_WORD and np.count_nonzero(self._behind[begun] < _DEPRECATED) > limit * _LABELS
        with_words = begun if short else self._with_all(words)
        found = [
            ("exact", begun[self._lengths[begun] == len(asked)]),
            ("prefix", begun),
            ("word", with_words[:0] if short else with_words),
        ]
        if len(asked) >= _SHORTEST_TYPO:
            is_word = len(with_words) > 0 and len(asked) < _SHORT
            found.append(("short typo" if is_word else "typo", self._typos.near(asked)))
        if len(words[0]) >= _SHORTEST_PIECE and len(with_words) < limit:
            with_words = self._with_all(words, anywhere=True)
            found.append(("piece", with_words))
        if len(with_words) == 0:
            found.extend(("typo in a word", self._with_all(corrected)) for corrected in self._corrected(words))
        return ((_WAYS.index(way), rows) for way, rows in found if len(rows))

    def _with_all(self, words: list[str], *, anywhere: bool = False) -> Rows:
        """The rows that hold all words, as beginnings of words or ``anywhere``; the longest word comes first."""
        find = self._words.holding if anywhere else self._words.beginning
        mark = "" if anywhere else " "
        found = find(words[0])
        for word in words[1:]:
            if len(found) > _FEW:
                found = np.intersect1d(found, find(word), assume_unique=True)
            else:
                held = [row for row in found.tolist() if f"{mark}{word}" in f" {self._folded[row]}"]
                found = np.array(held, dtype=np.int32)
        return found

    def _corrected(self, words: list[str]) -> Iterator[list[str]]:
        """The words with one of them corrected to one that occurs."""
        for place, word in enumerate(words):
            if len(word) >= _SHORTEST_TYPO:
                for near in self._word_typos.near(word)[:_CORRECTIONS].tolist():
                    yield [*words[:place], self._words.words[near], *words[place + 1 :]]

    def _hit(self, row: int, way: str, score: float) -> Hit:
        labels, tag = self._vocabulary.labels, int(self._tags[row])
        is_label = row < len(labels)
        label = labels.texts[row] if is_label else self._vocabulary.notations[tag]
        kind = _KINDS[labels.kinds[row]] if is_label else "notation"
        return Hit(tag, self._vocabulary.ids[tag], self._vocabulary.name(tag), label, kind, way, max(0.0, score))

    def _fold(self) -> Strings:
        """Every label and notation folded; in chunks, because folding takes many times their size."""
        texts = self._vocabulary.labels.texts
        chunks = [texts[start : start + _CHUNK] for start in range(0, len(texts), _CHUNK)]
        chunks.append([self._vocabulary.notations[tag] for tag in self._noted])
        folded = "".join(f"{fold(chr(10).join(chunk))}\n" for chunk in chunks if chunk)
        return Strings(np.frombuffer(folded.encode(), dtype=np.uint8))
