"""The sample base: tagged documents that are like a new one, with what was right and what was wrong about them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import tagwright.recall.pseudo as pseudo
from tagwright.recall.piece import Piece
from tagwright.recall.points import Points, sparse
from tagwright.recall.shelf import Shelf
from tagwright.types import Document

REJECTED = "rejected"
# Words of the shorter text that the longer one has, too: unrelated ones of a subject share half of them.
_SHARED, _FEWEST = 0.8, 8
TWIN = 0.95

_BATCH = 64
# So many neighbours are ranked at first for each one wanted: most of them can be used.
_AHEAD = 8
# Similarities that differ less are equal: in which order a product was summed up must not decide.
_DIGITS = 5

_Near = tuple[NDArray[np.int64], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Sample:
    """A tagged document and its ``similarity`` (cosine, up to 1) to the one that it was found for."""

    document: Document
    similarity: float

    @property
    def right(self) -> tuple[str, ...]:
        """The ids of its tags."""
        return self.document.tags or ()

    @property
    def wrong(self) -> tuple[str, ...]:
        """The ids of tags that somebody rejected: the list ``rejected`` of its metadata, any other shape is ignored."""
        said = self.document.metadata.get(REJECTED)
        if not isinstance(said, list | tuple) or not all(isinstance(id, str) for id in said):
            return ()
        return tuple(id for id in dict.fromkeys(said) if id not in self.right)


@dataclass(eq=False)
class Samples:
    """The documents of a shelf, found by their similarity; what is added to the shelf is found by the next call.

    ``document_of`` gives the document of an id with its metadata, ``None`` where it is not kept; one that came at run
    time is known to the shelf itself. ``state`` names what ``document_of`` gives now, for the `fingerprint`.
    Documents whose tags a machine has set (``auto`` in their metadata, or `tagwright.recall.pseudo`) are no samples:
    nobody said that they are right.
    """

    shelf: Shelf
    document_of: Callable[[str], Document | None]
    state: Callable[[], str] = str

    def __post_init__(self) -> None:
        self._digest: tuple[Piece, str] | None = None

    @property
    def fingerprint(self) -> str:
        """Names what is found for any document: the shelf with all its changes, and the state of the kept ones."""
        (base, alive), *added = self.shelf.pieces()
        if self._digest is None or self._digest[0] is not base:
            self._digest = (base, _digest(base))
        said = [str(self.shelf.version), self.state(), self._digest[1], *(_digest(piece) for piece, _ in added)]
        digest = hashlib.sha256("\0".join(said).encode())
        digest.update(b"" if alive is None else alive.tobytes())
        return digest.hexdigest()

    def similar(
        self, documents: Sequence[Document], n: int, *, twin: float = TWIN, among: Container[str] | None = None
    ) -> list[list[Sample]]:
        """At most ``n`` samples a document, the most similar first.

        Never the document itself (the same id, the same text), none that is more similar than ``twin``, and no text
        twice. ``among``: only samples with a tag of these, right or wrong.
        """
        if n < 1:
            return [[] for _ in documents]
        found = []
        for start in range(0, len(documents), _BATCH):
            block = documents[start : start + _BATCH]
            for document, near in zip(block, self._near(block), strict=True):
                found.append(self._usable(document, _ranked(*near, twin, n * _AHEAD), n, among))
        return found

    def _usable(
        self, document: Document, ranked: Iterator[tuple[int, float]], n: int, among: Container[str] | None
    ) -> list[Sample]:
        """The first ``n`` that may be shown."""
        found: list[Sample] = []
        seen = {_said(document)}
        for row, similarity in ranked:
            id, _ = self.shelf.label(row)
            kept = None if id == document.id else self.shelf.added(id) or self.document_of(id)
            if kept is None or _by_machine(kept) or _said(kept) in seen or _same(document, kept):
                continue
            sample = Sample(kept, similarity)
            if any(among is None or tag in among for tag in (*sample.right, *sample.wrong)):
                found.append(sample)
                seen.add(_said(kept))
            if len(found) == n:
                break
        return found

    def _near(self, documents: Sequence[Document]) -> Iterator[_Near]:
        """(rows of the shelf, similarities above 0) of each document, unordered."""
        points = self.shelf.space.documents(documents)
        blocks, start = [], 0
        for piece, alive in self.shelf.pieces():
            blocks.append([(rows + start, values) for rows, values in _products(points, piece.points, alive)])
            start += len(piece.ids)
        for parts in zip(*blocks, strict=True):
            yield np.concatenate([rows for rows, _ in parts]), np.concatenate([values for _, values in parts])


def _products(points: Points, others: Points, alive: NDArray[np.bool_] | None) -> Iterator[_Near]:
    """For each of ``points``: the rows of ``others`` that count and have a positive product with it, and the products.

    The many rows are not turned, but read through once a block: no second copy of them is held.
    """
    across = (others @ points.T).tocsc() if sparse(others) else points @ others.T
    for row in range(points.shape[0]):
        if sparse(across):
            part = slice(across.indptr[row], across.indptr[row + 1])
            rows, values = across.indices[part].astype(np.int64), across.data[part]
        else:
            rows, values = np.arange(across.shape[1]), across[row]
        kept = values > 0 if alive is None else (values > 0) & alive[rows]
        yield rows[kept], values[kept].astype(np.float64)


def _ranked(
    rows: NDArray[np.int64], values: NDArray[np.float64], twin: float, ahead: int
) -> Iterator[tuple[int, float]]:
    """(row, similarity) up to ``twin``, the highest first, ties by row; the best ``ahead`` are ranked first."""
    values = np.round(values, _DIGITS)
    rows, values = rows[values <= twin], values[values <= twin]
    edge = -np.inf if len(values) <= ahead else np.partition(values, len(values) - ahead)[len(values) - ahead]
    for part in (values >= edge, values < edge):
        order = np.lexsort((rows[part], -values[part]))
        yield from zip(rows[part][order].tolist(), values[part][order].tolist(), strict=True)


def _same(one: Document, other: Document) -> bool:
    """Whether one is the other with some words more or less, as a later edition is, whatever its title."""
    words = [set(_said(document).split()) for document in (one, other)]
    fewer = min(map(len, words))
    return fewer >= _FEWEST and len(words[0] & words[1]) >= _SHARED * fewer


def _by_machine(document: Document) -> bool:
    return bool(document.metadata.get("auto")) or pseudo.is_pseudo(document)


def _said(document: Document) -> str:
    """What a document says, however it is set: two that say the same are one."""
    return " ".join(document.text.split() or document.title.split()).casefold()


def _digest(piece: Piece) -> str:
    digest = hashlib.sha256("\0".join([*piece.ids, *piece.titles]).encode("utf-8", "surrogatepass"))
    for points in (piece.points, piece.tags):
        arrays = (points.data, points.indices, points.indptr) if sparse(points) else (points,)
        for array in arrays:
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
