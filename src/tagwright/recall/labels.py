"""The labels of all tags as sets of stems: what `lexical` and `names` look for."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tagwright.candidates import Ints
from tagwright.text.tokens import Analyzer, TermNumbers
from tagwright.vocabulary.base import Vocabulary

# "Smoothing (Surface treatment)": a text says "smoothing"; the qualifier only tells two tags apart.
_QUALIFIER = re.compile(r"\s*[(<\[][^)>\]]*[)>\]]")
_FORMAT = 1
_ARRAYS = ("tags", "kinds", "languages", "offsets", "terms", "ambiguity", "qualified")


@dataclass(eq=False)
class LabelTable:
    """Labels of some tags.

    ``tags`` (n_labels,) int32 positions, ascending; ``kinds`` (n_labels,) int8 as `Vocabulary.labels` has them;
    ``languages`` (n_labels,) int16 into ``language_names``; ``offsets``/``terms`` CSR of the distinct stems of each
    label without its qualifier, as numbers into ``stems``; ``ambiguity`` (n_labels,) int32 tags with the same stems;
    ``qualified`` (n_labels,) bool.
    """

    stems: list[str]
    language_names: list[str]
    tags: NDArray[np.int32]
    kinds: NDArray[np.int8]
    languages: NDArray[np.int16]
    offsets: NDArray[np.int64]
    terms: NDArray[np.int32]
    ambiguity: NDArray[np.int32]
    qualified: NDArray[np.bool_]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(n_labels,) int64: distinct stems of each label."""
        return np.diff(self.offsets)

    def matrix(self) -> sp.csr_matrix:
        """(n_labels, n_stems) float32, 1 where the label has the stem."""
        ones = np.ones(len(self.terms), dtype=np.float32)
        return sp.csr_matrix((ones, self.terms, self.offsets), shape=(len(self.tags), len(self.stems)))

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
        qualified = np.zeros(len(rows), dtype=bool)
        for number, (row, code) in enumerate(zip(rows.tolist(), codes.tolist(), strict=True)):
            text = texts[row]
            core = _QUALIFIER.sub("", text).strip() if text[-1:] in ")>]" else text
            found = analyzer.words(core, names[code]) or analyzer.words(text, names[code])
            qualified[number] = core != text
            tokens.append(sorted(set(found)))
        return cls._pack(analyzer, tokens, (labels.tags[rows], labels.kinds[rows], codes), qualified, labels.languages)

    @classmethod
    def _pack(
        cls,
        analyzer: Analyzer,
        tokens: list[list[int]],
        columns: tuple[NDArray[np.int32], NDArray[np.int8], NDArray[np.int16]],
        qualified: NDArray[np.bool_],
        languages: list[str],
    ) -> LabelTable:
        offsets = np.concatenate([[0], np.cumsum([len(row) for row in tokens])]).astype(np.int64)
        flat = np.array([number for row in tokens for number in row], dtype=np.int64)
        used, terms = np.unique(flat, return_inverse=True)
        groups = np.unique([hash(tuple(row)) for row in tokens] or [0], return_inverse=True)[1][: len(tokens)]
        ambiguity = np.bincount(groups)[groups] if len(groups) else np.zeros(0, dtype=np.int64)
        return cls(
            analyzer.stems(used), list(languages), *columns, offsets, terms.astype(np.int32),
            ambiguity.astype(np.int32), qualified,
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


@dataclass(eq=False)
class Labels:
    """The label tables that a tagger looks in: the base and, once tags came at run time, a small one of those."""

    analyzer: Analyzer
    tables: list[LabelTable] = field(default_factory=list)
    numbers: list[TermNumbers] = field(default_factory=list)
    version: int = 0

    def __post_init__(self) -> None:
        self.grown: Ints = np.empty(0, dtype=np.int32)
        self.n_tags = 0

    def fit(self, vocabulary: Vocabulary) -> Self:
        """Reads all labels; nothing to do where this vocabulary was read already."""
        if getattr(self, "_fitted_on", None) is not vocabulary:
            self._use(LabelTable.build(self.analyzer, vocabulary), vocabulary)
        return self

    def add_tags(self, vocabulary: Vocabulary, positions: Ints) -> None:
        """Labels of new or changed tags; the base's labels of changed ones are hidden by `alive`."""
        self.grown = np.union1d(self.grown, positions).astype(np.int32)
        table = LabelTable.build(self.analyzer, vocabulary, self.grown)
        self.tables[1:] = [table]
        self.numbers[1:] = [TermNumbers(table.stems, self.analyzer.lexicon)]
        self.n_tags = len(vocabulary)
        self._fitted_on = vocabulary
        self.version += 1

    def alive(self, table: int) -> NDArray[np.bool_] | None:
        """(n_labels,) bool for the base once tags changed at run time; None = all of the table's labels count."""
        if table > 0 or len(self.grown) == 0:
            return None
        return ~np.isin(self.tables[0].tags, self.grown)

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
        self.n_tags = len(vocabulary)
        self._fitted_on = vocabulary
        self.version += 1
