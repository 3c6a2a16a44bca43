"""From the tags that a source writes down to the ids of a vocabulary."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tagwright.corpus.reader import TagReference

# Commas are left alone: "Administration, Topical" is one subject heading.
_SEPARATORS = re.compile(r"[;|\t\n]")
_ADDRESS = re.compile(r"<[^<>]*>|(?:\w+://|urn:|info:)[^\s;|]+")


def split_tags(cell: str, separator: str = "") -> tuple[str, ...]:
    """The tags that one cell holds, in order.

    They are cut at ``separator``; without one at ``;``, ``|``, tab and line end, or at blanks where the cell holds
    nothing but addresses ("<https://…> urn:…"). Angle brackets around an address go.
    """
    if separator:
        pieces = cell.split(separator)
    elif all(_ADDRESS.fullmatch(word) for word in cell.split()):
        pieces = cell.split()
    else:
        pieces = _SEPARATORS.split(cell)
    return tuple(bare(piece.strip()) for piece in pieces if piece.strip())


def bare(address: str) -> str:
    """The address without angle brackets around it."""
    return address[1:-1] if address.startswith("<") and address.endswith(">") else address


@dataclass(frozen=True)
class TagLookup:
    """Finds the id of each tag that a source names.

    ``known`` says whether the vocabulary has an id (``None``: no vocabulary at hand, ids are taken as they stand).
    ``label_to_id`` finds a tag by its name. ``prefixes`` rewrites the beginning of ids,
    ``{"(DE-588)": "https://d-nb.info/gnd/"}``; the rewritten id is tried before the written one.
    """

    known: Callable[[str], bool] | None = None
    label_to_id: Callable[[str], str | None] | None = None
    prefixes: Mapping[str, str] = field(default_factory=dict)

    def find(self, tags: Iterable[str | TagReference]) -> tuple[tuple[str, ...], list[str]]:
        """Ids without repeats in the order of the source, and what could not be found."""
        found: dict[str, None] = {}
        missing: list[str] = []
        for tag in tags:
            tag_id = self._id(tag)
            if tag_id is None:
                missing.append(str(tag))
            else:
                found[tag_id] = None
        return tuple(found), missing

    def _id(self, tag: str | TagReference) -> str | None:
        if isinstance(tag, str):
            # A spreadsheet may hold ids or names in its column; an id goes first.
            tag = TagReference((tag,), tag)
        for tag_id in self._written(tag.ids):
            if self.known is None or self.known(tag_id):
                return tag_id
        return self.label_to_id(tag.name) if self.label_to_id is not None and tag.name else None

    def _written(self, ids: tuple[str, ...]) -> Iterator[str]:
        for tag_id in ids if self.prefixes else ():
            for old, new in self.prefixes.items():
                if tag_id.startswith(old):
                    yield new + tag_id[len(old) :]
        yield from ids
