"""How often a tag's name stood in a training document, and how often that document carried the tag."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagwright.recall.products import spread
from tagwright.types import Document
from tagwright.vocabulary.base import Vocabulary

# Before any document is seen, a name that stands in a text is right about as often as on library records.
_USUAL = 0.02


@dataclass(eq=False)
class TagCounts:
    """``held`` and ``right`` (n_tags,) float64 whole numbers; ``usual`` their overall ratio, in [0, 1].

    The pairs behind the counts are kept (CSR by document), so that a document can be taken out again exactly.
    """

    ids: list[str]
    offsets: NDArray[np.int64]
    tags: NDArray[np.int32]
    carried: NDArray[np.bool_]
    held: NDArray[np.float64]
    right: NDArray[np.float64]
    usual: float
    _added: dict[str, tuple[NDArray[np.int32], NDArray[np.bool_]]] = field(default_factory=dict)
    _removed: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, documents: Sequence[Document], held: Sequence[NDArray[np.int32]], vocabulary: Vocabulary) -> TagCounts:
        """Counts over documents and the tags whose labels each holds."""
        offsets = np.concatenate([[0], np.cumsum([len(tags) for tags in held])]).astype(np.int64)
        tags = np.concatenate([np.empty(0, dtype=np.int32), *held])
        carried = np.concatenate(
            [np.empty(0, dtype=bool), *map(_carried, documents, held, [vocabulary] * len(documents))]
        )
        return cls._count([d.id for d in documents], (offsets, tags, carried), len(vocabulary))

    def add(self, documents: Sequence[Document], held: Sequence[NDArray[np.int32]], vocabulary: Vocabulary) -> None:
        """Counts more documents; one whose id is known replaces that one."""
        self.remove([document.id for document in documents])
        for document, tags in zip(documents, held, strict=True):
            carried = _carried(document, tags, vocabulary)
            self._added[document.id] = (tags, carried)
            self._change(tags, carried, 1)

    def remove(self, ids: Sequence[str]) -> None:
        """Takes documents out again; unknown ids are ignored. Whole numbers, so nothing is left of them."""
        for id in ids:
            row = self._row(id)
            if id in self._added:
                self._change(*self._added.pop(id), -1)
            elif row is not None and row not in self._removed:
                self._removed.add(row)
                _, entries = spread(self.offsets, np.array([row]))
                self._change(self.tags[entries], self.carried[entries], -1)

    def widen(self, n_tags: int) -> None:
        """Room for tags added at run time."""
        more = np.zeros(n_tags - len(self.held))
        self.held, self.right = np.concatenate([self.held, more]), np.concatenate([self.right, more])

    def save(self, folder: Path) -> None:
        """Writes the pairs; the counts follow from them."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("offsets", "tags", "carried"):
            np.save(folder / f"{name}.npy", getattr(self, name))
        (folder / "ids.json").write_text(json.dumps({"format": 1, "ids": self.ids}), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, n_tags: int) -> TagCounts:
        """What `save` wrote."""
        ids = json.loads((folder / "ids.json").read_text(encoding="utf-8"))["ids"]
        arrays = [np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("offsets", "tags", "carried")]
        return cls._count(ids, (arrays[0], arrays[1], arrays[2]), n_tags)

    @classmethod
    def _count(
        cls, ids: list[str], pairs: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.bool_]], n_tags: int
    ) -> TagCounts:
        offsets, tags, carried = pairs
        held = np.bincount(tags, minlength=n_tags).astype(np.float64)
        right = np.bincount(tags[carried], minlength=n_tags).astype(np.float64)
        usual = float(right.sum() / held.sum()) if held.sum() else _USUAL
        return cls(ids, offsets, tags, carried, held, right, usual)

    def _change(self, tags: NDArray[np.int32], carried: NDArray[np.bool_], by: int) -> None:
        self.held[tags] += by
        self.right[tags[carried]] += by

    def _row(self, id: str) -> int | None:
        if not hasattr(self, "_rows"):
            self._rows = {known: row for row, known in enumerate(self.ids)}
        return self._rows.get(id)


def _carried(document: Document, tags: NDArray[np.int32], vocabulary: Vocabulary) -> NDArray[np.bool_]:
    return np.isin(tags, vocabulary.positions(document.tags or (), known_only=True))
