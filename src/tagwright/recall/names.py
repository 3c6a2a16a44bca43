"""Tags whose names share words with the document, complete or not, spelt so or alike."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

import tagwright.recall.pseudo as pseudo
from tagwright.candidates import Candidates, Floats, Ints
from tagwright.recall.base import Channel, Last
from tagwright.recall.finder import Finder
from tagwright.recall.labels import LabelTable
from tagwright.recall.nameindex import NameIndex, Words
from tagwright.recall.variants import Variants
from tagwright.registry import given
from tagwright.types import Document, Evidence
from tagwright.vocabulary.base import Vocabulary

_BATCH = 256


@dataclass
class Names(Channel):
    """All labels as short documents, retrieved by the weighted share of their stems that the document has.

    A stem weighs by its rarity in documents and in labels; words that no label has count for the labels' stems that
    look like them (compounds, inflections, misspellings; see `Variants`). Columns: ``text`` and ``title``, the share
    of the label's weight found in the whole document and in the title, in [0, 1]; ``mass``, the label's weight;
    ``score`` = text³ · √mass + title² · mass, the best label of the tag counting.
    """

    finder: Finder = given()
    k: int = 60
    variants: bool = True
    parts: ClassVar[tuple[str, ...]] = ("score", "title", "text", "mass")

    def fit(self, corpus: Iterable[Document], vocabulary: Vocabulary) -> Self:
        """Learns how rare the labels' stems are in documents; tags play no part."""
        self._vocabulary = vocabulary
        self.finder.labels.fit(vocabulary)
        documents = pseudo.real(corpus)
        table, numbers = self.finder.labels.tables[0], self.finder.labels.numbers[0]
        frequency = np.zeros(len(table.stems))
        for start in range(0, len(documents), _BATCH):
            analysis = self.finder.analyzer.analyse(documents[start : start + _BATCH])
            terms = numbers(analysis.tokens)
            keys = np.unique((analysis.documents << 32 | terms)[terms >= 0])
            frequency += np.bincount(keys & 0xFFFFFFFF, minlength=len(frequency))
        carriers = np.bincount(table.terms, minlength=len(table.stems))
        rarity = np.log(1 + len(documents) / (1 + frequency)) + 0.5 * np.log(1 + len(table.tags) / (1 + carriers))
        self._use(rarity.astype(np.float32))
        return self

    def recall(self, documents: Sequence[Document], k: int) -> Candidates:
        """The ``k`` tags with the highest score."""
        self.need("rarity_")
        words = self._read(documents)
        pairs = [index.best(held, k) for index, held in zip(self._indexes(), words, strict=True)]
        keys = np.unique(np.concatenate([rows << 32 | tags for rows, tags in pairs]))
        tables = Candidates.from_pairs(len(documents), keys >> 32, keys & 0xFFFFFFFF, {})
        filled = self.complete(documents, tables)
        return filled.top(k, by=f"{self.name}.score")

    def complete(self, documents: Sequence[Document], candidates: Candidates) -> Candidates:
        """What share of each candidate's best label stands in its document."""
        self.need("rarity_")
        words = self._read(documents)
        values: dict[str, Floats] = {}
        for index, held in zip(self._indexes(), words, strict=True):
            found = index.shares(held, candidates.documents, candidates.tags)
            values = found if not values else {part: np.fmax(values[part], found[part]) for part in values}
        return self.place(candidates, values)

    def explain(self, document: Document, tag: int) -> list[Evidence]:
        """Which words of the document are words of the tag's name."""
        self.need("rarity_")
        words = self._read([document])
        for index, held in zip(self._indexes(), words, strict=True):
            found = index.shared(held, tag)
            if found is not None:
                share, stems = found
                said = ", ".join(self._written(tag, stems))
                return [Evidence(self.name, "name words", said, value=share)] if stems else []
        return []

    def save(self, folder: Path) -> None:
        """Writes the stems' rarity; the labels are saved by their owner."""
        self.need("rarity_")
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "rarity.npy", self.rarity_)
        (folder / "names.json").write_text(json.dumps({"format": 1}), encoding="utf-8")

    def load(self, folder: Path, vocabulary: Vocabulary) -> Self:
        """Reads what `save` wrote."""
        self._vocabulary = vocabulary
        self._use(np.load(folder / "rarity.npy"))
        return self

    def add_tags(self, vocabulary: Vocabulary, positions: Ints) -> None:
        """New labels; their stems are as rare as the base says, unknown ones as the rarest."""
        self._vocabulary = vocabulary
        self.finder.labels.add_tags(vocabulary, positions)

    def _written(self, tag: int, stems: list[str]) -> list[str]:
        """For each of these stems the word of the tag's labels that has it, the shown name's before the others'."""
        labels, analyzer = self._vocabulary.labels, self.finder.analyzer
        low, high = np.searchsorted(labels.tags, [tag, tag + 1]).tolist()
        found: dict[str, str] = {}
        for row in range(low, high):
            text, language = labels.texts[row], labels.languages[labels.language_codes[row]]
            for number, start, end in analyzer.spans(text, language or analyzer.languages[0]):
                found.setdefault(analyzer.lexicon.stems[number], text[start:end])
        return [found.get(stem, stem) for stem in stems]

    def _use(self, rarity: NDArray[np.float32]) -> None:
        self.rarity_ = rarity
        self._made: tuple[int, list[NameIndex]] = (-1, [])
        self._base: tuple[LabelTable, NameIndex] | None = None
        self._last: Last[list[Words]] = Last()

    def _indexes(self) -> list[NameIndex]:
        labels = self.finder.labels
        version, indexes = self._made
        if version != labels.version:
            base, table = self._base, labels.tables[0]
            if base is None or base[0] is not table:  # added tags have tables of their own: it is made once
                made = NameIndex(table, self.rarity_, variants=self._alike(table))
                base = self._base = (table, made)
            grown = [NameIndex(one, self._rarity_of(one.stems), variants=self._alike(one)) for one in labels.tables[1:]]
            alive = labels.alive(0)
            indexes = [base[1] if alive is None else base[1].living(alive), *grown]
            self._made = (labels.version, indexes)
        return indexes

    def _alike(self, table: LabelTable) -> Variants | None:
        return Variants(table.stems) if self.variants else None

    def _rarity_of(self, stems: list[str]) -> Floats:
        """(n_stems,): as the base has it, whose stems are sorted; what it does not know is as rare as its rarest."""
        known, most = self.finder.labels.tables[0].stems, self.rarity_.max() if len(self.rarity_) else 1.0
        places = [bisect_left(known, stem) for stem in stems]
        found = [
            self.rarity_[place] if place < len(known) and known[place] == stem else most
            for place, stem in zip(places, stems, strict=True)
        ]
        return np.array(found, dtype=np.float32)

    def _read(self, documents: Sequence[Document]) -> list[Words]:
        """What a batch has of the stems of each label table."""
        state = self.finder.labels.version
        kept = self._last.of(documents, state)
        if kept is None:
            analysis = self.finder.analyzer.analyse(documents)
            pairs = zip(self._indexes(), self.finder.labels.numbers, strict=True)
            read = [index.words(analysis, numbers, self.finder.analyzer) for index, numbers in pairs]
            kept = self._last.keep(documents, state, read)
        return kept
