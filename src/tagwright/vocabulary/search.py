"""The search box over a vocabulary: by name, synonym, notation, beginning, words, pieces, and with one typo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tagwright.vocabulary.base import Vocabulary
from tagwright.vocabulary.folded import Beginnings, Rows, Typos, Words, fold
from tagwright.vocabulary.strings import Strings

# How good a find is, from 0 to 1: by the way it was found, and by how much of the label the query fills.
_WAYS = ("exact", "prefix", "typo", "word", "piece", "short typo", "typo in a word")
_BASE = np.array([1.0, 0.6, 0.75, 0.4, 0.25, 0.5, 0.25])
_FILLED = np.array([0.0, 0.35, 0.0, 0.35, 0.35, 0.0, 0.35])
# Of equal finds the stronger label goes first; a deprecated tag is far less likely to be meant.
_KINDS = ("name", "preferred name", "synonym", "hidden label", "notation")
_BEHIND = np.array([0.0, 0.01, 0.02, 0.03, 0.0])
_DEPRECATED = 0.3
# Nobody types longer ones; a pasted page is cut.
_LONGEST_QUERY = 200
# Every second shorter word is one typo away from another one; "soil" that is found means neither "soul" nor "oil".
_SHORTEST_TYPO, _SHORT = 4, 8
_CORRECTIONS = 8
_SHORTEST_PIECE = 3
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
    """Finds tags by what people type; held in memory, made in a second from 250,000 labels, safe for any query."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        labels = vocabulary.labels
        noted = [tag for tag, notation in enumerate(vocabulary.notations) if notation]
        self._vocabulary = vocabulary
        self._noted = noted
        self._tags = np.concatenate([labels.tags, np.array(noted, dtype=np.int32)])
        notations = np.full(len(noted), _KINDS.index("notation"), dtype=np.int8)
        self._behind = _BEHIND[np.concatenate([labels.kinds, notations])] + _DEPRECATED * ~vocabulary.active[self._tags]
        self._folded = folded = self._fold()
        self._lengths = np.fromiter(map(len, folded), dtype=np.int32, count=len(self._tags))
        self._beginnings = Beginnings(folded)
        self._words = Words(folded)
        self._typos = Typos(folded)
        self._word_typos = Typos(self._words.words)

    def find(self, query: str, *, limit: int = 10) -> list[Hit]:
        """At most ``limit`` tags, the best first; ties by the label's length, then by position. An id is found, too."""
        position = self._vocabulary.find(query)
        if position >= 0:
            name = self._vocabulary.name(position)
            return [Hit(position, self._vocabulary.ids[position], name, query, "id", "exact", 1.0)]
        asked = fold(query[:_LONGEST_QUERY].replace("\n", " "))
        found = list(self._finds(asked, limit)) if asked else []
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
            hit = self._hit(int(rows[place]), _WAYS[ways[place]], float(scores[place]))
            hits.setdefault(hit.position, hit)
        return list(hits.values())

    def _finds(self, asked: str, limit: int) -> Iterator[tuple[int, Rows]]:
        """(number of the way, rows) for each way that finds something."""
        words = sorted(set(asked.split()), key=len, reverse=True)
        begun = self._beginnings.find(asked)
        with_words = self._with_all(words)
        found = [
            ("exact", begun[self._lengths[begun] == len(asked)]),
            ("prefix", begun),
            ("word", with_words),
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
