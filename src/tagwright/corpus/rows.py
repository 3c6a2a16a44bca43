"""Rows of CSV and TSV with the lines they begin on; a broken row does not swallow those after it."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from tagwright.corpus.reader import Broken
from tagwright.corpus.source import LONGEST, Source, decoded

# A row over more lines than this has a quote that nobody closed.
_MOST_LINES = 10_000


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row and the line on which it begins."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str
    fault: str


class _Feed:
    """Hands lines to the csv module and remembers those that the present row has taken."""

    def __init__(self, lines: Iterator[tuple[int, bytes]]) -> None:
        self._lines = lines
        self._waiting: deque[_Line] = deque()
        self._size = 0
        self.taken: list[_Line] = []

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= _MOST_LINES or self._size > LONGEST:
            raise csv.Error("a quote is never closed")
        line = self._waiting.popleft() if self._waiting else _line(*next(self._lines))
        self.taken.append(line)
        self._size += len(line.text)
        return line.text

    def begin(self) -> None:
        """A new row: nothing is taken yet."""
        self._size = 0
        self.taken.clear()

    def give_back(self) -> None:
        """Only the first line belongs to the row; the others are handed out again."""
        self._waiting.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


def rows(lines: Iterator[tuple[int, bytes]], delimiter: str) -> Iterator[Row | Broken]:
    """The rows in order, the header as the first; blank rows are passed over.

    Quoting is checked strictly: otherwise one stray quote would make one row of the rest of the file. Where it
    fails only the row's first line is lost, or, in a TSV, read without quotes, as most programs write it.
    """
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST))
    feed = _Feed(lines)
    table = csv.reader(feed, delimiter=delimiter, strict=True)
    width = 0
    while True:
        feed.begin()
        try:
            cells = next(table)
            fault = ""
        except StopIteration:
            return
        except csv.Error as error:
            cells, fault = [], f"not {'TSV' if delimiter == chr(9) else 'CSV'} ({error})"
        if delimiter == "\t" and width and _unquoted(feed.taken, width, bool(fault)):
            cells, fault = _cells(feed.taken[0]), ""
            feed.give_back()
        if fault:
            feed.give_back()
        fault = next((line.fault for line in feed.taken if line.fault), fault)
        width = width or len(cells)
        if fault:
            yield Broken(feed.taken[0].number, fault)
        elif any(cells):
            yield Row(feed.taken[0].number, cells)


def delimiter_of(source: Source) -> str:
    """What stands between the cells: a tab in a .tsv, else the most frequent of , ; tab | in the first line."""
    if source.suffix in {".tsv", ".tab"}:
        return "\t"
    _, header = next(iter(source.lines()), (0, b""))
    unquoted = b"".join(header.split(b'"')[::2])
    return max(",;\t|", key=lambda delimiter: unquoted.count(delimiter.encode()))


def _unquoted(taken: list[_Line], width: int, failed: bool) -> bool:
    """Whether these lines are rows without quoting: each has as many cells as the header."""
    if failed:
        return len(_cells(taken[0])) == width
    return len(taken) > 1 and all(len(_cells(line)) == width for line in taken)


def _cells(line: _Line) -> list[str]:
    return line.text.rstrip("\r\n").split("\t")


def _line(number: int, raw: bytes) -> _Line:
    try:
        return _Line(number, decoded(raw), "")
    except ValueError as error:
        # The csv module still has to see the line, or a quoted text over several lines would fall apart.
        text = raw[:LONGEST].decode("utf-8", "replace").replace("\0", " ")
        return _Line(number, text, str(error))
