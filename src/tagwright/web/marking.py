"""A text cut where passages of it are quoted, so that a page can mark them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the text, and the ``tags`` for which it is quoted; none: it is not marked."""

    text: str
    tags: tuple[str, ...] = ()

    def quoted_for(self, tags: Collection[str]) -> bool:
        """Whether it is quoted for one of these."""
        return any(tag in tags for tag in self.tags)


def pieces(text: str, quoted: Iterable[tuple[int, int, str]]) -> list[Piece]:
    """The text in pieces, which together are the text; ``quoted``: (start, end, tag), in any order, overlapping or not.

    What lies outside of the text marks nothing.
    """
    spans = [(max(0, start), min(len(text), end), tag) for start, end, tag in quoted]
    spans = [span for span in spans if span[0] < span[1]]
    places = sorted({0, len(text), *(place for start, end, _ in spans for place in (start, end))})
    opening: dict[int, list[str]] = {}
    closing: dict[int, list[str]] = {}
    for start, end, tag in spans:
        opening.setdefault(start, []).append(tag)
        closing.setdefault(end, []).append(tag)
    found: list[Piece] = []
    open_tags: list[str] = []
    for start, end in pairwise(places):
        for tag in closing.get(start, ()):
            open_tags.remove(tag)
        open_tags += opening.get(start, ())
        found.append(Piece(text[start:end], tuple(dict.fromkeys(open_tags))))
    return found
