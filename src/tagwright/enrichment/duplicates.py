"""Finds texts that nearly say the same, however many there are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from math import ceil

from tagwright.text.function_words import BY_LANGUAGE

# Of the texts of SEP-MLDC's Table 7 the pair that is wrong shares 0.88, and no other one more than 0.07.
ALIKE = 0.7
# Scripts without spaces: there each character stands for a word.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_FUNCTION = frozenset(word for words in BY_LANGUAGE.values() for word in words.split())
# So few texts are not worth a new order of the shingles.
_FEW = 256

Shingle = tuple[str, ...]


def shingles(text: str, size: int = 2) -> frozenset[Shingle]:
    """The runs of ``size`` words of a text, without function words: what all texts of a kind say counts little then.

    A text of fewer words is one run; one of function words alone keeps them; one without words has none.
    """
    words = contents(text)
    if len(words) <= size:
        return frozenset([tuple(words)] if words else [])
    return frozenset(zip(*(words[start:] for start in range(size)), strict=False))


def contents(text: str) -> list[str]:
    """The words of a text without function words, in lower case; all of them where it has no others."""
    every = _WORD.findall(text.casefold())
    return [word for word in every if word not in _FUNCTION] or every


def jaccard(one: frozenset[Shingle], other: frozenset[Shingle]) -> float:
    """What two sets share of all they have, 0 to 1; two empty ones share nothing."""
    both = len(one & other)
    return both / (len(one) + len(other) - both) if both else 0.0


@dataclass
class NearDuplicates:
    """Texts by their owners; `find` gives the owner of a text that is like a given one by ``alike`` or more.

    Likeness is the exact Jaccard index of `shingles`. An inverted index holds of each text only its rarest shingles:
    two sets that share enough have one of those in common (the prefix filter of Bayardo et al., "Scaling Up All Pairs
    Similarity Search", 2007), so that 100,000 texts of one pattern are no trouble. Which shingles are rare is learned
    anew whenever the number of texts has doubled.
    """

    alike: float = ALIKE
    _sets: list[tuple[Hashable, frozenset[Shingle]]] = field(default_factory=list, init=False, repr=False)
    _places: dict[Shingle, list[int]] = field(default_factory=dict, init=False, repr=False)
    _often: Counter[Shingle] = field(default_factory=Counter, init=False, repr=False)
    _ordered_at: int = field(default=_FEW, init=False, repr=False)

    def __post_init__(self) -> None:
        if not 0 < self.alike <= 1:
            raise ValueError(f"alike is {self.alike}, but must lie above 0 and be 1 at most")

    def __len__(self) -> int:
        return len(self._sets)

    def add(self, owner: Hashable, text: str) -> None:
        """The text is one of those that are found from now on; one without words is none."""
        said = shingles(text)
        if not said:
            return
        self._sets.append((owner, said))
        if len(self._sets) >= 2 * self._ordered_at:
            self._order_anew()
        else:
            self._index(len(self._sets) - 1)

    def extend(self, texts: Iterable[tuple[Hashable, str]]) -> None:
        """The same for many (owner, text)."""
        for owner, text in texts:
            self.add(owner, text)

    def find(self, text: str, owner: Hashable = None) -> tuple[Hashable, float] | None:
        """(owner, likeness) of the text that is most like this one, of another owner than ``owner``; ties: the first.

        ``None`` where none is like it.
        """
        said = shingles(text)
        near = {place for shingle in self._rarest(said) for place in self._places.get(shingle, ())}
        best: tuple[Hashable, float] | None = None
        for place in sorted(near):
            other, its = self._sets[place]
            if other == owner or not self._may(len(said), len(its)):
                continue
            likeness = jaccard(said, its)
            if likeness >= self.alike and (best is None or likeness > best[1]):
                best = other, likeness
        return best

    def _may(self, one: int, other: int) -> bool:
        """Whether sets of these sizes can be alike."""
        return min(one, other) >= self.alike * max(one, other) - 1e-9

    def _rarest(self, said: frozenset[Shingle]) -> list[Shingle]:
        """So many of the rarest shingles that any set which is alike has one of them among its own rarest."""
        order = sorted(said, key=lambda shingle: (self._often[shingle], shingle))
        return order[: len(said) - ceil(self.alike * len(said) - 1e-9) + 1]

    def _index(self, place: int) -> None:
        for shingle in self._rarest(self._sets[place][1]):
            self._places.setdefault(shingle, []).append(place)

    def _order_anew(self) -> None:
        self._often = Counter(shingle for _, said in self._sets for shingle in said)
        self._ordered_at = len(self._sets)
        self._places = {}
        for place in range(len(self._sets)):
            self._index(place)
