"""Long work: many documents tagged into a file, or measured, one job at a time, to be cancelled and resumed."""

from __future__ import annotations

import re
import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse

from tagwright.server.access import READ, REVIEW, Visit
from tagwright.server.api.about import LINES, NDJSON, NDJSON_BODY
from tagwright.server.api.strict import Strict
from tagwright.server.house import house_of, visit
from tagwright.server.jobs import EVALUATE, Files
from tagwright.server.models import Share
from tagwright.server.problems import Problem
from tagwright.server.records import EvaluationOut, EvaluationsOut, JobOut, JobsOut, moment
from tagwright.store.jobs import DONE, Job

router = APIRouter(prefix="/projects/{project}", tags=["jobs"], route_class=Strict)

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
Kind = Annotated[Literal["tag", "evaluate"], Query(description="Tag the documents, or measure how well that is done.")]
OwnId = Annotated[
    str | None,
    Query(pattern=f"^{_ID.pattern}$", description="Chosen by the client: sent again, it begins nothing new."),
]
K = Annotated[int, Query(ge=1, le=1000, description="How many tags a document at most.")]


@router.post("/jobs", status_code=202, openapi_extra=NDJSON_BODY)
async def begin(
    request: Request, project: str, kind: Kind = "tag", k: K = 10, min_confidence: Share = 0.0, id: OwnId = None
) -> JobOut:
    """Begin a job for documents that are sent as JSON lines."""
    here = await run_in_threadpool(visit, request, project, REVIEW)
    lines = await request.body()
    return await run_in_threadpool(
        _begin, request, here, lines, Job(kind, _options(kind, k, min_confidence), id=id or "")
    )


@router.get("/jobs")
def listed(request: Request, project: str, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> JobsOut:
    """List the newest jobs, the newest first."""
    here = visit(request, project, READ)
    return JobsOut(jobs=[JobOut.of(job) for job in here.served.store.jobs.all(limit=limit)])


@router.get("/jobs/{job}")
def one(request: Request, project: str, job: str) -> JobOut:
    """Tell how far a job is."""
    return JobOut.of(_job(visit(request, project, READ), job))


@router.get("/jobs/{job}/result", response_class=Response, responses=NDJSON)
def result(request: Request, project: str, job: str) -> FileResponse:
    """Give the rows of a finished job that tagged documents, as JSON lines."""
    here = visit(request, project, READ)
    found = _job(here, job)
    path = Files(here.served.folder, found.id).result
    if found.state != DONE or not path.is_file():
        raise Problem(409, f"the job is {found.state}: there is no result of it to be had")
    return FileResponse(path, media_type=LINES)


@router.post("/jobs/{job}/cancel")
def cancel(request: Request, project: str, job: str) -> JobOut:
    """Cancel a job; what is done stays, for it to be resumed."""
    here = visit(request, project, REVIEW)
    return JobOut.of(here.served.store.jobs.cancel(_job(here, job).id) or _job(here, job))


@router.post("/jobs/{job}/resume")
def resume(request: Request, project: str, job: str) -> JobOut:
    """Go on with a job that was cancelled or failed."""
    here = visit(request, project, REVIEW)
    found = here.served.store.jobs.resume(_job(here, job).id)
    house_of(request).wake(here.served)
    return JobOut.of(found or _job(here, job))


@router.get("/evaluations")
def evaluations(request: Request, project: str) -> EvaluationsOut:
    """List what jobs of the kind "evaluate" have measured, the newest first."""
    jobs = visit(request, project, READ).served.store.jobs.all(limit=1000)
    return EvaluationsOut(
        evaluations=[
            EvaluationOut(
                job=job.id, ended=moment(job.ended), measures=job.result["measures"], documents=job.result["documents"]
            )
            for job in jobs
            if job.kind == EVALUATE and job.state == DONE
        ]
    )


@router.get("/evaluations/{job}", response_class=Response, responses={200: {"content": {"application/json": {}}}})
def evaluation(request: Request, project: str, job: str) -> FileResponse:
    """Give the whole report of one measurement, as ``tagwright eval -o`` writes it."""
    here = visit(request, project, READ)
    path = Files(here.served.folder, _job(here, job).id).report
    if not path.is_file():
        raise Problem(404, f"the job {job!r} has no report")
    return FileResponse(path, media_type="application/json")


def _begin(request: Request, here: Visit, lines: bytes, asked: Job) -> JobOut:
    jobs, id = here.served.store.jobs, asked.id or uuid.uuid4().hex
    known = jobs.find(id)
    if known is None:
        number = sum(1 for line in lines.splitlines() if line.strip())
        if not number:
            raise Problem(422, "there is no document in the request", hint="send a line of JSON for each document")
        Files(here.served.folder, id).keep(lines)
        known = jobs.add(asked.kind, asked.options, person=here.caller.name, id=id)
        jobs.progress(id, 0, number)
        house_of(request).wake(here.served)
    elif (known.kind, dict(known.options)) != (asked.kind, dict(asked.options)):
        raise Problem(409, f"the id {id!r} is that of another job", hint="choose another id")
    return JobOut.of(jobs.find(id) or known)


def _options(kind: str, k: int, min_confidence: float) -> dict[str, int | float]:
    return {"k": k} if kind == EVALUATE else {"k": k, "min_confidence": min_confidence}


def _job(here: Visit, id: str) -> Job:
    """The job; its id is part of file names, so nothing else than an id gets near them."""
    found = here.served.store.jobs.find(id) if _ID.fullmatch(id) else None
    if found is None:
        raise Problem(404, f"there is no job {id[:100]!r}")
    return found
