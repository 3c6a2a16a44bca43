"""The screen of the vocabulary: a tree to leaf through, a search box, and a card for each tag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from tagwright.server.access import READ, REVIEW, Visit
from tagwright.server.house import visit
from tagwright.server.problems import Problem
from tagwright.store.wanted import Wanted
from tagwright.vocabulary import Hit, Vocabulary
from tagwright.vocabulary.outline import TOP, Entry, Outline, Slice
from tagwright.web.cards import card_of, use_of
from tagwright.web.rendering import Page, language_of, page
from tagwright.web.rows import Link, way_to

router = APIRouter(prefix="/p/{project}/vocabulary", route_class=Page)
# So many are found while somebody types, and of those that are called like a new tag.
_FOUND, _ALIKE = 30, 4
# A name that was found in this way is so near that a new tag should not be called so.
_NEAR = ("exact", "typo", "short typo")

Typed = Annotated[str, Query(max_length=1000)]
TagId = Annotated[str, Query(max_length=512)]
Place = Annotated[int, Query(ge=0)]


@dataclass(frozen=True, slots=True)
class Node:
    """A line of the tree: a tag (``id``), or a slice of a list (``low`` to ``high`` of what is below ``of``).

    ``n``: how many tags are directly below; ``nodes``: the lines below, where it is open.
    """

    name: str
    id: str = ""
    n: int = 0
    of: str = ""
    low: int = 0
    high: int = 0
    last: str = ""
    chosen: bool = False
    nodes: Sequence[Node] = field(default=())


@router.get("")
def screen(request: Request, project: str, q: Typed = "", id: TagId = "") -> Response:
    """Show the screen: what was found for ``q`` or the tree, opened where the tag ``id`` stands, and its card."""
    here = visit(request, project, READ)
    state = here.served.state()
    vocabulary = state.vocabulary
    about = {"card": None, **_list(here, q, id)}
    if id:
        about |= _card(request, here, id)
    return page(request, "vocabulary.html", here, id=id, vocabulary=vocabulary, state=state, **about)


@router.get("/found")
def found(request: Request, project: str, q: Typed = "", id: TagId = "") -> Response:
    """Show what is found; where nothing is asked for, the tree."""
    here = visit(request, project, READ)
    return page(request, "vocabulary-list.html", here, **_list(here, q, id))


@router.get("/below")
def below(request: Request, project: str, of: TagId = "", low: Place = 0, high: Place | None = None) -> Response:
    """Show the lines below a line of the tree."""
    here = visit(request, project, READ)
    outline = here.served.outline()
    entries = outline.below(outline.vocabulary.position(of) if of else TOP)
    end = len(entries) if high is None else min(high, len(entries))
    nodes = _lines(outline, entries, of, (min(low, end), end), ())
    return page(request, "vocabulary-nodes.html", here, nodes=nodes)


@router.get("/card")
def card(request: Request, project: str, id: TagId) -> Response:
    """Show a tag's card."""
    here = visit(request, project, READ)
    return page(request, "tag-card.html", here, **_card(request, here, id))


@router.get("/use")
def use(request: Request, project: str, id: TagId) -> Response:
    """Show how a tag is used: this waits for its turn at the project, so it comes after the card."""
    here = visit(request, project, READ)
    vocabulary = here.served.vocabulary()
    position = vocabulary.position(id)
    with here.served.using() as opened:
        found = use_of(opened, position)
    waits = here.served.queue.count(Wanted(tag=vocabulary.ids[position]))
    return page(request, "tag-use.html", here, use=found, waits=waits, id=vocabulary.ids[position])


@router.get("/alike")
def alike(request: Request, project: str, name: Typed = "") -> Response:
    """Show the tags that are called like one that somebody is about to add."""
    here = visit(request, project, READ)
    hits = here.served.search().find(name, limit=_ALIKE) if name.strip() else []
    near = [hit for hit in hits if hit.way in _NEAR]
    return page(request, "vocabulary-alike.html", here, hits=_ways(here.served.vocabulary(), near))


def _list(here: Visit, q: str, id: str) -> dict[str, Any]:
    """What stands in the list: hits, or the tree opened at a tag."""
    served = here.served
    if q.strip():
        hits = served.search().find(q, limit=_FOUND)
        return {"q": q, "hits": _ways(served.vocabulary(), hits), "nodes": None, "most": _FOUND}
    outline = served.outline()
    chosen = outline.vocabulary.find(id) if id else -1
    way = outline.way(chosen) if chosen >= 0 and outline.vocabulary.active[chosen] else []
    entries = outline.below(TOP)
    return {"q": "", "hits": None, "nodes": _lines(outline, entries, "", (0, len(entries)), way), "most": _FOUND}


def _lines(
    outline: Outline, entries: Sequence[Entry], of: str, part: tuple[int, int], way: Sequence[int]
) -> list[Node]:
    """The lines for a part of a list: its slices where it is long, else its tags; open along the ``way``."""
    low, high = part
    at = outline.place(entries, way[0]) if way else -1
    slices = outline.slices(entries, low, high)
    if slices:
        return [_slice(outline, entries, of, one, way if one.low <= at < one.high else ()) for one in slices]
    return [_tag(outline, tag, way if place == at else ()) for place, (_, tag) in enumerate(entries[low:high], low)]


def _slice(outline: Outline, entries: Sequence[Entry], of: str, one: Slice, way: Sequence[int]) -> Node:
    nodes = _lines(outline, entries, of, (one.low, one.high), way) if way else ()
    name, last = (one.letter, "") if one.letter else (one.first, one.last)
    return Node(name, n=len(one), of=of, low=one.low, high=one.high, last=last, nodes=nodes)


def _tag(outline: Outline, tag: int, way: Sequence[int]) -> Node:
    vocabulary, rest = outline.vocabulary, way[1:]
    nodes: Sequence[Node] = ()
    if rest:
        entries = outline.below(tag)
        nodes = _lines(outline, entries, vocabulary.ids[tag], (0, len(entries)), rest)
    is_chosen = len(way) == 1
    return Node(vocabulary.name(tag), vocabulary.ids[tag], outline.count(tag), chosen=is_chosen, nodes=nodes)


def _card(request: Request, here: Visit, id: str) -> dict[str, Any]:
    vocabulary = here.served.vocabulary()
    position = vocabulary.find(id)
    if position < 0:
        raise Problem(404, f"the vocabulary has no tag {id!r}")
    rows = here.served.store.tag_rows(vocabulary.ids[position])
    return {
        "card": card_of(vocabulary, position, rows, language_of(request)), "may": here.caller.allows(REVIEW),
        "languages_of_tags": list(dict.fromkeys([vocabulary.language, *vocabulary.languages])),
    }  # fmt: skip


def _ways(vocabulary: Vocabulary, hits: Sequence[Hit]) -> list[tuple[Hit, tuple[Link, ...], bool]]:
    """Each hit with the way down to it, and whether it can be suggested."""
    return [(hit, way_to(vocabulary, hit.position)[:-1], bool(vocabulary.active[hit.position])) for hit in hits]
