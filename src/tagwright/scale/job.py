"""A corpus tagged in shards: begun, gone on with after any crash, finished with a manifest or one merged file."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

import tagwright.corpus.disk as disk
import tagwright.registry as registry
import tagwright.scale.merge as merging
import tagwright.scale.prepare as prepare
import tagwright.scale.shards as shards
from tagwright.corpus.base import Corpus, Problems
from tagwright.corpus.export import ENDINGS, ending_of
from tagwright.errors import ConfigError, JobError, OutputError, TagwrightError
from tagwright.project import Project
from tagwright.project.tagging import Options
from tagwright.scale.dispatch import Dispatch
from tagwright.scale.ledger import DONE, POISONED, RUNNING, JobRow, Ledger
from tagwright.scale.order import INPUT, LEDGER_FILE, MANIFEST, Crew, Order
from tagwright.scale.purse import LedgerPurse
from tagwright.scale.standing import STOPPED, Standing

CANCELLED, FAILED = "cancelled", "failed"
BESIDE = ".job"
"""What the folder of a job is called whose parts become one file: that file's name, and this."""
Tell = Callable[[Standing], None]


@dataclass(frozen=True)
class Executor:
    """Who does the shards: the ``kind`` of crew, so many ``workers`` (0 = as many as there are cores), and where."""

    kind: str = "local"
    workers: int = 0
    address: str = ""

    def crew(self) -> Crew:
        """The crew, which has not begun; raises `ConfigError` for an unknown kind or one that has no address."""
        given = {"workers": self.workers, **({"address": self.address} if self.address else {})}
        made: Crew = registry.build("executor", self.kind, given)
        return made

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"kind": self.kind, "workers": self.workers, "address": self.address}


@dataclass(frozen=True)
class Wanted:
    """How a job is to be done: ``options`` of tagging, ``size`` documents a shard, by whom.

    ``caps`` of the language model {"calls", "tokens", "cost"}, ``None`` = it is not asked; ``overrides`` those that the
    project was opened with. What is in the way is replaced with ``overwrite``, if it is a job's.
    """

    options: Options
    executor: Executor = field(default_factory=Executor)
    size: int = 1024
    caps: Mapping[str, float] | None = None
    overrides: tuple[str, ...] = ()
    overwrite: bool = False

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ConfigError(f"a shard of {self.size} documents cannot be", hint="the smallest one has 1")


@dataclass(frozen=True)
class JobReport:
    """What a run did: the job's ``standing`` at its end, and what was met on the way.

    ``resumed`` documents were done before; ``again`` shards were given out again after their worker died; ``set_aside``
    names those that were given up. ``moved`` and ``problems`` as in `tagwright.project.reports.TagReport`.
    """

    state: str
    standing: Standing
    resumed: int = 0
    again: int = 0
    set_aside: tuple[str, ...] = ()
    problems: Problems = field(default_factory=Problems)
    moved: str = ""


def begin(project: Project, corpus: Corpus, out: Path, wanted: Wanted, tell: Tell | None = None) -> JobReport:
    """Tags the corpus in shards, or goes on where the same was cut off.

    ``out`` is the folder of the parts, or a file (.jsonl, .jsonl.gz, .parquet) that they become at the end. Raises
    `OutputError` where something else is there, `JobError` where another process is at it or a worker cannot go on.
    """
    merged = out.name.lower().endswith(ENDINGS) and not out.is_dir()
    folder = out.with_name(out.name + BESIDE) if merged else out
    if merged:
        ending_of(out)
    session = project.llm.session(wanted.caps) if wanted.caps is not None else None
    order = Order(
        str(folder.absolute()), str(project.folder.absolute()), project.fingerprint, wanted.options.k,
        wanted.options.min_confidence, wanted.overrides, session is not None, dict(wanted.caps or {}),
        session is not None and session.budget.capped,
    )  # fmt: skip
    identity = {"model": order.fingerprint, **wanted.options.identity(), "shard": wanted.size}
    identity |= {} if session is None else session.identity
    ledger = prepare.prepared(folder, identity, wanted.overwrite)
    if merged and out.exists() and not wanted.overwrite and ledger.job() is None:
        raise OutputError("there is another file", path=str(out), hint="name another file, or allow to overwrite it")
    with ledger.alone():
        ledger.put(
            identity=identity, orders=order.to_json(), executor=wanted.executor.to_json(),
            merged=str(out.absolute()) if merged else "",
        )  # fmt: skip
        prepare.mend(ledger, folder, retry=False)
        prepare.plan(ledger, corpus, folder, wanted.size)
        return _run(ledger, order, project, wanted.executor.crew(), corpus.problems, tell)


def resume(folder: Path, executor: Executor | None = None, tell: Tell | None = None) -> JobReport:
    """Goes on with the job in a folder; shards that were set aside are tried anew. The corpus is not read again.

    Raises `JobError` where there is no job, or its documents were not all read.
    """
    ledger, job = found(folder)
    if not job.complete:
        raise JobError(f"{folder}: not all documents were read", hint="run the same 'tagwright tag' again")
    folder = ledger.path.parent  # it may have been moved
    order = Order.from_json({**job.orders, "folder": str(folder.absolute())})
    with ledger.alone(), Project.open(order.project, overrides=order.overrides) as project:
        prepare.mend(ledger, folder, retry=True)
        crew = (executor or Executor(**job.executor)).crew()
        return _run(ledger, order, project, crew, Problems(), tell)


def cancel(folder: Path) -> JobRow:
    """The job, which gives out no more shards; those under way are finished. One that is done stays so."""
    ledger, job = found(folder)
    return job if job.state == DONE else ledger.put(cancelled=True)


def found(folder: Path) -> tuple[Ledger, JobRow]:
    """The ledger and the job in a folder, or beside a file that a job is to become; raises `JobError` for none."""
    beside = folder.with_name(folder.name + BESIDE)
    path = (folder if folder.is_dir() else beside) / LEDGER_FILE
    ledger = Ledger(path)
    job = ledger.job()
    if job is None:
        raise JobError(f"there is no job in {folder}", hint="'tagwright jobs list' tells where there are some")
    return ledger, job


def _finished(ledger: Ledger, folder: Path) -> bool:
    job = ledger.job()
    return job is not None and job.state == DONE and (folder / MANIFEST).exists()


def _run(
    ledger: Ledger, order: Order, project: Project, crew: Crew, problems: Problems, tell: Tell | None
) -> JobReport:
    folder, before = Path(order.folder), ledger.totals()
    resumed = int(before.get(f"documents {DONE}", 0))
    if _finished(ledger, folder) and ledger.next() is None:
        _merge(ledger, folder)
        return _report("finished already", ledger, resumed, problems)
    purse = LedgerPurse(ledger.database, project.llm.budget(order.caps)) if order.capped else None
    if purse is not None:
        purse.forfeit()  # what workers of a killed run held
    dispatch = Dispatch(ledger, order, crew, purse, project.calibrated)
    ledger.put(state=RUNNING, cancelled=False, said="", began=time.time(), ended=0.0)
    try:
        ended = dispatch.run(lambda: _tell(ledger, tell))
        if ended:
            merging.write_manifest(folder, ledger, ledger.put())
            _merge(ledger, folder)
            _tidy(ledger, folder)
    except BaseException as error:
        said = error.message if isinstance(error, TagwrightError) else type(error).__name__
        state = FAILED if isinstance(error, Exception) else STOPPED
        ledger.put(state=state, said=said, ended=time.time())
        raise
    ledger.put(state=DONE if ended else CANCELLED, ended=time.time())
    report = _report("finished" if ended else CANCELLED, ledger, resumed, problems)
    return replace(report, again=dispatch.lost, moved=_moved(project, dispatch.seen))


def _merge(ledger: Ledger, folder: Path) -> None:
    merged = ledger.put().merged
    if merged:
        merging.merge(folder, ledger, Path(merged))


def _tidy(ledger: Ledger, folder: Path) -> None:
    """Input parts are of no more use where their shard is done."""
    for shard in ledger.shards(DONE):
        disk.remove(shards.path_of(folder / INPUT, shard.name))


def _tell(ledger: Ledger, tell: Tell | None) -> None:
    standing = Standing.of(ledger, alive=True) if tell is not None else None
    if tell is not None and standing is not None:
        tell(standing)


def _report(state: str, ledger: Ledger, resumed: int, problems: Problems) -> JobReport:
    standing = Standing.of(ledger, alive=False)
    assert standing is not None
    names = tuple(shard.name for shard in ledger.shards(POISONED))
    return JobReport(state, standing, resumed, 0, names, problems)


def _moved(project: Project, seen: list[tuple[float, float]]) -> str:
    rule = project.rule
    reference = rule.reference if rule is not None else project.tagger.reference
    return "" if reference is None else reference.moved(np.array(seen, dtype=np.float64).reshape(-1, 2))
