"""Where an id stands: looked for in the text at first, in a dictionary once many are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tagwright.vocabulary.strings import Strings

# To make a dictionary of a million ids takes a second, to look one up in their text five milliseconds.
_MANY, _FEW = 50_000, 32


class Known:
    """The positions of the ids that a vocabulary was read with."""

    def __init__(self, ids: Strings) -> None:
        self.n = len(ids)
        self._ids, self._sought = ids, 0
        self._places: dict[str, int] | None = None

    def find(self, id: str) -> int:
        """The position of an id, -1 where it has none."""
        if self._places is None and self.n > _MANY and self._sought < _FEW:
            self._sought += 1
            return self._ids.place(id)
        if self._places is None:
            self._places = {id: place for place, id in enumerate(self._ids)}
        return self._places.get(id, -1)


@dataclass(frozen=True)
class Places:
    """The positions of ids: of those ``known`` from the first, which later versions share, and of ``more`` since."""

    known: Known
    more: Mapping[str, int] = field(default_factory=dict)

    def find(self, id: str) -> int:
        """The position of an id, -1 where it has none."""
        place = self.more.get(id, -1)
        return place if place >= 0 else self.known.find(id)

    def followed_by(self, ids: Iterable[str]) -> Places:
        """These and then the other ones, all of them new."""
        return Places(self.known, {**self.more, **{id: at for at, id in enumerate(ids, self.known.n + len(self.more))}})
