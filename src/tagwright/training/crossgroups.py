"""What a cross-encoder is taught with: of each document its right tags, and some wrong ones that seemed likely."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import Ints
from tagwright.training.lessons import Lessons

# Likely wrong tags of a document of the dev part: with its right ones about what is looked at when serving.
_LOOKED_AT = 20
_GAINS = 1 / np.log2(np.arange(2, 12))
# The draw for the dev part: no epoch has this number.
_NO_EPOCH = 2**32 - 1


@dataclass(frozen=True, eq=False)
class Group:
    """The document in this ``row`` of the lessons, ``wrong`` tags, one at least, and ``right`` ones, one at least."""

    row: int
    wrong: Ints
    right: Ints

    @property
    def tags(self) -> Ints:
        """(n_wrong + n_right,): the wrong ones first."""
        return np.concatenate([self.wrong, self.right])


class Groups:
    """Cuts lessons into steps of ``batch`` groups; a step depends on its number and the seed alone.

    Every document comes once an epoch, with ``wrong`` wrong tags that are drawn anew: of the likely ones, and where
    these do not suffice of all tags that some document has. A group has ``most`` tags at most: of more right ones some
    are drawn. A document that has all tags, so that there is nothing to tell apart, is left out.
    """

    def __init__(self, lessons: Lessons, *, batch: int, wrong: int, most: int, seed: int) -> None:
        self.lessons, self._wrong, self._most, self._seed = lessons, wrong, most - wrong, seed
        self._used = lessons.used
        likely = [np.setdiff1d(*both).size for both in zip(lessons.wrong, lessons.gold, strict=True)]
        usable = [bool(n) or len(gold) < len(self._used) for n, gold in zip(likely, lessons.gold, strict=True)]
        self.rows = np.flatnonzero(usable)
        self._batch = min(batch, len(self.rows))
        self._order: tuple[int, NDArray[np.int64]] | None = None

    @property
    def steps(self) -> int:
        """How many steps an epoch has; what does not fill one waits for the next epoch's order."""
        return len(self.rows) // max(self._batch, 1)

    def step(self, number: int) -> list[Group]:
        """The groups of the step with this number (from 0)."""
        epoch, place = divmod(number, self.steps)
        if self._order is None or self._order[0] != epoch:
            self._order = (epoch, np.random.default_rng([self._seed, epoch]).permutation(self.rows))
        random = np.random.default_rng([self._seed, epoch, place])
        rows = self._order[1][place * self._batch : (place + 1) * self._batch].tolist()
        return [Group(row, self._wrong_tags(row, random), self._right_tags(row, random)) for row in rows]

    def all(self) -> list[Group]:
        """One group a document, with all right tags and the likeliest wrong ones, always the same."""
        random = np.random.default_rng([self._seed, _NO_EPOCH])
        groups = []
        for row in self.rows.tolist():
            likely = self._likely(row)[:_LOOKED_AT]
            wrong = likely if len(likely) else self._wrong_tags(row, random)
            groups.append(Group(row, wrong, self.lessons.gold[row]))
        return groups

    def _likely(self, row: int) -> Ints:
        likely = self.lessons.wrong[row]
        return likely[~np.isin(likely, self.lessons.gold[row])]

    def _wrong_tags(self, row: int, random: np.random.Generator) -> Ints:
        likely = self._likely(row)
        chosen = random.choice(likely, min(self._wrong, len(likely)), replace=False)
        missing = self._wrong - len(chosen)
        if not missing:
            return chosen
        # So many that enough are left without the right and the chosen ones.
        apart = np.concatenate([self.lessons.gold[row], chosen])
        drawn = random.choice(self._used, min(missing + len(apart), len(self._used)), replace=False)
        return np.concatenate([chosen, drawn[~np.isin(drawn, apart)][:missing]]).astype(np.int32)

    def _right_tags(self, row: int, random: np.random.Generator) -> Ints:
        gold = self.lessons.gold[row]
        return gold if len(gold) <= self._most else random.choice(gold, self._most, replace=False)


def ndcg(logits: NDArray[np.floating], n_wrong: int) -> float:
    """nDCG@10 of a group's order by its ``logits`` (n_tags,), the wrong tags first; ties count against the right."""
    best = np.argsort(-logits, kind="stable")[: len(_GAINS)]
    found = _GAINS[: len(best)][best >= n_wrong].sum()
    return float(found / _GAINS[: len(logits) - n_wrong].sum())


def level(logits: NDArray[np.floating], right: NDArray[np.bool_]) -> float:
    """What to add to logits so that their sigmoids add up to the number of right ones: the likeliest such number.

    (n,) each, with a right and a wrong one at least.
    """
    low, high = -60.0 - float(logits.max()), 60.0 - float(logits.min())
    for _ in range(60):
        middle = (low + high) / 2
        if np.sum(1 / (1 + np.exp(-(logits + middle)))) < right.sum():
            low = middle
        else:
            high = middle
    return (low + high) / 2
