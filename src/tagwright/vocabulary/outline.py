"""A vocabulary as people leaf through it: what stands at the top, what is below, and long lists in slices."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from tagwright.vocabulary.base import Vocabulary
from tagwright.vocabulary.folded import fold
from tagwright.vocabulary.links import Ints

Entry = tuple[str, int]  # a tag's folded name and its position

# The top, whose tags have nothing broader.
TOP = -1
# So many tags stand in a list; more are cut into slices, of which there are about so many.
LONGEST, _SLICES = 120, 40
# Of more letters than these the rare ones stand together.
_MOST_LETTERS = 30
# Beside so many tags that are new or changed the order of the others is used again.
_MOST_CHANGED = 5_000
# Sorts behind every character of a name.
_LAST = "\U0010ffff"
# Names that begin with no letter stand together.
OTHER = "#"


@dataclass(frozen=True, slots=True)
class Slice:
    """The tags ``low`` to ``high`` of a list, called by the ``letter`` they begin with, or by the ends' names."""

    low: int
    high: int
    first: str
    last: str
    letter: str = ""

    def __len__(self) -> int:
        return self.high - self.low


class Outline:
    """The tags that can be suggested, in the order of the alphabet below what is broader; quick for any number.

    A tag whose broader ones are all deprecated stands at the top, and so does the first tag of a circle that nothing
    else leads to: every tag is found by leafing.
    """

    def __init__(self, vocabulary: Vocabulary, before: Outline | None = None) -> None:
        """``before``: one over what the vocabulary was extended from, whose order is used again where it can be."""
        self.vocabulary = vocabulary
        is_top = _tops(vocabulary)
        start, changed = vocabulary.origin
        self._start: Vocabulary = start
        self._first: list[Entry]
        self._first_tops: NDArray[np.bool_]
        if before is not None and before._start is start:
            self._first, self._first_tops = before._first, before._first_tops
        else:
            self._first, self._first_tops = _first(start)
        self._top = self._ordered(is_top, changed)
        self.is_flat = bool(is_top[vocabulary.active].all())

    def below(self, tag: int) -> list[Entry]:
        """The tags directly below one, or at the `TOP`, in order; deprecated ones are left out. Not to be changed."""
        if tag == TOP:
            return self._top
        narrower = self.vocabulary.narrower(tag)
        return sorted(map(self._entry, narrower[self.vocabulary.active[narrower]].tolist()))

    def count(self, tag: int) -> int:
        """How many tags are directly below."""
        return int(np.count_nonzero(self.vocabulary.active[self.vocabulary.narrower(tag)]))

    def slices(self, entries: Sequence[Entry], low: int, high: int) -> list[Slice]:
        """How the part of a list is cut, by letters first; empty where it is short enough to be shown."""
        if high - low <= LONGEST:
            return []
        bounds = _letters(entries, low, high)
        if len(bounds) == 2:  # one letter
            step = max(LONGEST // 2, -(-(high - low) // _SLICES))
            return [self._slice(entries, start, min(start + step, high)) for start in range(low, high, step)]
        pairs = list(pairwise(bounds))
        if len(pairs) > _MOST_LETTERS:
            pairs = list(_joined(pairs))
        return [
            self._slice(entries, start, stop, f"{_letter(entries[start])} – {_letter(entries[stop - 1])}")
            if _letter(entries[start]) != _letter(entries[stop - 1])
            else self._slice(entries, start, stop, _letter(entries[start]))
            for start, stop in pairs
        ]

    def way(self, tag: int) -> list[int]:
        """The tags from the top down to this one, through the first broader of each that is not deprecated."""
        found = [tag]
        while self.place(self._top, found[-1]) < 0:
            broader = self.vocabulary.broader(found[-1])
            steps = [up for up in broader[self.vocabulary.active[broader]].tolist() if up not in found]
            if not steps:
                break
            found.append(steps[0])
        return found[::-1]

    def place(self, entries: Sequence[Entry], tag: int) -> int:
        """Where a tag stands in a list; -1 where it does not."""
        place = bisect_left(entries, self._entry(tag))
        return place if place < len(entries) and entries[place][1] == tag else -1

    def _entry(self, tag: int) -> Entry:
        return fold(self.vocabulary.name(tag)), tag

    def _slice(self, entries: Sequence[Entry], low: int, high: int, letter: str = "") -> Slice:
        name = self.vocabulary.name
        return Slice(low, high, name(entries[low][1]), name(entries[high - 1][1]), letter)

    def _ordered(self, is_top: NDArray[np.bool_], changed: frozenset[int]) -> list[Entry]:
        """The top in order: that of before, without and with what is another now."""
        then = np.zeros(len(is_top), dtype=np.bool_)
        then[: len(self._first_tops)] = self._first_tops
        other = changed.union(np.flatnonzero(then != is_top).tolist())
        if not other:
            return self._first
        gone = [tag for tag in other if then[tag]]
        more = [self._entry(tag) for tag in other if is_top[tag]]
        if len(other) > _MOST_CHANGED:
            return sorted([*(entry for entry in self._first if entry[1] not in other), *more])
        found = self._first.copy()
        for tag in gone:
            del found[bisect_left(found, (fold(self._start.name(tag)), tag))]
        for entry in more:
            insort(found, entry)
        return found


def _letter(entry: Entry) -> str:
    return entry[0][:1].upper() if entry[0][:1].isalpha() else OTHER


def _letters(entries: Sequence[Entry], low: int, high: int) -> list[int]:
    """Where another letter begins, and both ends."""
    bounds = [low]
    while bounds[-1] < high:
        start, stop = entries[bounds[-1]][0][:1], bounds[-1] + 1
        if start.isalpha():
            stop = bisect_left(entries, (start + _LAST,), lo=stop, hi=high)
        else:
            stop = next((n for n in range(stop, high) if entries[n][0][:1].isalpha()), high)
        bounds.append(stop)
    return bounds


def _joined(pairs: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Neighbours together as long as all of them can be shown in one list."""
    low, high = pairs[0]
    for start, stop in pairs[1:]:
        if stop - low > LONGEST:
            yield low, high
            low = start
        high = stop
    yield low, high


def _first(vocabulary: Vocabulary) -> tuple[list[Entry], NDArray[np.bool_]]:
    """The top of a vocabulary in order, and whether each tag stands there."""
    is_top = _tops(vocabulary)
    names = fold("\n".join(vocabulary.names)).split("\n") if len(vocabulary) else []
    return sorted((names[tag], tag) for tag in np.flatnonzero(is_top).tolist()), is_top


def _tops(vocabulary: Vocabulary) -> NDArray[np.bool_]:
    """(n,): which tags stand at the top."""
    active = vocabulary.active
    tags, broader = vocabulary.links("broader")
    both = active[tags] & active[broader]
    tags, broader = tags[both], broader[both]
    is_top = active.copy()
    is_top[tags] = False
    if len(tags):
        for tag in _lost(is_top, active, tags, broader):
            is_top[tag] = True
    return is_top


def _lost(is_top: NDArray[np.bool_], active: NDArray[np.bool_], tags: Ints, broader: Ints) -> Iterator[int]:
    """The first tag of each circle that nothing from the top leads to."""
    reached, n = is_top.copy(), len(is_top)
    down = sp.csr_matrix((np.ones(len(tags), dtype=np.bool_), (broader, tags)), shape=(n, n))
    waiting = np.flatnonzero(reached)
    while len(waiting):
        found = np.unique(down[waiting].indices)
        waiting = found[~reached[found]]
        reached[waiting] = True
    lost = np.flatnonzero(active & ~reached)
    if len(lost) == 0:
        return
    _, circles = connected_components(down[lost][:, lost], connection="strong")
    inner = down[lost][:, lost].tocoo()
    entered = np.zeros(circles.max() + 1, dtype=np.bool_)
    entered[circles[inner.col[circles[inner.row] != circles[inner.col]]]] = True
    _, firsts = np.unique(circles, return_index=True)
    yield from lost[firsts[~entered]].tolist()
