"""``tagwright train``: learn from tagged documents."""

from __future__ import annotations

from typing import Annotated

import typer

from tagwright.cli import documents, show
from tagwright.cli.options import (
    HERE,
    AsJson,
    Columns,
    Kind,
    Language,
    Overrides,
    ProjectFolder,
    Separator,
    TagPrefixes,
)


def train(
    corpus: Annotated[
        list[str],
        typer.Argument(
            metavar="CORPUS",
            help="Files, folders or patterns; none: the documents kept in the project and those added since.",
            show_default=False,
        ),
    ] = [],
    kind: Kind = None,
    columns: Columns = [],
    separator: Separator = None,
    tag_prefixes: TagPrefixes = [],
    language: Language = None,
    overrides: Overrides = [],
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Train anew on exactly these documents, and keep them in the project.

    Example: tagwright train catalogue.csv --column text=abstract --column tags=subjects
    """
    from tagwright.project import Project

    opened = Project.open(project, overrides=overrides)
    read = None
    if corpus:
        reading = documents.Reading(kind, columns, separator, tag_prefixes, language)
        read = reading.open(corpus, opened.vocabulary, for_training=True)
    with show.progress() as progress:
        report = opened.train(read, progress=progress)
    problems = read.problems if read else None
    if as_json:
        show.emit({**report.to_json(), "problems": None if problems is None else problems.as_dict()})
        return
    for line in report.lines:
        show.say(line)
    documents.tell_problems(problems)
