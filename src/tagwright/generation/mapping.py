"""Free terms to tags of the vocabulary: by what tags are called, else by what they mean."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tagwright.encoders.base import LearningEncoder
from tagwright.recall.labels import Labels, LabelTable
from tagwright.recall.products import spread
from tagwright.recall.tagpoints import TagPoints
from tagwright.vocabulary.base import Vocabulary
from tagwright.vocabulary.folded import fold

BY_NAME = 1.0
BY_STEMS = 0.9
"""Of synonyms taken out of STW, 79 % of those with the stems of a label meant its tag: as with a cosine of 0.9."""
LEAST = 0.65
"""Where a cosine of MiniLM begins to say something.

Of 1,400 synonyms taken out of STW, 21 % of those whose nearest tag lies at 0.60 to 0.65 meant it, 35 % at 0.65 to 0.70,
66 % at 0.80 to 0.90. Of names of YSO subjects that are no label, 42 % have a tag of STW as near as 0.60, 32 % as 0.65
and 20 % as 0.70. Two of three stems in common are 0.67, and right in 38 %; one of two is right in 11 %.
"""
# So many more than are wanted are looked for, for tags that are not active.
_SPARE = 4


class Mapped(NamedTuple):
    """A tag's position that a term stands for, and how surely, in (0, 1]."""

    tag: int
    similarity: float


class Names:
    """The tags that are called so, whatever the case and the accents; made in a second from 250,000 labels."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        labels = vocabulary.labels
        rows = np.flatnonzero(vocabulary.active[labels.tags])
        # Hashes of this process, eight bytes a label; what is found by one is compared in full.
        hashes = np.fromiter((hash(fold(text)) for text in labels.texts), dtype=np.int64, count=len(labels))[rows]
        order = np.argsort(hashes, kind="stable")
        self._hashes, self._rows = hashes[order], rows[order]

    def find(self, term: str) -> list[int]:
        """The positions of the active tags with this label, names before synonyms before hidden labels."""
        labels, asked = self._vocabulary.labels, fold(term)
        if not asked:
            return []
        low, high = np.searchsorted(self._hashes, hash(asked)), np.searchsorted(self._hashes, hash(asked), "right")
        rows = [row for row in self._rows[low:high].tolist() if fold(labels.texts[row]) == asked]
        rows.sort(key=lambda row: (labels.kinds[row], row))
        return list(dict.fromkeys(int(labels.tags[row]) for row in rows))


class Stems:
    """The labels of one table by their stems; ``alive`` labels count (None = all)."""

    def __init__(self, table: LabelTable, alive: NDArray[np.bool_] | None) -> None:
        terms, lengths = np.asarray(table.terms), table.lengths
        owners = np.repeat(np.arange(len(lengths)), lengths)
        if alive is not None:
            terms, owners = terms[alive[owners]], owners[alive[owners]]
        order = np.argsort(terms, kind="stable")
        self._labels = owners[order]
        self._starts = np.searchsorted(terms[order], np.arange(len(table.stems) + 1))
        self._lengths, self._tags, self._kinds = lengths, np.asarray(table.tags), np.asarray(table.kinds)

    def alike(self, stems: Iterable[int]) -> list[tuple[float, int, int]]:
        """(shared stems by all stems of both, kind of label, tag) of each label that shares one.

        ``stems``: distinct numbers of the table, -1 for those that it does not have.
        """
        asked = np.array(list(stems), dtype=np.int64)
        _, entries = spread(self._starts, asked[asked >= 0])
        labels, shared = np.unique(self._labels[entries], return_counts=True)
        shares = shared / (len(asked) + self._lengths[labels] - shared)
        return list(zip(shares.tolist(), self._kinds[labels].tolist(), self._tags[labels].tolist(), strict=True))


@dataclass(eq=False)
class TermMap:
    """At most ``found`` tags a term: those that are called so, and only where none is, those like it.

    Like it are tags whose vectors have a cosine of ``least`` or more with that of the term; without an encoder that
    speaks, tags with a label of which the term shares so many of the stems of both. Safe for threads.

    An encoder that learned from the library's own documents (`Lsa`) does not speak here: of a short term it sees the
    words that these documents have, so "oil flax" is Lavender oil to it with 1.00. Shared stems say that honestly.
    """

    vocabulary: Vocabulary
    labels: Labels
    tag_points: TagPoints | None = None
    found: int = 3
    least: float = LEAST

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._names: Names | None = None
        self._stems: tuple[int, list[Stems]] = (-1, [])

    @property
    def speaks(self) -> bool:
        """Whether meanings can be compared: an encoder that knows more than these documents has encoded the tags."""
        points = self.tag_points
        return points is not None and points.version > 0 and not isinstance(points.meaning.encoder, LearningEncoder)

    def tags(self, terms: Sequence[str]) -> list[list[Mapped]]:
        """For each term its tags, the likest first, active ones only; [] for a term that no tag stands for."""
        found = [self._called(term) for term in terms]
        rest = [number for number, tags in enumerate(found) if not tags]
        others = self._meaning([terms[number] for number in rest]) if self.speaks else [[]] * len(rest)
        for number, tags in zip(rest, others, strict=True):
            found[number] = tags if self.speaks else self._sharing(terms[number])
        return found

    def _called(self, term: str) -> list[Mapped]:
        """The tags with this label, else those with a label of the same stems."""
        exact = [Mapped(tag, BY_NAME) for tag in self._parts()[0].find(term)]
        if not exact:
            alike = sorted((kind, tag) for share, kind, tag in self._alike(term) if share == 1)
            exact = [Mapped(tag, BY_STEMS) for _, tag in alike]
        return self._kept(exact)

    def _sharing(self, term: str) -> list[Mapped]:
        alike = sorted((-share, kind, tag) for share, kind, tag in self._alike(term) if share >= self.least)
        return self._kept(Mapped(tag, -share) for share, _, tag in alike)

    def _meaning(self, terms: Sequence[str]) -> list[list[Mapped]]:
        points = self.tag_points
        if points is None or not terms:
            return [[] for _ in terms]
        near = points.nearest(points.meaning.encoder.encode(list(terms)), self.found + _SPARE)
        found: list[list[tuple[float, int]]] = [[] for _ in terms]
        for row, tag, cosine in zip(near.rows.tolist(), near.tags.tolist(), near.cosines.tolist(), strict=True):
            if cosine >= self.least:
                found[row].append((-cosine, tag))
        return [self._kept(Mapped(tag, min(-value, BY_NAME)) for value, tag in sorted(own)) for own in found]

    def _kept(self, mapped: Iterable[Mapped]) -> list[Mapped]:
        """The first ``found`` tags that are active, each once."""
        best: dict[int, Mapped] = {}
        for one in mapped:
            if self.vocabulary.active[one.tag]:
                best.setdefault(one.tag, one)
        return list(best.values())[: self.found]

    def _alike(self, term: str) -> list[tuple[float, int, int]]:
        """`Stems.alike` in all tables, read in every language of the vocabulary."""
        found: list[tuple[float, int, int]] = []
        analyzer = self.labels.analyzer
        readings = {tuple(sorted(set(analyzer.words(term, language)))) for language in analyzer.languages}
        for reading in sorted(filter(None, readings)):
            tokens = np.array(reading, dtype=np.int32)
            for numbers, stems in zip(self.labels.numbers, self._parts()[1], strict=False):
                found += stems.alike(numbers(tokens).tolist())
        return found

    def _parts(self) -> tuple[Names, list[Stems]]:
        """Both indexes, made when they are first needed and whenever labels came."""
        with self._lock:
            if self._names is None:
                self._names = Names(self.vocabulary)
            if self._stems[0] != self.labels.version:
                tables = enumerate(self.labels.tables)
                self._stems = (self.labels.version, [Stems(t, self.labels.alive(n)) for n, t in tables])
            return self._names, self._stems[1]
