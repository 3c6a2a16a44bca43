"""What is shown of one tag: what it is called and means, where it stands, how it is used, what was last done to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tagwright.project import Project
from tagwright.store.base import GrowthRow
from tagwright.store.codec import tag_from_plain
from tagwright.types import Tag
from tagwright.vocabulary import Vocabulary
from tagwright.web.rows import Link, link_to, way_to

# So many of each are shown; what is more is counted.
_AROUND, _PATHS, _EXAMPLES = 30, 4, 6


@dataclass(frozen=True, slots=True)
class Called:
    """What a tag is called in one language; "" = not stated."""

    language: str
    name: str
    synonyms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What was last done to a tag here: ``kind`` added, synonym or changed; ``rows`` take it back."""

    kind: str
    said: str
    day: str
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One tag; ``texts`` are its descriptions as (language, text), that in the reader's language first.

    ``beside``: the other tags below its first broader one.
    """

    tag: Tag
    called: tuple[Called, ...]
    texts: tuple[tuple[str, str], ...]
    paths: tuple[tuple[Link, ...], ...]
    broader: tuple[Link, ...]
    narrower: tuple[Link, ...]
    n_narrower: int
    beside: tuple[Link, ...]
    n_beside: int
    related: tuple[Link, ...]
    n_related: int
    successors: tuple[Link, ...]
    change: Change | None


@dataclass(frozen=True, slots=True)
class Example:
    """A document that carries a tag; ``here``: that was decided in this project, and not learned at its beginning."""

    id: str
    title: str
    here: bool


@dataclass(frozen=True, slots=True)
class Use:
    """How many documents with a tag were learned from (``None``: the project remembers no documents), and some."""

    n: int | None
    examples: tuple[Example, ...] = ()


def card_of(vocabulary: Vocabulary, position: int, rows: Sequence[GrowthRow], language: str) -> Card:
    """The tag at a position for a reader of that language; ``rows``: what the growth log says of it, newest first."""
    tag = vocabulary.tag(position)
    broader, narrower = vocabulary.broader(position).tolist(), vocabulary.narrower(position).tolist()
    narrower = _listed(vocabulary, narrower)
    beside = _listed(vocabulary, [one for up in broader[:1] for one in vocabulary.narrower(up).tolist()])
    beside = [one for one in beside if one != position]
    related = vocabulary.related(position).tolist()
    successors = (vocabulary.find(id) for id in tag.replaced_by)
    return Card(
        tag=tag, called=_called(tag, vocabulary.language, language),
        texts=tuple(sorted(tag.descriptions.items(), key=lambda one: (one[0] != language, one[0]))),
        paths=tuple(way_to(vocabulary, step) for step in broader[:_PATHS]), broader=_links(vocabulary, broader),
        narrower=_links(vocabulary, narrower[:_AROUND]), n_narrower=len(narrower),
        beside=_links(vocabulary, beside[:_AROUND]), n_beside=len(beside),
        related=_links(vocabulary, related[:_AROUND]), n_related=len(related),
        successors=_links(vocabulary, [place for place in successors if place >= 0]),
        change=change_of(rows, is_new=position >= len(vocabulary.origin[0])),
    )  # fmt: skip


def use_of(project: Project, position: int) -> Use:
    """How the tag is used in the documents learned from; to be called with the project borrowed."""
    shelf = project.tagger.assembly.shelf
    if shelf is None:
        return Use(None)
    rows = shelf.carriers(position)
    start = len(shelf.base.ids)
    found = [(row >= start, *shelf.label(row)) for row in rows[:_EXAMPLES].tolist()]
    return Use(len(rows), tuple(Example(id, title, here) for here, id, title in found))


def change_of(rows: Sequence[GrowthRow], *, is_new: bool) -> Change | None:
    """What the rows of a tag that stand, newest first, last did to it; ``is_new``: they brought the tag itself."""
    taken = []
    for row in rows:
        taken.append(row.seq)
        if row.before == row.payload:
            continue  # it says what stood there, and no more
        if row.before is None and not is_new:
            return None  # it says what the vocabulary says
        day = datetime.fromtimestamp(row.time, UTC).date().isoformat()
        return Change(*_did(row.before, row.tag), day, tuple(taken))
    return None


def _did(before: Mapping[str, object] | None, tag: Tag) -> tuple[str, str]:
    """(kind of change, what was added)."""
    if before is None:
        return "added", tag.name
    then = {name for names in tag_from_plain(before).synonyms.values() for name in names}
    more = [name for names in tag.synonyms.values() for name in names if name not in then]
    return ("synonym", ", ".join(more)) if more else ("changed", tag.name)


def _called(tag: Tag, shown: str, language: str) -> tuple[Called, ...]:
    codes = sorted({*tag.names, *tag.synonyms}, key=lambda code: (code != shown, code != language, code))
    return tuple(Called(code, tag.names.get(code, ""), tuple(tag.synonyms.get(code, ()))) for code in codes)


def _listed(vocabulary: Vocabulary, places: Sequence[int]) -> list[int]:
    """Those that are in use, by name."""
    return sorted((one for one in places if vocabulary.active[one]), key=lambda one: vocabulary.name(one).casefold())


def _links(vocabulary: Vocabulary, places: Sequence[int]) -> tuple[Link, ...]:
    return tuple(link_to(vocabulary, place) for place in places)
