"""The vocabulary: all tags in lean columns, their positions for ever the same."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import tagwright.vocabulary.build as build
import tagwright.vocabulary.changes as changes
import tagwright.vocabulary.columns as columns
from tagwright.errors import UnknownTagError
from tagwright.types import Tag
from tagwright.vocabulary.changes import Changes
from tagwright.vocabulary.clean import clean
from tagwright.vocabulary.columns import Columns
from tagwright.vocabulary.links import BROADER, NARROWER, RELATED, RELATIONS, Ints
from tagwright.vocabulary.places import Known, Places
from tagwright.vocabulary.problems import Problem
from tagwright.vocabulary.strings import Picked
from tagwright.vocabulary.texts import DESCRIPTION, HIDDEN, NOTATION, PREFERRED, SYNONYM

__all__ = ["Changes", "Labels", "Vocabulary"]

# An error's hint may cost a moment, not seconds: difflib compares with so many ids at most.
_COMPARED = 5_000


@dataclass(frozen=True, eq=False)
class Labels:
    """Every label of every tag, in the order of the tags, a tag's shown name first.

    ``texts`` n_labels strings; ``tags`` (n_labels,) int32 positions; ``kinds`` (n_labels,) int8: 0 shown name,
    1 preferred name in another language, 2 synonym, 3 hidden label; ``languages`` codes and ``language_codes``
    (n_labels,) int16 numbers into them; "" = not stated.
    """

    texts: Sequence[str]
    tags: Ints
    kinds: NDArray[np.int8]
    languages: list[str]
    language_codes: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.tags)


class Vocabulary:
    """The tags of a vocabulary, n of them, numbered by position 0 to n-1.

    Nothing here is ever written to: `extended` and `updated` give a new vocabulary, in which every tag keeps its
    position. Make one with `open_vocabulary`, `from_tags` or `load`.
    """

    def __init__(self, columns: Columns, fingerprint: str = "") -> None:
        self._columns = columns
        self._fingerprint = fingerprint
        self._places = Places(Known(columns.ids))
        self._extends: tuple[Vocabulary, frozenset[int]] | None = None

    @classmethod
    def from_tags(cls, tags: Iterable[Tag], *, language: str | None = None) -> Vocabulary:
        """The vocabulary of these tags in their order; see `problems` for what had to be mended.

        ``language``: whose preferred names are shown; without it each tag's own ``name``.
        """
        return cls(build.build((("", tag) for tag in tags), language=language))

    @classmethod
    def load(cls, folder: Path | str) -> Vocabulary:
        """The vocabulary that `save` wrote, mapped from its files; raises `ProjectError` and `FormatError`."""
        return cls(*columns.load(Path(folder)))

    def save(self, folder: Path | str) -> None:
        """Writes text, npy and JSON files into ``folder``, which is made where it is absent."""
        columns.save(self._columns, Path(folder), self.fingerprint)

    def extended(self, tags: Iterable[Tag]) -> Vocabulary:
        """This vocabulary with more tags: an id that exists is replaced in place, new ones get the next positions."""
        more = build.build((("", tag) for tag in tags), shown=self.language)
        made = Vocabulary(changes.overlay(self._columns, more, self.find))
        made._places = self._places.followed_by(id for id in more.ids if self.find(id) < 0)
        made._extends = (self.origin[0], self.origin[1].union(map(made.find, more.ids)))
        return made

    def updated(self, other: Vocabulary) -> tuple[Vocabulary, Changes]:
        """This vocabulary as ``other`` has it, and what changed.

        Kept tags keep their positions, missing ones become deprecated, new ones are appended.
        """
        after, made = changes.update(self._columns, other._columns, self.find)
        return Vocabulary(after), made

    def __len__(self) -> int:
        return len(self._columns.deprecated)

    def __contains__(self, id: object) -> bool:
        return isinstance(id, str) and self.find(id) >= 0

    @property
    def origin(self) -> tuple[Vocabulary, frozenset[int]]:
        """The vocabulary that this was `extended` from at first, and the positions of tags that are new or changed."""
        return self._extends or (self, frozenset())

    @property
    def ids(self) -> Sequence[str]:
        """The ids of all tags, by position."""
        return self._columns.ids

    @cached_property
    def names(self) -> Sequence[str]:
        """The shown names of all tags, by position."""
        return Picked(self._columns.labels.texts, self._columns.labels.rows[:-1])

    @cached_property
    def descriptions(self) -> Sequence[str]:
        """The descriptions of all tags, by position: that in the shown name's language, else the first; "" = none."""
        return Picked(self._columns.notes.texts, self._first_notes(DESCRIPTION))

    @cached_property
    def notations(self) -> Sequence[str]:
        """The notations (class marks, codes) of all tags, by position; "" = none."""
        return Picked(self._columns.notes.texts, self._first_notes(NOTATION))

    @property
    def n_active(self) -> int:
        """How many tags can be suggested: all but the deprecated ones."""
        return int(self.active.sum())

    @cached_property
    def active(self) -> NDArray[np.bool_]:
        """(n,) bool: false = deprecated, never to be suggested."""
        return ~self._columns.deprecated

    @cached_property
    def labels(self) -> Labels:
        """Every label of every tag."""
        table = self._columns.labels
        return Labels(table.texts, table.tags, table.kinds, list(self._columns.languages), table.languages)

    @property
    def language(self) -> str:
        """The language of the shown names; "" = not stated."""
        return self._columns.language

    @cached_property
    def languages(self) -> list[str]:
        """The languages of the labels, that of most labels first; "" (not stated) is left out."""
        counts = np.bincount(self._columns.labels.languages, minlength=len(self._columns.languages))
        used = [(-int(count), code) for count, code in zip(counts, self._columns.languages, strict=True)]
        return [code for count, code in sorted(used) if count and code]

    @property
    def problems(self) -> list[Problem]:
        """What was mended or left out when the vocabulary was read."""
        return list(self._columns.problems)

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hexadecimal) of the content; the same for the same tags in the same order."""
        self._fingerprint = self._fingerprint or self._columns.fingerprint()
        return self._fingerprint

    def find(self, id: str) -> int:
        """The position of a tag, -1 where there is none with this id."""
        position = self._places.find(id)
        return self._places.find(clean(id)) if position < 0 and clean(id) != id else position

    def position(self, id: str) -> int:
        """The position of a tag; raises `UnknownTagError` with the nearest id."""
        position = self.find(id)
        if position < 0:
            raise UnknownTagError(f"the vocabulary has no tag {id!r}", hint=self._nearest(clean(id)))
        return position

    def named(self, label: str) -> int:
        """The position of the tag with this label, -1 where there is none or the label is that of several.

        Active tags go before deprecated ones, names before synonyms, synonyms before hidden labels.
        """
        return self._named.get(clean(label), -1)

    def positions(self, ids: Iterable[str], *, known_only: bool = False) -> Ints:
        """(n,) int32: the positions of these tags; an unknown id is left out (``known_only``) or raised."""
        find = self.find if known_only else self.position
        found = np.fromiter(map(find, ids), dtype=np.int32)
        return found[found >= 0] if known_only else found

    def tag(self, position: int) -> Tag:
        """The tag at a position, with everything that is known about it."""
        labels: list[dict[str, list[str]]] = [{}, {}, {}, {}]
        for kind, code, text in self._columns.labels.of(position):
            labels[kind].setdefault(self._columns.languages[code], []).append(text)
        names = {code: texts[0] for kind in (0, PREFERRED) for code, texts in labels[kind].items()}
        descriptions, notation = dict[str, str](), ""
        for kind, code, text in self._columns.notes.of(position):
            if kind == DESCRIPTION:
                descriptions[self._columns.languages[code]] = text
            else:
                notation = text
        return Tag(
            id=self.ids[position],
            name=self.name(position),
            names=names,
            synonyms={code: tuple(texts) for code, texts in labels[SYNONYM].items()},
            hidden={code: tuple(texts) for code, texts in labels[HIDDEN].items()},
            descriptions=descriptions,
            notation=notation,
            deprecated=bool(self._columns.deprecated[position]),
            **self._linked(position),
        )

    def name(self, position: int) -> str:
        """The shown name of a tag."""
        return self.names[position]

    def description(self, position: int) -> str:
        """The description of a tag; "" = none."""
        return self.descriptions[position]

    def broader(self, position: int) -> Ints:
        """(k,) int32: the tags that are directly broader."""
        return self._columns.links.of(position, BROADER)

    def narrower(self, position: int) -> Ints:
        """(k,) int32: the tags that are directly narrower."""
        return self._columns.links.of(position, NARROWER)

    def related(self, position: int) -> Ints:
        """(k,) int32: the tags that are related."""
        return self._columns.links.of(position, RELATED)

    def links(self, relation: str) -> tuple[Ints, Ints]:
        """(k,) and (k,) int32: all links of one relation of `links.RELATIONS`, tag and target."""
        return self._columns.links.pairs(RELATIONS.index(relation))

    def missing(self, relation: str) -> list[tuple[int, str]]:
        """(position, id) of each link of one relation that leads to an id which the vocabulary lacks."""
        table = self._columns.dangling.where(self._columns.dangling.kinds == RELATIONS.index(relation))
        return list(zip(table.tags.tolist(), table.texts, strict=True))

    def path(self, position: int) -> list[int]:
        """The way down to a tag: its topmost broader tag first, itself last; always the first broader, no cycles."""
        way = [position]
        while True:
            steps = [int(tag) for tag in self.broader(way[-1]) if int(tag) not in way]
            if not steps:
                return way[::-1]
            way.append(next((step for step in steps if self.active[step]), steps[0]))

    @cached_property
    def _named(self) -> dict[str, int]:
        labels = self.labels
        ranks = np.maximum(labels.kinds, PREFERRED) + (HIDDEN + 1) * ~self.active[labels.tags]
        named: dict[str, tuple[int, int]] = {}
        for text, tag, rank in zip(labels.texts, labels.tags.tolist(), ranks.tolist(), strict=True):
            best, bearer = named.get(text, (rank + 1, -1))
            if rank < best:
                named[text] = (rank, tag)
            elif rank == best and tag != bearer:
                named[text] = (rank, -1)
        return {text: tag for text, (_, tag) in named.items()}

    def _linked(self, position: int) -> dict[str, Any]:
        linked = {
            relation: tuple(self.ids[target] for target in self._columns.links.of(position, kind))
            for kind, relation in enumerate(RELATIONS)
        }
        for kind, _, id in self._columns.dangling.of(position):
            linked[RELATIONS[kind]] += (id,)
        return linked

    def _first_notes(self, kind: int) -> NDArray[np.int64]:
        """(n,): the row of each tag's note of this kind, -1 = none; the shown name's language before the others."""
        notes, labels = self._columns.notes, self._columns.labels
        rows = np.flatnonzero(notes.kinds == kind)
        tags = notes.tags[rows]
        shown = labels.languages[labels.rows[:-1]][tags] == notes.languages[rows]
        found = np.full(len(self), -1, dtype=np.int64)
        for chosen in (rows[::-1], rows[shown][::-1]):
            found[notes.tags[chosen]] = chosen
        return found

    def _nearest(self, id: str) -> str:
        """What an unknown id may have been meant for."""
        named = next((place for place, name in enumerate(self.names) if name == id), -1)
        if named >= 0:
            return f"{id!r} is the name of {self.ids[named]!r}"
        alike = [known for known in self.ids if abs(len(known) - len(id)) <= 2][:_COMPARED]
        close = difflib.get_close_matches(id, alike, n=1)
        return f"did you mean {close[0]!r}?" if close else "tagwright vocab search finds tags by name"
