"""The screen that tells how good the suggestions are: pictures, and every tag and document that was counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

import tagwright.evaluation.html.sections as sections
from tagwright.evaluation.html.words import percent
from tagwright.evaluation.kept import MEASURES, Run, Runs
from tagwright.feedback import Chosen
from tagwright.server.access import READ, Visit
from tagwright.server.house import visit
from tagwright.server.jobs import EVALUATE
from tagwright.server.problems import Problem
from tagwright.web.measured import KINDS, DocumentRow, Measured, Shelf, TagRow, title_of
from tagwright.web.rendering import Page, page, url

router = APIRouter(prefix="/p/{project}/quality", route_class=Page)

RunId = Annotated[str, Query(max_length=40)]
Number = Annotated[int, Query(ge=1, le=10**6)]
Text = Annotated[str, Query(max_length=200)]
PER_PAGE = 50
# So many documents of each kind are shown at once of a tag, before somebody asks for all.
_FIRST = 8
# So many rows of a picture's table; the CSV has all.
_ROWS = 50
# A difference in these stands on its tile.
TILES = ("microP", "microR", "microF1", "R@10")
PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("confidence", ("reliability", "calibration-by-band")),
    ("automation", ("coverage-accuracy", "cuts")),
    ("parts", ("bands", "languages", "tags")),
    ("sources", ("channels", "overlap")),
    ("mistakes", ("confusions", "co-occurrence")),
)
SORTS: Mapping[str, Callable[[TagRow], tuple[Any, ...]]] = {
    "gold": lambda one: (-one.gold, -one.given),
    "worst": lambda one: (one.f1, -one.gold - one.given),
    "best": lambda one: (-one.f1, -one.gold),
    "missed": lambda one: (one.right - one.gold,),
    "wrong": lambda one: (one.right - one.given,),
    "seen": lambda one: (-one.seen, -one.gold),
    "rare": lambda one: (one.seen, -one.gold),
    "name": lambda one: (one.name.casefold(),),
}
ORDERS: Mapping[str, Callable[[DocumentRow], tuple[Any, ...]]] = {
    "worst": lambda one: (one.f1, one.right - one.gold, one.row),
    "best": lambda one: (-one.f1, -one.right, one.row),
    "given": lambda one: (one.row,),
}
_shelf = Shelf()


class Looked:
    """What somebody looks at: one of the project's measurements, the newest where none is named."""

    def __init__(self, request: Request, project: str, run: str = "") -> None:
        self.visit: Visit = visit(request, project, READ)
        self.request = request
        self.runs = Runs(self.visit.served.folder)
        self.all: list[Run] = self.runs.all()
        chosen = next((one for one in self.all if one.id == run), None)
        if run and chosen is None:
            raise Problem(404, "this measurement is not kept any more")
        self.run = chosen or next(iter(self.all), None)

    @cached_property
    def measured(self) -> Measured:
        """The measurement; raises `Problem` where there is none."""
        if self.run is None:
            raise Problem(404, "nothing was measured yet")
        return _shelf.get(self.runs, self.run)

    def url(self, below: str = "", **asked: object) -> str:
        """An address below this screen, of this measurement where it is not the newest."""
        newest = not self.all or self.run is None or self.run.id == self.all[0].id
        run = "" if newest or self.run is None else self.run.id
        return url(self.visit.served.id, f"quality/{below}" if below else "quality", run=run, **asked)

    def id_of(self, number: int) -> str:
        """The id of a tag by its number, see `_number`."""
        ids = self.visit.served.vocabulary().ids
        return ids[number] if 0 <= number < len(ids) else self.measured.facts.name(number)

    def page(self, template: str, **about: Any) -> Response:
        """The template with what all of this screen's know."""
        return page(
            self.request, template, self.visit, run=self.run, runs=self.all, at=self.url, percent=percent,
            title_of=title_of, moment=_moment, id_of=self.id_of, **about,
        )  # fmt: skip


@router.get("")
def overview(request: Request, project: str, run: RunId = "", beside: RunId = "") -> Response:
    """Tell in short how good it is, and show the pictures."""
    here = Looked(request, project, run)
    job = _job(here)
    if here.run is None:
        return here.page("quality-none.html", job=job)
    facts = here.measured.facts
    other = _other(here, beside)
    found = {one.name: one for one in here.measured.pictures}
    return here.page(
        "quality.html", here="overview", metrics=facts.report.metrics, cut=facts.cut, promised=sections.promised(facts),
        given=int(facts.given.sum()), notes=sections.notes(facts), tiles=TILES, measures=MEASURES, other=other,
        compared=_shelf.compared(here.runs, here.run, other) if other else {}, job=job,
        parts=[(name, [found[one] for one in names]) for name, names in PARTS], n_rows=_ROWS,
        data=here.measured.drawings, changed=_changed(here),
    )  # fmt: skip


@router.get("/numbers")
def numbers(request: Request, project: str, picture: Annotated[str, Query(max_length=40)], run: RunId = "") -> Response:
    """Give the numbers of a picture as CSV."""
    here = Looked(request, project, run)
    found = next((one for one in here.measured.pictures if one.name == picture), None)
    if found is None or found.table is None:
        raise Problem(404, "there is no such picture")
    # The mark at the beginning tells spreadsheets that this is UTF-8.
    text = "\ufeff" + found.table.csv()
    headers = {"content-disposition": f'attachment; filename="{found.name}.csv"'}
    return Response(text.encode("utf-8", "replace"), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/tags")
def tags(
    request: Request, project: str, run: RunId = "", text: Text = "", sort: Text = "gold", page: Number = 1
) -> Response:
    """List the tags with how often each was right."""
    here = Looked(request, project, run)
    wanted = text.casefold().strip()
    rows = [one for one in here.measured.tags.values() if wanted in one.name.casefold()]
    shown = _Part(sorted(rows, key=SORTS.get(sort, SORTS["gold"])), page)
    asked = {"text": text, "sort": sort if sort in SORTS and sort != "gold" else ""}
    return here.page(
        "quality-tags.html", here="tags", shown=shown, text=text, sort=sort, sorts=list(SORTS), asked=asked
    )


@router.get("/tag")
def tag(
    request: Request, project: str, id: Annotated[str, Query(max_length=600)], run: RunId = "", kind: Text = "",
    page: Number = 1,
) -> Response:  # fmt: skip
    """Show one tag's documents: where it was right, wrong or missed."""
    here = Looked(request, project, run)
    if here.run is None:
        return here.page("quality-none.html", job=_job(here))
    number = _number(here, id)
    row = here.measured.tags.get(number)
    if row is None:
        at = here.visit.served.vocabulary().position(id)
        return here.page("quality-unmeasured.html", here="tags", id=id, name=here.visit.served.vocabulary().name(at))
    kinds = [kind] if kind in KINDS else KINDS
    found = {one: _Part(here.measured.of_tag(number, one), page, PER_PAGE if kind == one else _FIRST) for one in kinds}
    return here.page(
        "quality-tag.html", here="tags", row=row, id=id, found=found, kind=kind if kind in KINDS else "",
        documents=here.measured.documents,
    )  # fmt: skip


@router.get("/documents")
def documents(
    request: Request, project: str, run: RunId = "", text: Text = "", sort: Text = "worst", page: Number = 1
) -> Response:
    """List the documents that were measured, the worst first."""
    here = Looked(request, project, run)
    wanted = text.casefold().strip()
    rows = [one for one in here.measured.documents if wanted in one.title.casefold() or text.strip() == one.id]
    shown = _Part(sorted(rows, key=ORDERS.get(sort, ORDERS["worst"])), page)
    asked = {"text": text, "sort": sort if sort in ORDERS and sort != "worst" else ""}
    return here.page(
        "quality-documents.html", here="documents", shown=shown, text=text, sort=sort, sorts=list(ORDERS), asked=asked
    )


@router.get("/document")
def document(request: Request, project: str, row: Annotated[int, Query(ge=0, le=10**9)], run: RunId = "") -> Response:
    """Hold a document's suggestions against the tags that people gave it."""
    here = Looked(request, project, run)
    if row >= len(here.measured.documents):
        raise Problem(404, "there is no such document in this measurement")
    one = here.measured.documents[row]
    kept = here.visit.served.store.current(one.id) is not None
    return here.page(
        "quality-document.html", here="documents", one=one, judged=here.measured.of_document(row), kept=kept,
        name=here.measured.facts.name, n_below=_FIRST,
    )  # fmt: skip


class _Part:
    """A page of a list."""

    def __init__(self, rows: Sequence[Any], page: int, size: int = PER_PAGE) -> None:
        self.n, self.pages = len(rows), max(1, -(-len(rows) // size))
        self.page = min(page, self.pages)
        self.first = (self.page - 1) * size
        self.rows = rows[self.first : self.first + size]


def _other(here: Looked, beside: str) -> Run | None:
    """What the measurement is compared with: what was asked for, else the one before on the same documents, or any."""
    assert here.run is not None
    chosen = here.run
    others = [one for one in here.all if one.id != chosen.id]
    asked = next((one for one in others if one.id == beside), None)
    before = [one for one in others if (one.made, one.id) < (chosen.made, chosen.id)]
    same = next((one for one in before if one.gold == chosen.gold), None)
    return asked or same or next(iter(before), None)


def _changed(here: Looked) -> bool:
    """Whether the project was trained anew, or people have decided something, since this was measured."""
    assert here.run is not None
    modified = here.visit.served.state().modified
    if modified is not None and modified.timestamp() > here.run.made:
        return True
    return bool(here.visit.served.store.decisions.find(Chosen(since=here.run.made, limit=1)))


def _job(here: Looked) -> str:
    """The measurement that is being made just now, "" for none."""
    jobs = here.visit.served.store.jobs.all(limit=20)
    return next((one.id for one in jobs if one.kind == EVALUATE and not one.ended), "")


def _number(here: Looked, id: str) -> int:
    """The number by which the measurement knows a tag: its place, or that of a name that the vocabulary lacks."""
    place = here.visit.served.vocabulary().find(id)
    if place >= 0:
        return place
    outside = (one.tag for one in here.measured.tags.values() if one.tag < 0 and one.name == id)
    return next(outside, -1)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
