"""``tagwright enrich samples``: documents for rare tags, written by the language model, to be trained with or not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import tagwright.cli.documents as documents
import tagwright.cli.show as show
from tagwright.cli.options import (
    HERE,
    AsJson,
    Columns,
    Kind,
    Language,
    MaxCalls,
    MaxCost,
    MaxTokens,
    Overrides,
    ProjectFolder,
    Separator,
    TagPrefixes,
    caps,
)

if TYPE_CHECKING:
    from tagwright.enrichment.samples import Report
    from tagwright.project import Project
    from tagwright.types import Document

Tags = Annotated[
    list[str],
    typer.Option("--tag", metavar="ID", help="Only for this tag (may be repeated).", show_default=False),
]
Measured = Annotated[
    list[str],
    typer.Option(
        "--dev", "--test", metavar="CORPUS", help="Documents you measure on: no sample may repeat one of them (may be "
        "repeated).", show_default=False,
    ),
]  # fmt: skip
DryRun = Annotated[bool, typer.Option("--dry-run", help="Ask nothing and write nothing; show what it would take.")]


def samples(
    tags: Tags = [],
    measured: Measured = [],
    dry_run: DryRun = False,
    max_calls: MaxCalls = None,
    max_tokens: MaxTokens = None,
    max_cost: MaxCost = None,
    kind: Kind = None,
    columns: Columns = [],
    separator: Separator = None,
    tag_prefixes: TagPrefixes = [],
    language: Language = None,
    overrides: Overrides = [],
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Have documents written for tags that few documents carry, into samples.jsonl; the same command goes on.

    They change nothing before 'tagwright train --samples'. What is rare, how many are written and how they are
    verified stands in the settings (enrichment.…).

    Example: tagwright enrich samples --dev dev.jsonl --test test.jsonl --dry-run
    """
    from tagwright.project import Project
    from tagwright.project.sampling import Sampling

    opened = Project.open(project, overrides=overrides)
    reading = documents.Reading(kind, columns, separator, tag_prefixes, language)
    given = _measured(opened, reading, measured)
    sampling = Sampling(opened, given, tags, caps(max_calls, max_tokens, max_cost))
    if dry_run:
        report = sampling.dry()
    else:
        with show.progress() as progress:
            report = sampling.write(progress)
    if not measured:
        show.note("no dev or test documents were named (--dev, --test), so no sample was held against them")
    _tell(opened, report, as_json=as_json)


def _measured(opened: Project, reading: documents.Reading, sources: list[str]) -> list[Document]:
    """The documents that something is measured on."""
    if not sources:
        return []
    return list(reading.open(sources, opened.vocabulary, keep_unknown_tags=True))


def _tell(opened: Project, report: Report, *, as_json: bool) -> None:
    from tagwright.enrichment.sampled import FILE

    path: Path = opened.folder / FILE
    if as_json:
        show.emit({**report.to_json(), "file": path})
        return
    for line in report.lines:
        show.say(line)
    if report.dry:
        return
    if report.kept or report.there:
        show.say(f"{path} holds them: look at them; tagwright train --samples lets the channels learn from them")
