"""The tags: found by what people type, shown with all that is known, added and given more names at run time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request

from tagwright.project import Project
from tagwright.server.access import READ, REVIEW
from tagwright.server.api.strict import Strict
from tagwright.server.house import visit
from tagwright.server.models import HitOut, HitsOut, LinkOut, RowsIn, RowsOut, SynonymIn, TagIn, TagOut
from tagwright.server.problems import Problem
from tagwright.store.base import GrowthRow
from tagwright.store.codec import tag_from_plain
from tagwright.types import Tag
from tagwright.vocabulary import Vocabulary

router = APIRouter(prefix="/projects/{project}/vocabulary", tags=["vocabulary"], route_class=Strict)
_MOST_NAMES = 200  # of one tag and language

Typed = Annotated[
    str, Query(max_length=1000, examples=["eros"], description="A name, its beginning, a notation, an id.")
]
TagId = Annotated[str, Query(min_length=1, max_length=512, description="The tag's id.")]
Limit = Annotated[int, Query(ge=1, le=100)]


@router.get("/search")
def search(request: Request, project: str, query: Typed, limit: Limit = 10) -> HitsOut:
    """Find tags by what they are called; one typing error is forgiven."""
    found = visit(request, project, READ).served.search().find(query, limit=limit)
    return HitsOut(hits=[HitOut.model_validate(hit) for hit in found])


@router.get("/tag")
def card(request: Request, project: str, id: TagId) -> TagOut:
    """Show everything that is known of one tag."""
    return _card(visit(request, project, READ).served.vocabulary(), id)


@router.post("/tags", status_code=201)
def add(request: Request, project: str, given: TagIn) -> RowsOut:
    """Add a tag, or replace the one with its id; it is suggested from the next text on.

    One that is sent again is answered as before.
    """
    with visit(request, project, REVIEW).served.using() as opened:
        vocabulary = opened.vocabulary
        tag, position = _tag(given, vocabulary), vocabulary.find(given.id)
        if position >= 0 and vocabulary.active[position]:
            stands = opened.store.tag_rows(vocabulary.ids[position])[:1]
            if stands and stands[0].tag == vocabulary.extended([tag]).tag(position):
                return RowsOut(tag=given.id, rows=[stands[0].seq], replaced=stands[0].before is not None)
            if not given.replace:
                raise Problem(409, f"there is another tag with the id {given.id!r}: {vocabulary.name(position)}")
        rows = _added(opened, tag)
    return RowsOut(tag=given.id, rows=rows, replaced=position >= 0)


@router.post("/synonyms", status_code=201)
def add_synonym(request: Request, project: str, given: SynonymIn) -> RowsOut:
    """Give a tag one more name, which is matched in texts from now on; sent again, it is answered as before."""
    with visit(request, project, REVIEW).served.using() as opened:
        vocabulary = opened.vocabulary
        tag = vocabulary.tag(vocabulary.position(given.tag))
        language = vocabulary.language if given.language is None else given.language
        known = tag.synonyms.get(language, ())
        if len(known) >= _MOST_NAMES:
            raise Problem(409, f"{tag.id!r} has {len(known)} names in this language already")
        if given.synonym in known:
            return RowsOut(
                tag=tag.id, rows=_given_by(opened.store.tag_rows(tag.id), language, given.synonym), replaced=True
            )
        more = {**tag.synonyms, language: (*known, given.synonym)}
        rows = _added(opened, replace(tag, synonyms=more))
    return RowsOut(tag=tag.id, rows=rows, replaced=True)


@router.post("/revert")
def revert(request: Request, project: str, given: RowsIn) -> RowsOut:
    """Take back what was done to tags, by the numbers of its rows."""
    here = visit(request, project, REVIEW)
    known = {row.seq: row for row in here.served.store.read(min(given.rows) - 1)} if min(given.rows) else {}
    for number in given.rows:
        if number not in known or not known[number].kind.endswith("_tag"):
            raise Problem(404, f"the growth log has no row {number} about a tag")
    gone = _taken_back(known.values())
    with here.served.using() as opened:
        rows = opened.revert(number for number in given.rows if number not in gone)
    rows = sorted([*rows, *(gone[number] for number in given.rows if number in gone)])
    return RowsOut(tag=known[given.rows[0]].subject, rows=rows, replaced=True)


def _added(opened: Project, tag: Tag) -> list[int]:
    """The rows that add a tag; it is learned here and now, so that whoever tries a text next does not wait for that."""
    rows = opened.add_tags([tag])
    _ = opened.tagger
    return rows


def _taken_back(rows: Iterable[GrowthRow]) -> dict[int, int]:
    """{row that was taken back: the row that did it}, unless that was taken back itself."""
    found: dict[int, int] = {}
    for row in rows:
        if row.reverts is not None:
            found[row.reverts] = row.seq
    return {row: by for row, by in found.items() if by not in found}


def _given_by(rows: Sequence[GrowthRow], language: str, synonym: str) -> list[int]:
    """The row that gave the tag this name, where it is the last one that stands."""
    newest = rows[0] if rows else None
    if newest is None or newest.before is None or newest.kind != "add_tag":
        return []
    return [newest.seq] if synonym not in tag_from_plain(newest.before).synonyms.get(language, ()) else []


def _tag(given: TagIn, vocabulary: Vocabulary) -> Tag:
    language = vocabulary.language if given.language is None else given.language
    if any(len(names) > _MOST_NAMES for names in given.synonyms.values()):
        raise Problem(422, f"a tag has {_MOST_NAMES} names in a language at most")
    synonyms = {code: tuple(name for name in names if name.strip()) for code, names in given.synonyms.items()}
    return Tag(
        id=given.id, name=given.name, names={language: given.name}, synonyms=synonyms, notation=given.notation,
        descriptions=given.descriptions, broader=tuple(given.broader), related=tuple(given.related),
    )  # fmt: skip


def _card(vocabulary: Vocabulary, id: str) -> TagOut:
    position = vocabulary.position(id)
    tag = vocabulary.tag(position)
    path = [LinkOut(id=vocabulary.ids[step], name=vocabulary.name(step)) for step in vocabulary.path(position)]
    return TagOut(
        id=tag.id, name=tag.name, names=dict(tag.names), descriptions=dict(tag.descriptions), notation=tag.notation,
        synonyms={code: list(names) for code, names in tag.synonyms.items()}, path=path, deprecated=tag.deprecated,
        broader=_links(vocabulary, tag.broader), narrower=_links(vocabulary, tag.narrower),
        related=_links(vocabulary, tag.related), replaced_by=_links(vocabulary, tag.replaced_by),
    )  # fmt: skip


def _links(vocabulary: Vocabulary, ids: Sequence[str]) -> list[LinkOut]:
    places = [(id, vocabulary.find(id)) for id in ids]
    return [LinkOut(id=id, name=vocabulary.name(place) if place >= 0 else id) for id, place in places]
