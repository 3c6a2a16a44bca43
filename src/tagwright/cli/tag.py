"""``tagwright tag``: suggestions for every document of a corpus, into a file or in shards, resumable."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import tagwright.cli.batch as batch
import tagwright.cli.documents as documents
import tagwright.cli.show as show
from tagwright.cli.options import (
    HERE,
    AsJson,
    Columns,
    HowMany,
    Kind,
    Language,
    MaxCalls,
    MaxCost,
    MaxTokens,
    Overrides,
    ProjectFolder,
    Separator,
    Sources,
    TagPrefixes,
    WithLlm,
    caps,
)

if TYPE_CHECKING:
    from tagwright.corpus import Corpus
    from tagwright.project import Project
    from tagwright.project.llm import Session
    from tagwright.project.reports import TagReport

Out = Annotated[Path, typer.Option("-o", metavar="OUT", help="The result: .jsonl, .jsonl.gz, .parquet, or a folder.")]
MinConfidence = Annotated[
    float, typer.Option("--min-confidence", min=0.0, max=1.0, help="Leave out what is less likely than this.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace whatever OUT holds.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="With --llm: ask nothing and write nothing, show what it would take, about.")
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers", min=1, max=4096, help="Threads; with an executor its processes, one for each core by default.",
        show_default=False,
    ),
]  # fmt: skip


def tag(
    corpus: Sources,
    out: Out,
    k: HowMany = 10,
    min_confidence: MinConfidence = 0.0,
    overwrite: Overwrite = False,
    workers: Workers = None,
    executor: batch.ExecutorName = None,
    address: batch.Address = None,
    shard: batch.ShardSize = None,
    llm: WithLlm = False,
    max_calls: MaxCalls = None,
    max_tokens: MaxTokens = None,
    max_cost: MaxCost = None,
    dry_run: DryRun = False,
    kind: Kind = None,
    columns: Columns = [],
    separator: Separator = None,
    tag_prefixes: TagPrefixes = [],
    language: Language = None,
    overrides: Overrides = [],
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Tag every document of a corpus, in its order; the same command continues what was cut off.

    With --executor, or into a folder, several processes do it in shards. Example:
    tagwright tag new.jsonl -o tagged.jsonl --min-confidence 0.5
    """
    from tagwright.project import Project

    opened = Project.open(project, overrides=overrides)
    read = documents.Reading(kind, columns, separator, tag_prefixes, language).open(corpus, opened.vocabulary)
    given = caps(max_calls, max_tokens, max_cost) if llm else None
    how = batch.How(k, min_confidence, overwrite, given, tuple(overrides), executor, workers, address, shard)
    if dry_run:
        return _dry_run(opened, read, given, as_json)
    do = batch.tag if executor or batch.is_folder(out) else _into_file
    do(opened, read, out, how, as_json)


def _into_file(opened: Project, corpus: Corpus, out: Path, how: batch.How, as_json: bool) -> None:
    """Tags into one file, with threads of this process."""
    session = opened.llm.session(how.caps) if how.caps is not None else None
    with show.progress() as bar:
        report = opened.tag(
            corpus, out, k=how.k, min_confidence=how.min_confidence, overwrite=how.overwrite,
            workers=how.workers or 1, llm=session, progress=bar,
        )  # fmt: skip
    _tell(opened, report, out, session, as_json)


def _tell(opened: Project, report: TagReport, out: Path, session: Session | None, as_json: bool) -> None:
    """What was done, in words or as JSON."""
    if as_json:
        used = {} if session is None else {"llm": session.to_json()}
        show.emit({**show.plain(report), "out": out, "calibrated": opened.calibrated, **used})
        return
    if report.state == "finished already":
        show.say(f"{out} is finished already: {report.documents:,} documents (--overwrite begins anew)")
        return
    resumed = f", {report.resumed:,} of them before" if report.resumed else ""
    show.say(f"{report.documents:,} documents tagged into {out}{resumed} · {report.failed:,} failed")
    documents.tell_problems(report.problems)
    documents.tell_moved(report.moved)
    if report.degraded:
        show.note(f"{report.degraded:,} documents had to do without the language model; their rows have a 'note'")
    for line in session.lines() if session is not None else ():
        show.say(line)
    if not opened.calibrated:
        show.note(documents.UNCALIBRATED)


def _dry_run(opened: Project, corpus: Corpus, given: dict[str, float] | None, as_json: bool) -> None:
    """What the language model would be asked about these documents."""
    if given is None:
        raise typer.BadParameter("--dry-run tells what --llm would take")
    session, number = opened.llm.session(given, dry=True), 0
    with show.progress() as progress:
        for batch in corpus.batches(64):
            opened.suggest(batch, llm=session)
            number += len(batch)
            if progress is not None:
                progress("documents", number, None)
    if as_json:
        show.emit({"documents": number, "llm": session.to_json()})
        return
    show.say(f"{number:,} documents")
    for line in session.lines():
        show.say(line)
