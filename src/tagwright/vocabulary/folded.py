"""Texts folded for finding: by beginning, by words and pieces of words, and with one typo."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from tagwright.vocabulary.strings import Strings
from tagwright.vocabulary.texts import offsets

Rows = NDArray[np.int32]

_MARKS = re.compile("[\u0300-\u036f.'’‘`´]+")
_GAPS = re.compile(r"[^\w\n+#&%]+|_+")
_EDGES = re.compile(r"^ +| +$", re.MULTILINE)
_NEWLINE = 10
_CHUNK = 1 << 16
# Sorts behind every character of a text.
_LAST = "\U0010ffff"


def fold(text: str) -> str:
    """The text without case, accents, dots and apostrophes, other punctuation as one blank; line by line."""
    plain = text.casefold()
    if not plain.isascii():
        plain = normalize("NFKD", plain)
    return _EDGES.sub("", _GAPS.sub(" ", _MARKS.sub("", plain)))


class Beginnings:
    """n texts, found by how they begin."""

    def __init__(self, texts: Strings) -> None:
        listed = list(texts)
        self._texts = texts
        self._order = np.array(sorted(range(len(listed)), key=listed.__getitem__), dtype=np.int32)

    def find(self, start: str) -> Rows:
        """(k,): the texts that begin with ``start``, in the order of the alphabet."""
        low = bisect_left(self._order, start, key=self._texts.__getitem__)
        high = bisect_left(self._order, start + _LAST, lo=low, key=self._texts.__getitem__)
        return self._order[low:high]


class Words:
    """n texts, found by their words; ``words`` are all of them, sorted."""

    def __init__(self, texts: Strings) -> None:
        numbers: dict[str, int] = {}
        rows, words = array("i"), array("i")
        for row, text in enumerate(texts):
            for word in text.split():
                words.append(numbers.setdefault(word, len(numbers)))
                rows.append(row)
        listed = sorted(numbers)
        places = np.empty(len(listed), dtype=np.int32)
        places[[numbers[word] for word in listed]] = np.arange(len(listed), dtype=np.int32)
        placed = places[np.array(words, dtype=np.int32)]
        self.words = Strings.of(listed)
        self._rows = np.array(rows, dtype=np.int32)[np.argsort(placed, kind="stable")]
        self._bounds = offsets(np.bincount(placed, minlength=len(listed)))
        self._joined = b"\n" + self.words.text.tobytes()
        self._breaks = np.flatnonzero(np.frombuffer(self._joined, dtype=np.uint8) == _NEWLINE)

    def beginning(self, start: str) -> Rows:
        """(k,) ascending: the texts that have a word which begins with ``start``."""
        low = bisect_left(self.words, start)
        high = bisect_left(self.words, start + _LAST, lo=low)
        return np.unique(self._rows[self._bounds[low] : self._bounds[high]])

    def holding(self, piece: str) -> Rows:
        """(k,) ascending: the texts that have a word which holds ``piece`` anywhere."""
        wanted = piece.encode()
        places: list[int] = []
        place = self._joined.find(wanted)
        while place >= 0:
            places.append(place)
            place = self._joined.find(wanted, place + 1)
        words = np.unique(np.searchsorted(self._breaks, places) - 1)
        rows = [self._rows[self._bounds[word] : self._bounds[word + 1]] for word in words.tolist()]
        return np.unique(np.concatenate(rows)) if rows else self._rows[:0]


class Typos:
    """n texts, compared with a text of one typo: a character wrong, missing, too many, or two exchanged.

    Characters are compared by their low bytes; the few accidental likenesses do no harm in a search.
    """

    def __init__(self, texts: Strings) -> None:
        codes, lengths = bytearray(), array("i")
        for start in range(0, len(texts), _CHUNK):
            chunk = texts[start : start + _CHUNK]
            lengths.extend(map(len, chunk))
            codes += "".join(chunk).encode("utf-32-le")[::4]
        sizes = np.array(lengths, dtype=np.int64)
        self._codes = np.frombuffer(codes, dtype=np.uint8)
        self._starts = np.cumsum(sizes) - sizes
        self._order = np.argsort(sizes, kind="stable").astype(np.int32)
        self._sizes = sizes[self._order]

    def near(self, text: str) -> Rows:
        """(k,): the texts that are ``text`` but for one typo, or equal to it."""
        wanted = np.frombuffer(text.encode("utf-32-le")[::4], dtype=np.uint8)
        return np.concatenate([self._near(wanted, len(wanted) + more) for more in (0, -1, 1)])

    def _near(self, wanted: NDArray[np.uint8], length: int) -> Rows:
        low, high = np.searchsorted(self._sizes, [length, length + 1])
        rows: Rows = self._order[low:high]
        if length < 1 or len(rows) == 0:
            return rows[:0]
        starts = self._starts[rows]
        # One typo in three characters or more leaves the first or the last as it is.
        alike = (self._codes[starts] == wanted[0]) | (self._codes[starts + length - 1] == wanted[-1]) | (length < 3)
        rows, starts = rows[alike], starts[alike]
        codes = self._codes[starts[:, None] + np.arange(length)]
        common = min(length, len(wanted))
        before = _run(codes[:, :common] == wanted[:common])
        behind = _run(codes[:, ::-1][:, :common] == wanted[::-1][:common])
        if length != len(wanted):
            return rows[before + behind >= common]
        near = before + behind >= length - 1
        swapped = np.flatnonzero(before + behind == length - 2)
        at = before[swapped]
        near[swapped[(codes[swapped, at] == wanted[at + 1]) & (codes[swapped, at + 1] == wanted[at])]] = True
        return rows[near]


def _run(equal: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(n,): how many of each row's values are true before the first false one."""
    padded = np.concatenate([equal, np.zeros((len(equal), 1), dtype=np.bool_)], axis=1)
    return np.asarray(padded.argmin(axis=1))
