"""What an encoder is taught with: documents, their right tags, wrong ones that seemed likely; and batches of them."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import tagwright.recall.pseudo as pseudo
from tagwright.candidates import Ints
from tagwright.corpus.split import fold_of
from tagwright.recall.spaces import tag_readings, text_of
from tagwright.training.epochs import Epochs
from tagwright.training.losses import Batch
from tagwright.types import Document
from tagwright.vocabulary.base import Vocabulary

# Parts are cut by a hash of the id that has nothing to do with that of the folds of fitting.
_PARTS, _PURPOSE = 10_000, 90_001
_MOST_DEV = 400


@dataclass(frozen=True)
class Parts:
    """Tagged documents in three parts, by their ids alone.

    ``taught``: what is learned from; ``dev``: by which the best moment is chosen; ``held_out``: never seen, so that
    from these it can be learned how good the encoder is.
    """

    taught: list[Document]
    dev: list[Document]
    held_out: list[Document]

    @classmethod
    def of(cls, documents: Sequence[Document], *, held_out: float, dev: float, seed: int) -> Parts:
        """Cuts them; what is too much for the dev part is taught."""
        places = [fold_of(document.id, _PARTS, seed=seed + _PURPOSE) / _PARTS for document in documents]
        order = np.argsort(places, kind="stable").tolist()
        ready = [row for row in order if places[row] >= held_out]
        chosen = set([row for row in ready if places[row] < held_out + dev][:_MOST_DEV])
        outside = set(order) - set(ready)
        return cls(
            [document for row, document in enumerate(documents) if row not in chosen and row not in outside],
            [documents[row] for row in sorted(chosen)],
            [documents[row] for row in sorted(outside)],
        )


@dataclass(frozen=True)
class Lessons:
    """``documents`` with at least one tag each; ``gold`` and ``wrong`` hold, for each, positions in the vocabulary.

    ``wrong``: tags that the documents do not have, the likeliest first; may be empty.
    """

    documents: list[Document]
    gold: list[Ints]
    wrong: list[Ints]
    vocabulary: Vocabulary

    @property
    def pairs(self) -> int:
        """How many right pairs of a document and a tag there are."""
        return sum(map(len, self.gold))

    @property
    def weights(self) -> NDArray[np.float64]:
        """(n_documents,) what each counts: 1, or less where a language model wrote it (`tagwright.recall.pseudo`)."""
        return np.array([pseudo.weight(document) for document in self.documents], dtype=np.float64)

    @property
    def light(self) -> dict[str, float]:
        """{id: weight} of those that count less than 1."""
        weights = {one.id: pseudo.weight(one) for one in self.documents if pseudo.is_pseudo(one)}
        return {id: weight for id, weight in weights.items() if weight < 1}

    @property
    def used(self) -> Ints:
        """The tags that some document has."""
        return np.unique(np.concatenate([np.empty(0, dtype=np.int32), *self.gold])).astype(np.int32)


@dataclass(frozen=True)
class Lesson:
    """One step: what is read, and what belongs together."""

    documents: list[str]
    tags: list[str]
    batch: Batch


class Teacher:
    """Cuts lessons into steps; a step depends on its number and the seed alone.

    Every document comes once an epoch, with all its right tags, and what a language model wrote as often as its weight
    says (`Epochs`). A part of them is read by the title alone; each time a tag is read in one of the ways of which its
    vector is the mean (`tagwright.recall.spaces.tag_readings`), drawn by chance.
    """

    def __init__(
        self, lessons: Lessons, *, batch: int, wrong: int, titles: float, paired: bool = False, seed: int = 0
    ) -> None:
        self.lessons, self._size, self._wrong, self._titles = lessons, batch, wrong, titles
        self._paired, self._seed, self._used = paired, seed, lessons.used
        self._epochs = Epochs(np.arange(len(lessons.documents)), lessons.weights, seed)
        self._order: tuple[int, NDArray[np.int64]] | None = None

    @property
    def steps(self) -> int:
        """How many steps an epoch has; what does not fill one waits for the next epoch's order."""
        return max(self._epochs.size // self._size, 1)

    def lesson(self, step: int) -> Lesson:
        """The step with this number (from 0)."""
        epoch, place = divmod(step, self.steps)
        rows = self._epoch(epoch)[place * self._size : (place + 1) * self._size].tolist()
        random = np.random.default_rng([self._seed, epoch, place])
        wrong = [self._wrong_tags(row, random) for row in rows]
        gold = [self.lessons.gold[row] for row in rows]
        tags = np.unique(np.concatenate([*gold, *wrong])).astype(np.int32)
        return Lesson(
            [self._read(self.lessons.documents[row], random) for row in rows], self._written(tags, random),
            _together(gold, wrong, tags, random),
        )  # fmt: skip

    def _epoch(self, epoch: int) -> NDArray[np.int64]:
        if self._order is None or self._order[0] != epoch:
            random = np.random.default_rng([self._seed, epoch])
            order = self._epochs.order(epoch, random)
            self._order = (epoch, _side_by_side(order, self.lessons.gold, random) if self._paired else order)
        return self._order[1]

    def _wrong_tags(self, row: int, random: np.random.Generator) -> Ints:
        """Some of the likely wrong tags; where there are none, one that is drawn."""
        likely, most = self.lessons.wrong[row], self._wrong
        if most and len(likely):
            chosen = random.choice(likely, min(most, len(likely)), replace=False)
        else:
            chosen = random.choice(self._used, max(most, 1))
        return np.setdiff1d(chosen, self.lessons.gold[row]).astype(np.int32)

    def _read(self, document: Document, random: np.random.Generator) -> str:
        return document.title if document.title and random.random() < self._titles else text_of(document)

    def _written(self, tags: Ints, random: np.random.Generator) -> list[str]:
        readings = tag_readings(self.lessons.vocabulary, tags)
        return [own[int(random.random() * len(own)) - 1] for own in readings]


def _together(gold: Sequence[Ints], wrong: Sequence[Ints], tags: Ints, random: np.random.Generator) -> Batch:
    """Places in ``tags``: every right pair, with a wrong tag of its document, or any tag that it does not have."""
    right = np.zeros((len(gold), len(tags)), dtype=np.bool_)
    rows, near, far = [], [], []
    for row, own in enumerate(gold):
        right[row, np.searchsorted(tags, own)] = True
        others = np.searchsorted(tags, wrong[row]) if len(wrong[row]) else np.flatnonzero(~right[row])
        for place in np.flatnonzero(right[row]):
            if len(others):
                rows.append(row)
                near.append(place)
                far.append(random.choice(others))
    return Batch(right, *(np.array(places, dtype=np.int64) for places in (rows, near, far)))


def _side_by_side(order: NDArray[np.int64], gold: Sequence[Ints], random: np.random.Generator) -> NDArray[np.int64]:
    """The same rows, where possible in twos that have a tag in common."""
    waiting: dict[int, list[int]] = {}
    for row in order.tolist():
        for tag in gold[row].tolist():
            waiting.setdefault(tag, []).append(row)
    placed: dict[int, None] = {}
    for row in order.tolist():
        if row in placed:
            continue
        placed[row] = None
        partner = _partner(random.permutation(gold[row]).tolist(), waiting, placed)
        if partner >= 0:
            placed[partner] = None
    return np.array(list(placed), dtype=np.int64)


def _partner(tags: Sequence[int], waiting: Mapping[int, list[int]], placed: Container[int]) -> int:
    """A row that has one of these tags and is not placed yet; -1 = there is none."""
    for tag in tags:
        rows = waiting[tag]
        while rows and rows[-1] in placed:
            rows.pop()
        if rows:
            return rows[-1]
    return -1
