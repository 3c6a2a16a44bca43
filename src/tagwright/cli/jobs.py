"""``tagwright jobs``: long work, in shards in a folder or on a project's server; looked at, stopped, gone on with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import tagwright.cli.batch as batch
import tagwright.cli.show as show
from tagwright.cli.options import HERE, AsJson, ProjectFolder

if TYPE_CHECKING:
    from tagwright.scale.standing import Standing
    from tagwright.store.jobs import Job, Jobs

app = typer.Typer(help="List long work, tell how far it is, stop it, go on with it.", no_args_is_help=True)

Which = Annotated[
    str, typer.Argument(metavar="JOB", help="The folder or file that 'tag' writes, or the id of a server's job.")
]
Folders = Annotated[
    list[Path], typer.Argument(metavar="FOLDER", help="Where to look for jobs.", show_default="the current folder")
]
Workers = Annotated[int | None, typer.Option("--workers", min=1, help="So many workers.", show_default=False)]


@app.command(name="list")
def list_jobs(folders: Folders = [], project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """List the jobs in these folders and below them, and those that the project's server was asked for."""
    found = [(str(folder), _said(standing)) for folder, standing in _standings(folders or [HERE])]
    served = _served(project)
    found += [(job.id, _of_server(job)) for job in (served.all() if served is not None else [])]
    if as_json:
        show.emit([{"job": name, **said} for name, said in found])
        return
    if not found:
        show.say("there are no jobs: tagwright tag CORPUS -o FOLDER")
        return
    rows = [(name, said["state"], f"{said['done']:,}", f"{said['documents']:,}") for name, said in found]
    show.table(["job", "state", "done", "documents"], rows, right=[2, 3])


@app.command(name="show")
def show_job(job: Which, project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Tell how far a job is, how quickly it goes, what it took, and which shards were set aside."""
    import tagwright.scale.job as scale
    from tagwright.scale.ledger import POISONED
    from tagwright.scale.standing import Standing

    asked = _of(project, job)
    if asked is not None:
        said = _of_server(asked)
        show.emit(said) if as_json else show.table(["", ""], [(key, str(value)) for key, value in said.items()])
        return
    ledger, _ = scale.found(Path(job))
    at = Standing.of(ledger)
    assert at is not None
    aside = [(shard.name, shard.said) for shard in ledger.shards(POISONED)]
    if as_json:
        show.emit({**_said(at), "set_aside": [name for name, _ in aside]})
        return
    show.say(f"{at.state}: {at.done:,} of {at.documents:,}{'' if at.complete else ' or more'} documents")
    left = f" · {show.minutes(at.left)} left" if at.left is not None else ""
    show.say(f"{at.shards_done:,} of {at.shards:,} shards done, {at.running:,} under way · {batch.speed(at)}{left}")
    for line in [f"{at.failed:,} documents failed", *batch.spent(at), *([at.said] if at.said else [])]:
        show.say(line)
    for name, why in aside:
        show.say(f"set aside: {name} ({why})")


@app.command()
def resume(
    job: Which,
    executor: batch.ExecutorName = None,
    workers: Workers = None,
    address: batch.Address = None,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Go on with a job that was cut off, cancelled or failed, without reading its documents again.

    Shards that were set aside are tried anew. A server's job waits for the server.
    """
    import tagwright.scale.job as scale

    served = _served(project)
    if served is not None and _of(project, job) is not None:
        asked = served.resume(job)
        assert asked is not None
        show.emit(_of_server(asked)) if as_json else show.say(f"{job} is {asked.state}")
        return
    _, row = scale.found(Path(job))
    said = scale.Executor(**row.executor)
    wanted = scale.Executor(
        executor or said.kind, said.workers if workers is None else workers,
        address if address is not None else said.address if executor in (None, said.kind) else "",
    )  # fmt: skip
    with batch.progress() as tell:
        report = scale.resume(Path(job), wanted, tell)
    batch.tell_report(report, Path(job), as_json)


@app.command()
def cancel(job: Which, project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Stop a job: what is under way is finished, and what is done stays, for 'resume'."""
    import tagwright.scale.job as scale

    served = _served(project)
    if served is not None and _of(project, job) is not None:
        asked = served.cancel(job)
        assert asked is not None
        said = {"state": asked.state, "cancelled": asked.cancelled}
    else:
        row = scale.cancel(Path(job))
        said = {"state": row.state, "cancelled": row.cancelled}
    if as_json:
        show.emit({"job": job, **said})
        return
    ends = said["cancelled"] and said["state"] == "running"
    show.say(f"{job} ends as soon as what is under way is done" if ends else f"{job} is {said['state']}")


def _standings(folders: list[Path]) -> list[tuple[Path, Standing]]:
    """The jobs in these folders, and one level below, by their names."""
    from tagwright.scale.ledger import Ledger
    from tagwright.scale.order import LEDGER_FILE
    from tagwright.scale.standing import Standing

    found = []
    for folder in folders:
        for path in [folder / LEDGER_FILE, *sorted(folder.glob(f"*/{LEDGER_FILE}"))]:
            standing = Standing.of(Ledger(path)) if path.exists() else None
            if standing is not None:
                found.append((path.parent, standing))
    return found


def _served(project: Path) -> Jobs | None:
    """The jobs that the project's server was asked for; ``None`` where there is no project."""
    from tagwright.errors import ProjectError
    from tagwright.project import Project

    try:
        return Project.open(project).store.jobs
    except ProjectError:
        if project != HERE:
            raise
        return None


def _of(project: Path, id: str) -> Job | None:
    served = None if Path(id).exists() else _served(project)
    return None if served is None else served.find(id)


def _said(at: Standing) -> dict[str, Any]:
    plain: dict[str, Any] = show.plain(at)
    return plain


def _of_server(job: Job) -> dict[str, Any]:
    return {
        "kind": job.kind, "state": job.state, "done": job.done, "documents": job.total, "person": job.person,
        "asked": datetime.fromtimestamp(job.time, UTC).isoformat(timespec="seconds"), "said": job.said,
    }  # fmt: skip
