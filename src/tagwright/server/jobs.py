"""Long work of one project, done one at a time by a thread of the server."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import tagwright.server.logs as logs
from tagwright.corpus import open_corpus
from tagwright.errors import OutputError, StoreError, TagwrightError
from tagwright.evaluation.kept import Runs
from tagwright.project import Project
from tagwright.server.background import Background
from tagwright.server.served import Served
from tagwright.store.jobs import CANCELLED, DONE, FAILED, Job

TAG, EVALUATE = "tag", "evaluate"
KINDS = (TAG, EVALUATE)
FOLDER = "jobs"
# How soon another machine notices that the owner of a job is dead, and how often somebody looks for new jobs.
_LEASE_SECONDS, _LOOK_SECONDS = 60.0, 2.0


@dataclass(frozen=True)
class Files:
    """Where a job's documents come from and its result goes, in the project's folder."""

    folder: Path
    job: str

    @property
    def documents(self) -> Path:
        """The documents, a line of JSON each."""
        return self.folder / FOLDER / f"{self.job}.jsonl"

    @property
    def result(self) -> Path:
        """The rows of a job that tags."""
        return self.folder / FOLDER / f"{self.job}.tagged.jsonl"

    @property
    def report(self) -> Path:
        """The report of a job that evaluates."""
        return self.folder / FOLDER / f"{self.job}.report.json"

    def keep(self, lines: bytes) -> None:
        """The documents are on the disk when this returns."""
        self.documents.parent.mkdir(exist_ok=True)
        temporary = self.documents.with_suffix(".partial")
        with temporary.open("wb") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.documents)


class _Ended(Exception):
    """The job is to end here: somebody cancelled it, or the server stops."""


class JobRunner(Background):
    """Takes the jobs of one project up, one after the other, whichever server they were asked of.

    A job has a `Project` of its own, so that it does not keep requests from answers. What is done stays done when it
    is cancelled or the process dies: it goes on there.
    """

    def __init__(self, served: Served) -> None:
        super().__init__(f"jobs {served.id}", _LOOK_SECONDS)
        self._served, self._jobs = served, served.store.jobs

    def work(self) -> bool:
        """Does one job; false where there is none, or another process is at one."""
        if not self._served.store.path.exists() or not any(self._open()):
            return False
        try:
            lease = self._served.store.claim("jobs", f"{socket.gethostname()}:{os.getpid()}", _LEASE_SECONDS)
        except StoreError:
            return False
        with lease:
            job = self._jobs.take()
            if job is not None:
                self._do(job)
        return job is not None

    def _open(self) -> list[Job]:
        return [job for job in self._jobs.all(limit=1000) if not job.ended]

    def _do(self, job: Job) -> None:
        logs.event("job begins", project=self._served.id, job=job.id, kind=job.kind)
        try:
            with Project.open(self._served.folder, overrides=self._served.overrides) as project:
                result = _WORK[job.kind](project, job, Files(self._served.folder, job.id), self._goes_on(job))
            self._jobs.finish(job.id, DONE, result=result)
        except _Ended:
            if self.stopping:
                return  # it stays "running", and whoever comes next goes on with it
            self._jobs.finish(job.id, CANCELLED)
        except TagwrightError as error:
            self._jobs.finish(job.id, FAILED, error.message.replace(f"{self._served.folder}{os.sep}", ""))
        except Exception as error:
            logs.trouble("job failed", project=self._served.id, job=job.id, fault=type(error).__name__)
            self._jobs.finish(job.id, FAILED, f"a fault of the server: {type(error).__name__}")
        logs.event("job ends", project=self._served.id, job=job.id)

    def _goes_on(self, job: Job) -> Callable[[str, int, int | None], None]:
        def progress(stage: str, done: int, total: int | None) -> None:
            if not self._jobs.progress(job.id, done, job.total or total or 0) or self.stopping:
                raise _Ended

        return progress


def _tag(project: Project, job: Job, files: Files, progress: Callable[[str, int, int | None], None]) -> dict[str, Any]:
    """Suggestions for every document into a file, continued where it was cut off, if the project is still the same."""
    k, least = int(job.options["k"]), float(job.options["min_confidence"])
    corpus = open_corpus([files.documents])
    try:
        report = project.tag(corpus, files.result, k=k, min_confidence=least, progress=progress)
    except OutputError:  # the project has changed since: the rows are those of another model
        report = project.tag(corpus, files.result, k=k, min_confidence=least, progress=progress, overwrite=True)
    said = {"documents": report.documents, "failed": report.failed, "problems": report.problems.summary()}
    return {**said, "moved": report.moved}


def _evaluate(
    project: Project, job: Job, files: Files, progress: Callable[[str, int, int | None], None]
) -> dict[str, Any]:
    """How good suggestions for the documents' known tags are."""
    report, saved = project.evaluate(files.documents, k=int(job.options["k"]), why=True, progress=progress)
    temporary = files.report.with_suffix(".partial")
    temporary.write_text(report.to_json(), encoding="utf-8")
    temporary.replace(files.report)
    said = report.as_dict()
    kept = Runs(project.folder).keep(report, saved, made=datetime.now()).id if said["documents"] else ""
    return {"documents": said["documents"], "measures": said["metrics"], "evaluation": kept}


_WORK = {TAG: _tag, EVALUATE: _evaluate}
