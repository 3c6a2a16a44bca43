"""What people decide: recorded once and for good, learned from at once, taken back by person, time or document."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from tagwright.feedback import Chosen, Decision
from tagwright.server.access import ADMIN, READ, REVIEW, Visit
from tagwright.server.api.strict import Strict
from tagwright.server.house import house_of, visit
from tagwright.server.problems import Problem
from tagwright.server.records import CheckOut, DecisionIn, DecisionOut, DecisionsIn, DecisionsOut, GuardOut, RevertIn

router = APIRouter(prefix="/projects/{project}/decisions", tags=["decisions"], route_class=Strict)

Text = Annotated[str | None, Query(max_length=512)]
Seconds = Annotated[float | None, Query(ge=0, le=1e12, description="Seconds since 1970.")]
Limit = Annotated[int, Query(ge=1, le=1000)]
After = Annotated[int, Query(ge=0, le=2**53, description="Only those with a higher number.")]


@router.post("", status_code=201)
def decide(request: Request, project: str, given: DecisionsIn) -> DecisionsOut:
    """Record decisions; when the answer comes they are safe, and the next request knows them.

    A decision with an id that was recorded before is answered as then, so whoever got no answer sends it again.
    """
    here = visit(request, project, REVIEW)
    decisions = [_decision(here, one) for one in given.decisions]
    documents = [one.document() for one in given.documents]
    recorded = here.served.feedback.submit(decisions, here.served.vocabulary(), documents)
    house_of(request).metrics.decisions.labels(here.served.id).inc(len(recorded))
    return _told(recorded)


@router.get("")
def listed(
    request: Request, project: str, document: Text = None, tag: Text = None, person: Text = None,
    since: Seconds = None, until: Seconds = None, after: After = 0, conflicts: bool = False, limit: Limit = 100,
) -> DecisionsOut:  # fmt: skip
    """List decisions in their order, those that take others back included."""
    chosen = Chosen(document, tag, person, since, until, after=after, conflicts=conflicts, limit=limit)
    return _told(visit(request, project, READ).served.store.decisions.find(chosen))


@router.post("/revert", status_code=201)
def revert(request: Request, project: str, given: RevertIn) -> DecisionsOut:
    """Take decisions back: the documents are as if they had never been made. A reviewer takes back only his own."""
    here = visit(request, project, REVIEW)
    chosen = Chosen(given.document, given.tag, given.person, given.since, given.until, given.numbers, given.ids)
    if chosen.anything:
        raise Problem(422, "it is not said which decisions to take back", hint="name a person, a time, a document, …")
    if here.caller.key and not here.caller.allows(ADMIN):
        if given.person not in (None, here.caller.name):
            raise Problem(403, f"this key takes back what {here.caller.name!r} decided, nobody else's")
        chosen = replace(chosen, person=here.caller.name)
    return _told(here.served.feedback.revert(chosen, person=here.caller.name, reason=given.reason))


@router.get("/check")
def guard(request: Request, project: str) -> GuardOut:
    """Tell what the decisions did to the quality, and whether the newest are held back for it."""
    checks = visit(request, project, READ).served.store.checks
    return GuardOut(held=checks.held(), checks=[CheckOut.model_validate(one) for one in checks.all()[-100:]])


@router.post("/back", status_code=201)
def back(request: Request, project: str) -> DecisionsOut:
    """Take back everything since the quality fell; nothing is held back any more."""
    here = visit(request, project, ADMIN)
    return _told(here.served.feedback.back(person=here.caller.name))


@router.post("/trust", status_code=204)
def trust(request: Request, project: str) -> Response:
    """Use what is held back, whatever it did to the quality."""
    visit(request, project, ADMIN).served.feedback.trust()
    return Response(status_code=204)


def _decision(here: Visit, one: DecisionIn) -> Decision:
    return Decision(
        one.document, one.tag, one.verdict, here.person(one.person), one.reason, one.machine, one.seen, one.id
    )


def _told(decisions: list[Decision]) -> DecisionsOut:
    return DecisionsOut(decisions=[DecisionOut.of(one) for one in decisions])
