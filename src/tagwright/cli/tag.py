"""``tagwright tag``: suggestions for every document of a corpus, into a file, resumable."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tagwright.cli import documents, show
from tagwright.cli.options import (
    HERE,
    AsJson,
    Columns,
    HowMany,
    Kind,
    Language,
    Overrides,
    ProjectFolder,
    Separator,
    Sources,
    TagPrefixes,
)

Out = Annotated[Path, typer.Option("-o", metavar="OUT", help="The result: .jsonl, .jsonl.gz or .parquet.")]
MinConfidence = Annotated[
    float, typer.Option("--min-confidence", min=0.0, max=1.0, help="Leave out what is less likely than this.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace whatever OUT holds.")]
Workers = Annotated[int, typer.Option("--workers", min=1, max=256, help="Threads.")]


def tag(
    corpus: Sources,
    out: Out,
    k: HowMany = 10,
    min_confidence: MinConfidence = 0.0,
    overwrite: Overwrite = False,
    workers: Workers = 1,
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

    Example: tagwright tag new.jsonl -o tagged.jsonl --min-confidence 0.5
    """
    from tagwright.project import Project

    opened = Project.open(project, overrides=overrides)
    read = documents.Reading(kind, columns, separator, tag_prefixes, language).open(corpus, opened.vocabulary)
    with show.progress() as progress:
        report = opened.tag(
            read, out, k=k, min_confidence=min_confidence, overwrite=overwrite, workers=workers, progress=progress
        )
    if as_json:
        show.emit({**show.plain(report), "out": out, "calibrated": opened.calibrated})
        return
    if report.state == "finished already":
        show.say(f"{out} is finished already: {report.documents:,} documents (--overwrite begins anew)")
        return
    resumed = f", {report.resumed:,} of them before" if report.resumed else ""
    show.say(f"{report.documents:,} documents tagged into {out}{resumed} · {report.failed:,} failed")
    documents.tell_problems(report.problems)
    documents.tell_moved(report.moved)
    if not opened.calibrated:
        show.note(documents.UNCALIBRATED)
