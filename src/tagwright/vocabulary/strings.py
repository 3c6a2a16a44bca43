"""Lists of strings that cost their bytes and no more: one UTF-8 text, a line each, decoded when asked for."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray

_NEWLINE = 10
_CHUNK = 1 << 16


class Strings(Sequence[str]):
    """An immutable list of strings without line breaks.

    ``text`` is (n_bytes,) uint8: the strings in UTF-8, each ended by a line feed; it may be a mapped file.
    """

    def __init__(self, text: NDArray[np.uint8]) -> None:
        self.text = text

    @classmethod
    def of(cls, strings: Iterable[str]) -> Strings:
        """The list of these strings; none may hold a line feed."""
        return cls(np.frombuffer("".join(f"{string}\n" for string in strings).encode(), dtype=np.uint8))

    @classmethod
    def open(cls, path: Path) -> Strings:
        """The lines of a file that `write` made, mapped into memory."""
        if path.stat().st_size == 0:
            return cls(np.empty(0, dtype=np.uint8))
        with path.open("rb") as file:
            return cls(np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), dtype=np.uint8))

    def __len__(self) -> int:
        return len(self._bounds) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            return self._lines(start, stop) if step == 1 else [self[place] for place in range(start, stop, step)]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"string {index} of {len(self)}")
        return bytes(self.text[self._bounds[place] : self._bounds[place + 1] - 1]).decode()

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _CHUNK):
            yield from self._lines(start, min(start + _CHUNK, len(self)))

    def place(self, string: str) -> int:
        """The place of a string, -1 where it is not there: a search through the text, milliseconds a million."""
        if "\n" in string:
            return -1
        text, line = bytes(self.text), string.encode(errors="surrogatepass") + b"\n"
        start = 0 if text.startswith(line) else text.find(b"\n" + line) + 1
        return int(np.searchsorted(self._bounds, start)) if text.startswith(line, start) else -1

    def take(self, places: NDArray[np.integer]) -> Strings:
        """The strings at ``places`` (n,), in that order; neighbours are copied in one piece."""
        if len(places) == 0:
            return Strings(np.empty(0, dtype=np.uint8))
        breaks = np.flatnonzero(np.diff(places) != 1)
        starts = self._bounds[places[np.concatenate([[0], breaks + 1])]]
        stops = self._bounds[places[np.concatenate([breaks, [len(places) - 1]])] + 1]
        pieces = [self.text[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]
        return Strings(np.concatenate(pieces))

    def followed_by(self, other: Strings) -> Strings:
        """This list and then the other one."""
        return Strings(np.concatenate([self.text, other.text]))

    @cached_property
    def _bounds(self) -> NDArray[np.int64]:
        """(n+1,): where each string begins; it ends one byte (the line feed) before the next one."""
        return np.concatenate([[0], np.flatnonzero(self.text == _NEWLINE) + 1])

    def _lines(self, start: int, stop: int) -> list[str]:
        if stop <= start:
            return []
        return bytes(self.text[self._bounds[start] : self._bounds[stop] - 1]).decode().split("\n")


class Picked(Sequence[str]):
    """Some strings of a list in an order of its own; a place of -1 gives ""."""

    def __init__(self, strings: Strings, places: NDArray[np.integer]) -> None:
        self._strings = strings
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return list(Picked(self._strings, self._places[index]))
        place = int(self._places[index])
        return self._strings[place] if place >= 0 else ""

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _CHUNK):
            places = self._places[start : start + _CHUNK]
            found = iter(self._strings.take(places[places >= 0]))
            yield from (next(found) if place >= 0 else "" for place in places)
