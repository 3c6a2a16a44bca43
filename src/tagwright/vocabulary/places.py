"""Where an id stands: looked for in the text at first, in a dictionary once many are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Self

from tagwright.vocabulary.strings import Strings

# To make a dictionary of a million ids takes a second, to look one up in their text five milliseconds.
_MANY, _FEW = 50_000, 32


class Places:
    """The positions of ids; versions that follow one another share what they know of the first."""

    def __init__(self, ids: Strings) -> None:
        self._base = _Base(ids)
        self._n = len(ids)
        self._more: Mapping[str, int] = {}

    def find(self, id: str) -> int:
        """The position of an id, -1 where it has none."""
        place = self._more.get(id, -1)
        return place if place >= 0 else self._base.find(id)

    def followed_by(self, ids: Iterable[str]) -> Self:
        """These and then the other ones, all of them new."""
        made = object.__new__(type(self))
        made._base = self._base
        made._more = {**self._more, **{id: place for place, id in enumerate(ids, self._n)}}
        made._n = made._base.n + len(made._more)
        return made


class _Base:
    def __init__(self, ids: Strings) -> None:
        self.n = len(ids)
        self._ids, self._sought = ids, 0
        self._places: dict[str, int] | None = None

    def find(self, id: str) -> int:
        if self._places is None and self.n > _MANY and self._sought < _FEW:
            self._sought += 1
            return self._ids.place(id)
        if self._places is None:
            self._places = {id: place for place, id in enumerate(self._ids)}
        return self._places.get(id, -1)
