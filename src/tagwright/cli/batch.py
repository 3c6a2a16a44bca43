"""Tagging in shards, as the command line shows it: how far it is, how quickly it goes, what came of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import tagwright.cli.documents as documents
import tagwright.cli.show as show

if TYPE_CHECKING:
    from tagwright.corpus import Corpus
    from tagwright.project import Project
    from tagwright.scale.job import Executor, JobReport
    from tagwright.scale.standing import Standing

ExecutorName = Annotated[
    str | None,
    typer.Option("--executor", help="Do it in shards, by local or ray processes.", show_default=False),
]
Address = Annotated[
    str | None, typer.Option("--address", help="The Ray cluster: auto, or HOST:PORT.", show_default=False)
]
ShardSize = Annotated[int | None, typer.Option("--shard", min=1, help="Documents a shard (1024).", show_default=False)]


@dataclass(frozen=True)
class How:
    """The options of ``tag``, as far as shards are concerned; ``None`` = as the project's settings say."""

    k: int
    min_confidence: float
    overwrite: bool
    caps: dict[str, float] | None
    overrides: tuple[str, ...]
    executor: str | None
    workers: int | None
    address: str | None
    shard: int | None


def is_folder(out: Path) -> bool:
    """Whether the result is to be a folder: there is one, or the name has no ending."""
    return out.is_dir() or not out.suffix


def tag(project: Project, corpus: Corpus, out: Path, how: How, as_json: bool) -> None:
    """Tags the corpus in shards, and says what came of it; leaves with 1 where a shard had to be set aside."""
    import tagwright.scale.job as job
    from tagwright.project.serving import ScaleOptions
    from tagwright.project.tagging import Options

    said = ScaleOptions(**project.settings.options("scale"))
    executor = executor_of(said, how.executor, how.workers, how.address)
    options = Options(how.k, how.min_confidence, 1)
    size = how.shard or said.shard
    wanted = job.Wanted(options, executor, size, how.caps, how.overrides, how.overwrite)
    with progress() as tell:
        report = job.begin(project, corpus, out, wanted, tell)
    tell_report(report, out, as_json, calibrated=project.calibrated)


def executor_of(said: Any, kind: str | None, workers: int | None, address: str | None) -> Executor:
    """The executor that the options name, else the one of ``said``, in which workers and address stand, too."""
    from tagwright.scale.job import Executor

    same = kind is None or kind == said.executor
    where = address if address is not None else said.address if same else ""
    return Executor(kind or said.executor, said.workers if workers is None else workers, where)


def tell_report(report: JobReport, out: Path, as_json: bool, *, calibrated: bool = True) -> None:
    """What a run did, in words or as JSON; leaves with 1 where shards were set aside."""
    if as_json:
        show.emit({**show.plain(report), "out": out})
    else:
        _tell(report, out)
        if not calibrated:
            show.note(documents.UNCALIBRATED)
    if report.set_aside:
        raise typer.Exit(1)


def _tell(report: JobReport, out: Path) -> None:
    at = report.standing
    if report.state == "finished already":
        show.say(f"{out} is finished already: {at.documents:,} documents (--overwrite begins anew)")
    elif report.state == "cancelled":
        show.say(f"cancelled: {at.done:,} of {at.documents:,} documents are done")
        show.note("the same command goes on with it, and so does tagwright jobs resume")
    else:
        before = f", {report.resumed:,} of them before" if report.resumed else ""
        show.say(f"{at.documents:,} documents tagged into {out}{before} · {at.failed:,} failed · {speed(at)}")
    if report.again:
        show.say(f"{report.again:,} shards were given out again after their worker had died")
    for line in spent(at):
        show.say(line)
    documents.tell_problems(report.problems)
    documents.tell_moved(report.moved)
    for name in report.set_aside:
        show.note(f"shard {name} was set aside: every worker died of it, and its documents say so")
    if report.set_aside:
        show.note(f"tagwright jobs resume {out} tries again")


def speed(at: Standing) -> str:
    """How quickly it goes or went."""
    return f"{at.rate:.3g} documents a second"


def spent(at: Standing) -> list[str]:
    """What the language model took, in words; nothing where it was not asked."""
    said = []
    if at.calls or at.refused:
        cost = f", {at.cost:.4f} in money" if at.cost else ""
        said.append(f"the language model took {at.calls:,} calls, {at.tokens:,} tokens{cost}")
    if at.refused:
        said.append(f"{at.refused:,} questions were not asked: the budget was spent")
    if at.degraded:
        said.append(f"{at.degraded:,} documents had to do without the language model; their rows have a 'note'")
    return said


@contextmanager
def progress() -> Iterator[Callable[[Standing], None] | None]:
    """A function that shows a job's standing as a bar on standard error; ``None`` where that is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    shape = (TextColumn("tagging"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*shape, console=show.console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=None)

        def tell(at: Standing) -> None:
            left = f" · {show.minutes(at.left)} left" if at.left is not None else ""
            cost = f" · {at.cost:.4f} in money" if at.cost else f" · {at.calls:,} calls" if at.calls else ""
            bars.update(task, completed=at.done, total=at.documents, description=f"{speed(at)}{left}{cost}")

        yield tell
