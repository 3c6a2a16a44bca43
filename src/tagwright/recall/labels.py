"""The labels of all tags as sets of stems: what `lexical` and `names` look for."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import Ints
from tagwright.text.tokens import Analyzer, TermNumbers
from tagwright.vocabulary.base import Vocabulary

# "Smoothing (Surface treatment)": a text says "smoothing"; the qualifier only tells two tags apart.
_QUALIFIER = re.compile(r"\s*[(<\[][^)>\]]*[)>\]]")
_FORMAT = 1
_ARRAYS = ("tags", "kinds", "languages", "offsets", "terms", "ambiguity")


def core(label: str) -> str:
    """A label without the qualifier in brackets at its end."""
    return _QUALIFIER.sub("", label).strip() if label.endswith((")", ">", "]")) else label


@dataclass(eq=False)
class LabelTable:
    """Labels of some tags.

    ``tags`` (n_labels,) int32 positions, ascending; ``kinds`` (n_labels,) int8 as `Vocabulary.labels` has them;
    ``languages`` (n_labels,) int16 into ``language_names``; ``offsets``/``terms`` CSR of the distinct stems of each
    label's `core`, as ascending numbers into ``stems``, which are sorted; ``ambiguity`` (n_labels,) int32: how many of
    these tags have a label of the same stems.
    """

    stems: list[str]
    language_names: list[str]
    tags: NDArray[np.int32]
    kinds: NDArray[np.int8]
    languages: NDArray[np.int16]
    offsets: NDArray[np.int64]
    terms: NDArray[np.int32]
    ambiguity: NDArray[np.int32]

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """(n_labels,) int64: distinct stems of each label."""
        return np.diff(self.offsets)

    @classmethod
    def build(cls, analyzer: Analyzer, vocabulary: Vocabulary, positions: Ints | None = None) -> LabelTable:
        """The labels of the tags at ``positions`` (None = all) that are not deprecated."""
        labels = vocabulary.labels
        wanted = vocabulary.active.copy()
        if positions is not None:
            wanted[:] = False
            wanted[positions] = vocabulary.active[positions]
        rows = np.flatnonzero(wanted[labels.tags])
        codes = labels.language_codes[rows]
        names = [language or analyzer.languages[0] for language in labels.languages]
        texts = labels.texts
        tokens: list[list[int]] = []
        for row, code in zip(rows.tolist(), codes.tolist(), strict=True):
            text = texts[row]
            found = analyzer.words(core(text), names[code]) or analyzer.words(text, names[code])
            tokens.append(sorted(set(found)))
        return cls._pack(analyzer, tokens, (labels.tags[rows], labels.kinds[rows], codes), labels.languages)

    @classmethod
    def _pack(
        cls,
        analyzer: Analyzer,
        tokens: list[list[int]],
        columns: tuple[NDArray[np.int32], NDArray[np.int8], NDArray[np.int16]],
        languages: list[str],
    ) -> LabelTable:
        lengths = np.array([len(row) for row in tokens], dtype=np.int64)
        used, places = np.unique([number for row in tokens for number in row], return_inverse=True)
        stems = analyzer.stems(used.astype(np.int64))
        # In the order of the stems themselves, so that nothing depends on what this process read before.
        order = sorted(range(len(stems)), key=stems.__getitem__)
        ranks = np.empty(len(order), dtype=np.int32)
        ranks[order] = np.arange(len(order))
        owners = np.repeat(np.arange(len(tokens)), lengths)
        terms = ranks[places]
        return cls(
            [stems[place] for place in order], list(languages), *columns, np.concatenate([[0], np.cumsum(lengths)]),
            terms[np.lexsort((terms, owners))], _ambiguity(tokens, columns[0]),
        )  # fmt: skip

    def save(self, folder: Path) -> None:
        """Plain arrays, one file each, and the stems as JSON."""
        folder.mkdir(parents=True, exist_ok=True)
        for array in _ARRAYS:
            np.save(folder / f"{array}.npy", getattr(self, array))
        stems = {"format": _FORMAT, "languages": self.language_names, "stems": self.stems}
        (folder / "stems.json").write_text(json.dumps(stems, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> LabelTable:
        """What `save` wrote, the arrays mapped."""
        stems = json.loads((folder / "stems.json").read_text(encoding="utf-8"))
        arrays = {array: np.load(folder / f"{array}.npy", mmap_mode="r") for array in _ARRAYS}
        return cls(stems["stems"], stems["languages"], **arrays)


def _ambiguity(tokens: list[list[int]], tags: NDArray[np.int32]) -> NDArray[np.int32]:
    """(n_labels,) int32: of how many tags some label has exactly these stems."""
    groups: dict[tuple[int, ...], int] = {}
    group = np.array([groups.setdefault(tuple(row), len(groups)) for row in tokens], dtype=np.int64)
    pairs = np.unique(group << 32 | tags)
    return np.bincount(pairs >> 32, minlength=len(groups))[group].astype(np.int32)


@dataclass(eq=False)
class Labels:
    """The label tables that a tagger looks in: the base and, once tags came at run time, a small one of those."""

    analyzer: Analyzer
    tables: list[LabelTable] = field(default_factory=list)
    numbers: list[TermNumbers] = field(default_factory=list)
    version: int = 0

    def __post_init__(self) -> None:
        self.grown: Ints = np.empty(0, dtype=np.int32)
        self._read: Vocabulary | None = None

    def fit(self, vocabulary: Vocabulary) -> Self:
        """Reads all labels into the base; nothing to do where this vocabulary is the base already."""
        if self._read is not vocabulary or len(self.tables) != 1:
            self._use(LabelTable.build(self.analyzer, vocabulary), vocabulary)
        return self

    def add_tags(self, vocabulary: Vocabulary, positions: Ints) -> None:
        """Labels of new or changed tags; the base's labels of changed ones are hidden by `alive`.

        Several channels tell of the same change: the second time there is nothing to do.
        """
        if self._read is vocabulary and np.isin(positions, self.grown).all():
            return
        self.grown = np.union1d(self.grown, positions).astype(np.int32)
        table = LabelTable.build(self.analyzer, vocabulary, self.grown)
        self.tables[1:] = [table]
        self.numbers[1:] = [TermNumbers(table.stems, self.analyzer.lexicon)]
        self._alive = ~np.isin(self.tables[0].tags, self.grown)
        self._read = vocabulary
        self.version += 1

    def alive(self, table: int) -> NDArray[np.bool_] | None:
        """(n_labels,) bool for the base once tags changed at run time; None = all of the table's labels count."""
        if table > 0 or len(self.grown) == 0:
            return None
        return self._alive

    def save(self, folder: Path) -> None:
        """Writes the base; what came at run time is in the growth log."""
        self.tables[0].save(folder)

    def load(self, folder: Path, vocabulary: Vocabulary) -> Self:
        """Reads the base."""
        self._use(LabelTable.load(folder), vocabulary)
        return self

    def _use(self, table: LabelTable, vocabulary: Vocabulary) -> None:
        self.tables, self.numbers = [table], [TermNumbers(table.stems, self.analyzer.lexicon)]
        self.grown = np.empty(0, dtype=np.int32)
        self._alive = np.ones(len(table.tags), dtype=np.bool_)
        self._read = vocabulary
        self.version += 1
